"""The judge that a change can't weaken: tests and configuration of checks as the base has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import PurePosixPath

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.domain.receipt import Check
from orchestrator.ports.workspace import Worktree
from orchestrator.review.base import Base
from orchestrator.review.checks import JUDGE_CHANGED, MAX_TEST_FINDINGS, gate_name
from orchestrator.review.files import PathError, read_regular, replaced
from orchestrator.review.forms import base_config, base_inline_tests, without_config
from orchestrator.review.kinds import has_inline_tests, is_check_config, is_runner, is_test
from orchestrator.review.lost import lost_tests
from orchestrator.review.pytest_results import file_of
from orchestrator.review.renames import Renames
from orchestrator.review.run import CommandRunner, Run
from orchestrator.review.verdicts import BaseRun

_USERS = {
    "package.json": re.compile(r"\b(npm|npx|yarn|pnpm|bun|jest|vitest|mocha)\b"),
    "Makefile": re.compile(r"\bmake\b"),
    "makefile": re.compile(r"\bmake\b"),
    "GNUmakefile": re.compile(r"\bmake\b"),
    "noxfile.py": re.compile(r"\bnox\b"),
    "tox.ini": re.compile(r"\b(tox|pytest|py\.test)\b"),
    "Cargo.toml": re.compile(r"\bcargo\b"),
}
_PATH_IN_TEXT = re.compile(r"[\w.@+-]+(?:/[\w.@+-]+)*")
_NAMED_DEPTH = 4


@dataclass(frozen=True, slots=True)
class BaseForm:
    """What has to be put back (None: the base has no such file) for a check to judge as on the base.

    `changed` are the paths of judges that the base has too or that configure checks; what else is put back are new
    tests, which could change how the old ones run. `excused` are changed tests that stay as they are, because they
    follow a rename in the code. `too_much` are changed ones whose base form was too much to keep. `runners` are the
    scripts by which the check runs.
    """

    put_back: dict[str, bytes | None]
    changed: tuple[str, ...]
    excused: frozenset[str]
    too_much: tuple[str, ...]
    runners: frozenset[str]


def base_form(
    check: Check, base: Base, root: str, paths: Sequence[str], approved: AbstractSet[str] = frozenset()
) -> BaseForm:
    """Which of the changed paths are judges of this check, and their base form. `approved` ones stay as they are."""
    put_back: dict[str, bytes | None] = {}
    excused: set[str] = set()
    added: dict[str, bytes | None] = {}
    code = Renames(base, root, paths)
    texts = _texts(check, base)
    runners = _named(texts, base)
    for path in paths:
        old, new = base.kept.get(path), read_regular(root, path)
        if old == new or path in approved or not _concerns(path, texts, runners, old or b""):
            continue
        if old is None:
            if path not in base.paths and new is not None:
                _add(path, new, put_back, added)
        elif is_test(path) and not is_check_config(path) and new is not None and code.explains(old, new):
            excused.add(path)
        else:
            wanted = _wanted(path, old, new)
            if wanted != new:
                put_back[path] = wanted
    too_much = tuple(sorted(path for path in paths if path not in approved and _is_unkept(path, base)))
    return BaseForm(put_back | added, tuple(put_back), frozenset(excused), too_much, runners)


def _add(path: str, new: bytes, put_back: dict[str, bytes | None], added: dict[str, bytes | None]) -> None:
    """A new file: configuration loses its word on checks, tests that can run code are taken away for a while."""
    if is_check_config(path):
        wanted = without_config(path, new)
        if wanted != new:
            put_back[path] = wanted
    elif is_test(path) and native.language_of(path) is not None:
        added[path] = None


def _is_unkept(path: str, base: Base) -> bool:
    """Whether a judge of the base was too large to keep, alone or with the others."""
    is_judge = is_test(path) or is_check_config(path)
    return path in base.too_much or (is_judge and path in base.paths and path not in base.kept)


def _wanted(path: str, old: bytes, new: bytes | None) -> bytes | None:
    if is_check_config(path):
        return base_config(path, old, new)
    if has_inline_tests(path, old) and not is_test(path):
        return base_inline_tests(old, new)
    return old


def _concerns(path: str, texts: Sequence[str], runners: AbstractSet[str], old: bytes) -> bool:
    """Whether a check can be steered by a file."""
    user = _USERS.get(PurePosixPath(path).name)
    if user is not None:
        return any(user.search(text) for text in texts)
    return is_test(path) or is_check_config(path) or path in runners or has_inline_tests(path, old)


def _texts(check: Check, base: Base) -> list[str]:
    """The command, and what it is known to run: scripts and files of targets that it names, a few levels deep."""
    texts = [check.command]
    seen: set[str] = set()
    for _ in range(_NAMED_DEPTH):
        more = _named(texts, base) - seen
        for name, user in _USERS.items():
            if name not in seen and name in base.kept and any(user.search(text) for text in texts):
                more |= {name}
        if not more:
            break
        seen |= more
        texts += [base.kept[path].decode("utf-8", "replace") for path in sorted(more) if path in base.kept]
    return texts


def _named(texts: Sequence[str], base: Base) -> frozenset[str]:
    """The scripts of the base that these texts name."""
    words = {word.removeprefix("./") for text in texts for word in _PATH_IN_TEXT.findall(text)}
    return frozenset(word for word in words if word in base.paths and is_runner(word))


async def base_form_problem(
    check: Check, worktree: Worktree, form: BaseForm, base: BaseRun, runner: CommandRunner
) -> tuple[Finding, ...]:
    """Run a check that is clean with the base form in place; findings when that fails, twice. Restores every byte."""
    lost: str | None = None
    try:
        async with replaced(worktree.path, form.put_back):
            for _ in range(2):
                run = await runner.run(check.command, worktree, check.timeout_s)
                lost = _lost(run, form, base)
                if lost is None:
                    return ()
    except PathError as error:
        lost = f"the base form can't be put back: {error}"
    return _findings(check, form, lost or "")


def _findings(check: Check, form: BaseForm, lost: str) -> tuple[Finding, ...]:
    """One finding for each judge that was changed, tests first; the first says what failed."""
    paths = sorted(form.changed or form.put_back, key=lambda path: (not is_test(path), path))[:MAX_TEST_FINDINGS]
    named = ", ".join(paths[:5])
    why = f"what judges was changed, and in its base form the check fails ({named}): {lost}"
    brief = "this belongs to what judges; in its base form the check fails. Restore it, or ask a person to approve it"
    return tuple(
        Finding(gate_name(check), JUDGE_CHANGED, path, brief if number else why, text=check.command[:200])
        for number, path in enumerate(paths)
    )


def too_large(check: Check, form: BaseForm) -> tuple[Finding, ...]:
    """A finding for each changed judge whose base form could not be kept."""
    message = "this belongs to what judges, and is too large for its base form to be kept; a person has to approve it"
    return tuple(
        Finding(gate_name(check), JUDGE_CHANGED, path, message, text=check.command[:200])
        for path in form.too_much[:MAX_TEST_FINDINGS]
    )


def _lost(run: Run, form: BaseForm, base: BaseRun) -> str | None:
    """What no longer holds with the base form in place; None when all does."""
    if run.problem:
        return run.problem
    if base.passed and run.results is not None:
        expected = frozenset(test for test in base.passed if file_of(test) not in form.excused)
        lost = sorted(lost_tests(expected, run.results) | (expected & run.results.failed.keys()))
        return f"passed on the base, and no longer: {', '.join(lost[:10])}\n{run.output_tail}" if lost else None
    if run.is_green and base.passed_count and (run.passed_count or 0) < base.passed_count:
        return f"{base.passed_count} tests passed on the base, and now {run.passed_count or 0}:\n{run.output_tail}"
    return None if run.is_green and not base.passed else f"it {run.describe_end()}:\n{run.output_tail}"


def summary(form: BaseForm) -> str:
    """What a report says of judges that were changed and hold in their base form too."""
    named = ", ".join(form.changed[:5])
    return f"changed, and clean in their base form too: {named}" if form.changed else ""
