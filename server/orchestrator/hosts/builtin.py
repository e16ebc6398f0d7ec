"""The builtin host: missions that rules can do, with no model, no key and no network."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from orchestrator.domain.words import FailureKind, Role
from orchestrator.hosts.builtin_missions import (
    ABILITIES,
    FixMission,
    RenameMission,
    ReplaceMission,
    RuleMission,
    read_mission,
)
from orchestrator.hosts.builtin_plan import plan, rows, unsupported
from orchestrator.hosts.conversation import Conversation, count_tokens
from orchestrator.ports.host import (
    Brief,
    Containment,
    HostError,
    Reply,
    Session,
    SessionSpec,
    Toolbox,
    ToolError,
)


class BuiltinHost:
    """Plans and works by rules. Everything a session knows is its brief and what its tools tell it."""

    @property
    def name(self) -> str:
        """The word that chooses this host."""
        return "builtin"

    @property
    def containment(self) -> Containment:
        """Contained: all it does goes through the toolbox."""
        return "contained"

    async def open(self, spec: SessionSpec, tools: Toolbox) -> Session:
        """A session that computes its answers."""
        return Conversation(spec.session_id, partial(_answer, tools))

    async def attach(self, spec: SessionSpec, tools: Toolbox, place: str) -> Session | None:  # noqa: ARG002 - the port's
        """None: a session ends with the server that it runs in."""
        return None


async def _answer(tools: Toolbox, brief: Brief) -> Reply:
    if brief.role is Role.FIXER:
        raise _needs_judgement(brief)
    mission = read_mission(brief.mission_text)
    if mission is None or brief.role not in {Role.PLANNER, Role.WORKER}:
        raise unsupported(
            "the builtin host has no model and can't do this mission",
            f"it can: {'; '.join(ABILITIES)}. For other missions choose a host: --host scripted:FILE plays a script",
        )
    try:
        answer = await (plan(mission, tools) if brief.role is Role.PLANNER else _work(mission, tools, brief))
    except ToolError as error:
        # The rules would do the same again: trying once more is no cure.
        hint = error.hint or "check the pattern, the names, the language and the path in the mission"
        raise unsupported(error.message, hint) from error
    return Reply(answer, count_tokens(brief.text), count_tokens(answer))


async def _work(mission: RuleMission, tools: Toolbox, brief: Brief) -> str:
    """Do the mission in the files of this task, and say what was done."""
    if brief.task is None:
        raise unsupported("a worker without a task has nothing to write", "give the session a task")
    paths = list(brief.task.write_set)
    match mission:
        case FixMission():
            result = await tools.call("fix_findings", {"paths": paths})
            left = result.get("left_count")
            tail = f"; {left} safe fixes are left because they undo each other" if left else ""
            return f"Fixed {_count(result, 'fixed_count', 'finding')} in {_files(result)}{tail}."
        case ReplaceMission():
            arguments = {"pattern": mission.pattern, "rewrite": mission.rewrite, "language": mission.language}
            result = await tools.call("ast_rewrite", {**arguments, "paths": paths})
            return f"Replaced {_count(result, 'replacement_count', 'place')} in {_files(result)}."
        case RenameMission():
            result = await tools.call("rename_identifier", {"old": mission.old, "new": mission.new, "paths": paths})
            return f"Renamed {_count(result, 'occurrence_count', 'occurrence')} in {_files(result)}."


def _count(result: Mapping[str, object], name: str, what: str) -> str:
    number = result.get(name)
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _files(result: Mapping[str, object]) -> str:
    return _count({"files": len(rows(result, "files"))}, "files", "file")


def _needs_judgement(brief: Brief) -> HostError:
    shown = "; ".join(finding.headline() for finding in brief.findings[:3]) or "no finding was named"
    more = len(brief.findings) - 3
    tail = f"; and {more} more" if more > 0 else ""
    return HostError(
        FailureKind.UNSUPPORTED,
        f"the builtin host can't mend by judgement: {shown}{tail}",
        hint="mend it by hand, leave these files out of the mission, or choose a host with a model",
    )
