"""Does a check notice when the code under test is broken: a syntax error is planted, and the check must turn red."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from orchestrator import native
from orchestrator.domain.receipt import Check
from orchestrator.domain.words import Sensitivity
from orchestrator.ports.workspace import Worktree
from orchestrator.review.check_cache import CheckCache
from orchestrator.review.files import PathError, read_regular, replaced
from orchestrator.review.kinds import plantable_language
from orchestrator.review.run import CommandRunner, Run
from orchestrator.review.sources import all_paths

MAX_CHANGED_FILES = 1_000
MAX_OTHER_FILES = 50
SLACK_S = 30.0
_PLANTED = b")(\n"


@dataclass(frozen=True, slots=True)
class Probe:
    """What planting an error showed; `detail` says why when it is not SENSITIVE."""

    sensitivity: Sensitivity
    detail: str = ""


def plantable(root: str, paths: Sequence[str], runners: AbstractSet[str] = frozenset()) -> dict[str, bytes]:
    """The files to break and their broken form: the changed code or, where that is none, code of the same languages.

    `runners` are left out: a check always notices when the script that runs it is broken.
    """
    chosen = _readable(root, [p for p in paths if plantable_language(p) and p not in runners], MAX_CHANGED_FILES)
    if not chosen:
        languages = {native.language_of(path) for path in paths} - {None}
        others = [path for path in all_paths(root) if plantable_language(path) and path not in runners]
        same = [path for path in others if plantable_language(path) in languages]
        chosen = _readable(root, same or others, MAX_OTHER_FILES)
    return {path: _broken(content) for path, content in chosen.items()}


def _readable(root: str, paths: Sequence[str], limit: int) -> dict[str, bytes]:
    chosen: dict[str, bytes] = {}
    for path in paths:
        content = read_regular(root, path)
        if content is not None and content.strip():
            chosen[path] = content
        if len(chosen) == limit:
            break
    return chosen


def _broken(content: bytes) -> bytes:
    """The file with an error on its first line, behind a `#!` line, which the kernel and not the language reads."""
    if not content.startswith(b"#!"):
        return _PLANTED + content
    first, _, rest = content.partition(b"\n")
    return first + b"\n" + _PLANTED + rest


async def probe(
    check: Check,
    worktree: Worktree,
    paths: Sequence[str],
    passed: Run,
    *,
    runner: CommandRunner,
    cache: CheckCache,
    runners: AbstractSet[str] = frozenset(),
) -> Probe:
    """Break the code, `runners` apart, and run a check that passed again.

    Every byte is put back, also on cancellation.
    """
    planted = plantable(worktree.path, paths, runners)
    if not planted:
        return Probe(Sensitivity.NOT_PROBED, "there is no code file in which an error could be planted")
    which = hashlib.sha256("\0".join(sorted(planted)).encode()).hexdigest()
    key = ("sensitivity", worktree.tree, check.command, which)
    known = cache.get(key)
    if known is not None and known.get("sensitivity") in {Sensitivity.SENSITIVE, Sensitivity.NOT_SENSITIVE}:
        return Probe(Sensitivity(str(known["sensitivity"])), str(known.get("detail", "")))
    # A check that is clean in spite of old failures would stop at one of those.
    options = ("-x",) if passed.exit_code == 0 else ()
    try:
        async with replaced(worktree.path, planted):
            run = await runner.run(check.command, worktree, 2 * passed.duration_s + SLACK_S, options)
    except PathError as error:
        return Probe(Sensitivity.NOT_PROBED, f"no error could be planted: {error}")
    found = _read(run, passed, len(planted))
    if found.sensitivity is not Sensitivity.NOT_PROBED:
        cache.put(key, {"sensitivity": found.sensitivity.value, "detail": found.detail})
    return found


def _read(run: Run, passed: Run, planted_count: int) -> Probe:
    if run.problem or run.is_timed_out:
        return Probe(Sensitivity.NOT_PROBED, f"the probe gave no answer: it {run.describe_end()}")
    is_red = run.exit_code != 0
    if is_red and passed.exit_code != 0:
        # It was red before, for old failures: only a test that passes no more shows that it noticed.
        still = run.results.passed if run.results else frozenset[str]()
        is_red = bool(passed.results and passed.results.passed - still)
    if is_red:
        return Probe(Sensitivity.SENSITIVE)
    where = f"{planted_count} files" if planted_count > 1 else "a file"
    return Probe(Sensitivity.NOT_SENSITIVE, f"it stayed green with a syntax error planted in {where} of the code")
