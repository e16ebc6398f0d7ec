"""Scratch tests: a session's own tests in a folder that is run when it ends its turn, and is never delivered."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import SCRATCH
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import Verdict
from orchestrator.ports.launcher import Command, Launcher, LauncherError

MAX_FILES: Final = 20
"""So many are run; more are a finding of their own."""
TIMEOUT_S: Final = 120.0
"""For each file."""
_OUTPUT_BYTES: Final = 8_000
_SHOWN_CHARACTERS: Final = 1_500
_NO_TESTS: Final = 5
"""pytest's exit code for a file without tests: it is a program then, and is run as one."""
_SCRIPTS: Final[Mapping[str, str]] = {
    ".js": "node --test {}",
    ".mjs": "node --test {}",
    ".cjs": "node --test {}",
    ".sh": "sh {}",
    ".py": f"python3 -m pytest -q -x -p no:cacheprovider -o addopts= {{}}; s=$?; test $s -ne {_NO_TESTS} && exit $s; "
    "python3 {}",
}
"""How a file is run, by its suffix; others are material of the tests."""


async def run_scratch(launcher: Launcher, environment: Mapping[str, str], root: str) -> GateReport | None:
    """Run every scratch test of a worktree; None when there is none. What can't be run has not passed."""
    paths = list(_tests(root))
    if not paths:
        return None
    findings: list[Finding] = []
    for path in paths[:MAX_FILES]:
        problem = await _problem(launcher, environment, root, path)
        if problem:
            findings.append(Finding("scratch", "own-test-failed", path, problem))
    if len(paths) > MAX_FILES:
        what = f"{len(paths)} scratch tests; at most {MAX_FILES} are run: put some together"
        findings.append(Finding("scratch", "too-many-tests", paths[MAX_FILES], what))
    passed = len(paths) - len(findings)
    verdict = Verdict.FAILED if findings else Verdict.CLEAN
    return GateReport("scratch", verdict, tuple(findings), (), f"{passed} of {len(paths)} scratch tests passed")


def drop_scratch(root: str) -> None:
    """Take the folder away. Blocking. A link in its place is taken away, and what it leads to is left alone."""
    folder = Path(root) / SCRATCH.rstrip("/")
    if folder.is_symlink() or folder.is_file():
        folder.unlink(missing_ok=True)
    elif folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)


def _tests(root: str) -> Iterator[str]:
    folder = Path(root) / SCRATCH.rstrip("/")
    if folder.is_symlink() or not folder.is_dir():
        return
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in {"__pycache__", "node_modules"})
        for name in sorted(names):
            path = Path(place) / name
            if path.suffix in _SCRIPTS and not path.is_symlink() and name != "conftest.py":
                yield path.relative_to(root).as_posix()


async def _problem(launcher: Launcher, environment: Mapping[str, str], root: str, path: str) -> str:
    """Why a test did not pass, "" when it did."""
    line = _SCRIPTS[Path(path).suffix].replace("{}", shlex.quote(path))
    command = Command(
        argv=("/bin/sh", "-c", line),
        cwd=root,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": root},
        timeout_s=TIMEOUT_S,
        writable=(root,),
        output_cap_bytes=_OUTPUT_BYTES,
    )
    try:
        outcome = await launcher.run(command)
    except LauncherError as error:
        return f"your own test can't be run: {error.message}"
    if outcome.exit_code == 0 and not outcome.is_timed_out:
        return ""
    how = "did not end in time" if outcome.is_timed_out else f"ends with {outcome.exit_code or outcome.signal}"
    shown = outcome.output.decode("utf-8", "replace")[-_SHOWN_CHARACTERS:].strip()
    return f"your own test {how}:\n{shown}"
