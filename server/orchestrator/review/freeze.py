"""The judge that a change can't weaken: tests and configuration of checks as the base has them."""

from __future__ import annotations

import builtins
import json
import keyword
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from orchestrator.domain.finding import Finding
from orchestrator.domain.receipt import Check
from orchestrator.ports.workspace import Worktree
from orchestrator.review.base import Base, defined_names, words_of
from orchestrator.review.checks import gate_name
from orchestrator.review.files import PathError, read_regular, replaced
from orchestrator.review.kinds import is_check_config, is_test, plantable_language
from orchestrator.review.pytest_results import file_of
from orchestrator.review.run import CommandRunner, Run
from orchestrator.review.verdicts import BaseRun

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_RESERVED = frozenset({*keyword.kwlist, *dir(builtins), "true", "false", "null", "undefined", "expect", "assertEqual"})
"""Words that mean the same in every project: putting one for another is no rename."""
_PYPROJECT_TOOLS = ("pytest", "coverage", "tox", "nox")
_PACKAGE_KEYS = ("scripts", "jest", "vitest", "mocha", "ava", "nyc", "c8")
_USERS = {
    "package.json": re.compile(r"\b(npm|npx|yarn|pnpm|bun|jest|vitest|mocha)\b"),
    "Makefile": re.compile(r"\bmake\b"),
    "makefile": re.compile(r"\bmake\b"),
    "GNUmakefile": re.compile(r"\bmake\b"),
    "noxfile.py": re.compile(r"\bnox\b"),
    "tox.ini": re.compile(r"\b(tox|pytest|py\.test)\b"),
}


@dataclass(frozen=True, slots=True)
class BaseForm:
    """What has to be put back (None: the base has no such file) for a check to judge as on the base.

    `excused` are changed tests that stay as they are: they were moved, or follow a rename in the code. `too_much` are
    changed ones whose base form was too much to keep.
    """

    put_back: dict[str, bytes | None]
    excused: frozenset[str]
    too_much: tuple[str, ...]


def base_form(check: Check, base: Base, root: str, paths: Sequence[str]) -> BaseForm:
    """Which of the changed paths are judges of this check, and their base form."""
    put_back: dict[str, bytes | None] = {}
    excused: set[str] = set()
    code = _Renames(base, root, paths)
    added = {read_regular(root, path) for path in paths if path not in base.paths} - {None}
    for path in paths:
        old, new = base.kept.get(path), read_regular(root, path)
        if old == new or not _concerns(check, path):
            continue
        if old is None:
            if path not in base.paths and is_check_config(path) and not _is_manifest(path):
                put_back[path] = None
        elif is_check_config(path):
            wanted = _config_form(path, old, new)
            if wanted != new:
                put_back[path] = wanted
        elif (new is None and old in added) or (new is not None and code.explains(old, new)):
            excused.add(path)
        else:
            put_back[path] = old
    return BaseForm(put_back, frozenset(excused), tuple(sorted(base.too_much.intersection(paths))))


async def base_form_problem(
    check: Check, worktree: Worktree, form: BaseForm, base: BaseRun, runner: CommandRunner
) -> Finding | None:
    """Run a check that is clean with the base form in place; a finding when that fails, twice. Restores every byte."""
    named = ", ".join(sorted(form.put_back)[:5])
    lost: str | None = None
    try:
        async with replaced(worktree.path, form.put_back):
            for _ in range(2):
                run = await runner.run(check.command, worktree, check.timeout_s)
                lost = _lost(run, form, base)
                if lost is None:
                    return None
    except PathError as error:
        lost = f"the base form can't be put back: {error}"
    return Finding(
        gate=gate_name(check),
        rule="weakened-check",
        path=next((path for path in sorted(form.put_back) if is_test(path)), min(form.put_back)),
        message=f"tests were changed and the base form fails ({named}): {lost}",
        text=check.command[:200],
    )


def _lost(run: Run, form: BaseForm, base: BaseRun) -> str | None:
    """What no longer holds with the base form in place; None when all does."""
    if run.problem:
        return run.problem
    if base.passed and run.results is not None:
        expected = {test for test in base.passed if file_of(test) not in form.excused}
        lost = sorted(expected - run.results.passed)
        return f"passed on the base, and no longer: {', '.join(lost[:10])}\n{run.output_tail}" if lost else None
    return None if run.is_green else f"it {run.describe_end()}:\n{run.output_tail}"


def _concerns(check: Check, path: str) -> bool:
    """Whether a check can be steered by a file."""
    name = PurePosixPath(path).name
    user = _USERS.get(name)
    if user is not None:
        return bool(user.search(check.command))
    return is_test(path) or is_check_config(path)


def _is_manifest(path: str) -> bool:
    """Files that a change may well add, and that do more than configure checks."""
    return PurePosixPath(path).name in {"pyproject.toml", "package.json", "setup.cfg", "Makefile", "makefile"}


def _config_form(path: str, old: bytes, new: bytes | None) -> bytes | None:
    """What to put in place of a changed configuration: the base's word on checks, the change's on all else."""
    name = PurePosixPath(path).name
    if new is None:
        return old
    if name == "pyproject.toml":
        return new if _tools(old) == _tools(new) else old
    if name == "package.json":
        return _package_form(old, new)
    return old


def _tools(content: bytes) -> object:
    try:
        tools = cast("dict[str, object]", tomllib.loads(content.decode()).get("tool", {}))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return content
    return {key: tools.get(key) for key in _PYPROJECT_TOOLS}


def _package_form(old: bytes, new: bytes) -> bytes:
    try:
        before, after = json.loads(old), json.loads(new)
        if all(before.get(key) == after.get(key) for key in _PACKAGE_KEYS):
            return new
    except (ValueError, AttributeError, RecursionError):
        return old
    mixed = {key: value for key, value in after.items() if key not in _PACKAGE_KEYS}
    mixed |= {key: before[key] for key in _PACKAGE_KEYS if key in before}
    return json.dumps(mixed, indent=2).encode()


class _Renames:
    """Tells a test that follows a rename in the code from one that was weakened.

    A rename puts one identifier for another everywhere and changes nothing else. It is followed only when the base's
    code defined the old name, the changed code no longer mentions it, and defines the new one.
    """

    def __init__(self, base: Base, root: str, paths: Iterable[str]) -> None:
        self._base = base
        self._mentioned: set[str] = set()
        self._defined: set[str] = set()
        for path in paths:
            if plantable_language(path):
                content = read_regular(root, path)
                self._mentioned |= words_of(content or b"")
                self._defined |= defined_names(content or b"") | ({PurePosixPath(path).stem} if content else set())

    def explains(self, old: bytes, new: bytes) -> bool:
        """Whether the only difference is names that the code renamed too."""
        before = _TOKEN.findall(old.decode("utf-8", "replace"))
        after = _TOKEN.findall(new.decode("utf-8", "replace"))
        if len(before) != len(after):
            return False
        renamed: dict[str, str] = {}
        for was, now in zip(before, after, strict=True):
            if was != now and renamed.setdefault(was, now) != now:
                return False
        if any(was in after or not self._is_renamed(was, now) for was, now in renamed.items()):
            return False
        return len(set(renamed.values())) == len(renamed) and not set(renamed.values()) & set(before)

    def _is_renamed(self, was: str, now: str) -> bool:
        if not _IDENTIFIER.fullmatch(was) or not _IDENTIFIER.fullmatch(now):
            return False
        if {was, now} & _RESERVED:
            return False
        was_ours = was in self._base.defined or _is_stem(self._base, was)
        return was_ours and was not in self._mentioned and now in self._defined


def _is_stem(base: Base, word: str) -> bool:
    return any(Path(path).stem == word for path in base.paths)
