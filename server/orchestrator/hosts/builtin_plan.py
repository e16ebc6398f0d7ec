"""Planning without a model: the tools find the files, each becomes a task."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import TypeAdapter

from orchestrator.domain.plan import MAX_TASKS
from orchestrator.domain.words import FailureKind
from orchestrator.hosts.builtin_missions import FixMission, RenameMission, ReplaceMission, RuleMission
from orchestrator.hosts.builtin_names import is_identifier, reserved_in
from orchestrator.ports.host import HostError, Toolbox

Row = dict[str, object]
_ROWS = TypeAdapter(list[Row])


async def plan(mission: RuleMission, tools: Toolbox) -> str:
    """The plan as JSON text. Raises HostError UNSUPPORTED when there is nothing to do, ToolError from the tools."""
    match mission:
        case FixMission():
            tasks = await _plan_fixes(mission, tools)
        case ReplaceMission():
            tasks = await _plan_replacements(mission, tools)
        case RenameMission():
            tasks = [await _plan_rename(mission, tools)]
    if len(tasks) > MAX_TASKS:
        raise unsupported(f"{len(tasks)} files are too many for one mission", "name a folder in the mission")
    return json.dumps({"tasks": tasks}, indent=1, ensure_ascii=False)


async def _plan_fixes(mission: FixMission, tools: Toolbox) -> list[Row]:
    report = await tools.call("lint", {"max_findings": 0, **_places(mission.path)})
    total = _number(report, "finding_count")
    files = [row for row in rows(report, "files") if _number(row, "fixable")]
    if not files:
        shown = f" {mission.path}" if mission.path else ""
        if not total:
            raise unsupported("the guardian has no finding here", f"orchestrator lint{shown} shows what was checked")
        raise unsupported(
            f"no finding can be fixed safely; {'1 finding needs' if total == 1 else f'{total} findings need'} "
            "a person or a model host",
            f"orchestrator lint{shown} shows them",
        )
    names = _TaskNames("fix")
    return [
        {
            "id": names.of(text(row, "path")),
            "title": f"Fix style findings in {text(row, 'path')}",
            "why": f"{_number(row, 'fixable')} findings there have a safe fix",
            "write_set": [text(row, "path")],
            "instructions": "Apply the safe fixes.",
            "acceptance": ["no finding with a safe fix is left in the file"],
        }
        for row in files
    ]


async def _plan_replacements(mission: ReplaceMission, tools: Toolbox) -> list[Row]:
    arguments: Row = {"pattern": mission.pattern, "language": mission.language, "max_matches": 0}
    report = await tools.call("ast_search", {**arguments, **_places(mission.path)})
    files = rows(report, "files")
    if not files:
        reason = f"nothing matches {mission.pattern!r} in {_number(report, 'checked_count')} {mission.language} files"
        raise unsupported(reason, "patterns are ast-grep patterns: foo($A) matches a call with one argument")
    if not report.get("is_complete"):
        raise unsupported(f"{mission.pattern!r} has too many matches for one mission", "name a folder in the mission")
    names = _TaskNames("replace")
    return [
        {
            "id": names.of(text(row, "path")),
            "title": f"Replace {mission.pattern} in {text(row, 'path')}"[:200],
            "why": f"{_number(row, 'count')} places match",
            "write_set": [text(row, "path")],
            "instructions": f"Replace {mission.pattern} with {mission.rewrite} in {mission.language}.",
            "acceptance": ["every match is replaced and the file still parses"],
        }
        for row in files
    ]


async def _plan_rename(mission: RenameMission, tools: Toolbox) -> Row:
    for name in (mission.old, mission.new):
        if not is_identifier(name):
            raise unsupported(f"{name!r} is no valid identifier", "letters, digits and _, not starting with a digit")
    if mission.old == mission.new:
        raise unsupported(f"{mission.old!r} has that name already", "give another name")
    arguments: Row = {"name": mission.old, "new_name": mission.new, **_places(mission.path)}
    files = rows(await tools.call("find_identifier", arguments), "files")
    if not files:
        raise unsupported(f"no file has an identifier {mission.old!r}", "names are case-sensitive")
    if language := reserved_in(mission.new, (text(row, "language") for row in files)):
        raise unsupported(f"{mission.new!r} is a keyword or no identifier in {language}", "give another name")
    taken = [text(row, "path") for row in files if row.get("has_new_name")]
    if taken:
        raise unsupported(
            f"{mission.new!r} exists already in {_listed(taken)}: a rename would make two names one",
            "give another name, or rename the other one first",
        )
    paths = [text(row, "path") for row in files]
    count = sum(_number(row, "count") for row in files)
    return {
        "id": _TaskNames("rename").of(f"{mission.old}-{mission.new}"),
        "title": f"Rename {mission.old} to {mission.new}"[:200],
        "why": f"{count} occurrences in {len(paths)} files change together or not at all",
        "write_set": paths,
        "instructions": f"Rename the identifier {mission.old} to {mission.new}.",
        "acceptance": [f"no identifier {mission.old} is left in these files"],
        "size": "small" if len(paths) < 20 else "medium",
    }


class _TaskNames:
    """Ids made from paths: readable, valid and different from each other."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._used: set[str] = set()

    def of(self, path: str) -> str:
        words = re.sub(r"[^a-z0-9._-]+", "-", path.lower()).strip("-.") or "file"
        name = f"{self._prefix}-{words[-48:].strip('-.')}"
        number = 1
        unique = name
        while unique in self._used:
            number += 1
            unique = f"{name}-{number}"
        self._used.add(unique)
        return unique


def unsupported(message: str, hint: str) -> HostError:
    """The error for what this host can't or need not do."""
    return HostError(FailureKind.UNSUPPORTED, message, hint=hint)


def rows(result: Mapping[str, object], name: str) -> list[Row]:
    """A list of objects in a tool's result."""
    return _ROWS.validate_python(result.get(name) or [])


def text(row: Mapping[str, object], name: str) -> str:
    """A string in a tool's result."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _number(row: Mapping[str, object], name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0


def _places(path: str) -> Row:
    return {"paths": [path]} if path else {}


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:5])
    return f"{shown} and {len(paths) - 5} more files" if len(paths) > 5 else shown
