"""Search beside ripgrep, fd and git over 30,000 files, in the same run, turn by turn.

The tree is made under build/ from the packages installed in the environment. Ours runs in this process, as it does in
the server; the peers are programs that are started for each question, as an agent without the server would. ripgrep
comes from PyPI (`ripgrep`); fd is looked for in build/peers/bin and on the PATH.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator import native
from orchestrator.tools.search_files import file_list

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build" / "bench" / "search"
FILES = 30_000
MAX_FILE_BYTES = 1_000_000
REPEATS = 9
COLD_REPEATS = 5
ONE = {"rare text": "def _find_spec_for", "common text": "def test_", "expression": r"raise \w+Error\(f?\"\w+ is"}
FIVE = ("DeprecationWarning", "TODO", "raise NotImplementedError", "lambda self", "urlopen")
FD_HINT = "no fd: cargo install fd-find --version 10.5.0 --locked --root build/peers"
Row = dict[str, Any]


def rows() -> list[Row]:
    """The rows of search: name, value (ms), unit, peer, ratio (ours by theirs), goal (greatest ratio), met."""
    _make_tree()
    root = str(TREE)
    measured = [
        _row(f"grep, one pattern, {name}", *_pair(_grep(root, pattern), _ripgrep(pattern)), "ripgrep", 0.9)
        for name, pattern in ONE.items()
    ]
    five = _pair(_grep(root, *FIVE), lambda: [_ripgrep(pattern)() for pattern in FIVE])
    measured.append(_row("grep, five patterns", *five, "ripgrep five times", 0.4))
    measured.append(_cold(root))
    measured.append(_glob_row(root))
    server = _pair(lambda: file_list(root).glob(["*.toml"], max_files=10_000), _git("ls-files", "--", "*.toml"))
    measured.append(_row("glob in the server, tree unchanged, few files", *server, "git ls-files", 0.3))
    server = _pair(lambda: file_list(root).glob(["*.py"], max_files=10_000), _git("ls-files", "--", "*.py"))
    measured.append(_row("glob in the server, tree unchanged, many files", *server, "git ls-files", 0.3))
    return measured


def _make_tree() -> None:
    """Copies of the installed packages, in a git repository, until there are enough files."""
    done = TREE / ".git" / "bench-complete"
    if done.exists():
        return
    shutil.rmtree(TREE, ignore_errors=True)
    sources = [path for path in Path(sysconfig.get_paths()["purelib"]).rglob("*") if _is_wanted(path)]
    base = Path(sysconfig.get_paths()["purelib"])
    for number in range(-(-FILES // len(sources))):
        for source in sources:
            target = TREE / f"copy{number}" / source.relative_to(base)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (TREE / ".gitignore").write_text("*.pyc\n__pycache__/\n")
    name = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    for arguments in (("init", "-q"), ("add", "-A"), (*name, "commit", "-q", "-m", "tree")):
        subprocess.run(["git", *arguments], cwd=TREE, check=True, capture_output=True, timeout=300)
    os.sync()
    done.touch()


def _is_wanted(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and path.stat().st_size <= MAX_FILE_BYTES


def _grep(root: str, *patterns: str) -> Callable[[], object]:
    return lambda: native.grep(root, patterns, max_matches=1_000_000)


def _ripgrep(pattern: str) -> Callable[[], object]:
    program = Path(sys.executable).with_name("rg")
    flags = ("--no-config", "--hidden", "--glob=!.git", "--no-ignore-parent", "--no-ignore-global")
    command = [str(program), *flags, "--line-number", "--column", "--no-heading", "-e", pattern, "./"]
    return lambda: _run(command)


def _git(*arguments: str) -> Callable[[], object]:
    return lambda: _run(["git", *arguments])


def _run(command: list[str]) -> bytes:
    done = subprocess.run(command, cwd=TREE, stdout=subprocess.PIPE, timeout=120, check=False)
    if done.returncode not in {0, 1}:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}")
    return done.stdout


def _pair(ours: Callable[[], object], theirs: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """Medians in seconds, measured in turns so that a busy machine slows both."""
    times: tuple[list[float], list[float]] = ([], [])
    ours()
    theirs()
    for _ in range(repeats):
        for work, found in zip((ours, theirs), times, strict=True):
            started = time.perf_counter()
            work()
            found.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])


def _cold(root: str) -> Row:
    """Both after the pages of every file were dropped; names and inodes stay in memory, for only root may drop them."""
    pattern = ONE["common text"]
    places = [TREE / path for path in native.FileList(root).glob(["*"], max_files=1_000_000)[0]]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(COLD_REPEATS):
        for work, found in zip((_grep(root, pattern), _ripgrep(pattern)), times, strict=True):
            _drop(places)
            started = time.perf_counter()
            work()
            found.append(time.perf_counter() - started)
    name = "grep, one pattern, files not in memory"
    return _row(name, statistics.median(times[0]), statistics.median(times[1]), "ripgrep", 0.6)


def _drop(places: list[Path]) -> None:
    for place in places:
        handle = os.open(place, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def _glob_row(root: str) -> Row:
    name = "glob"
    kept = ROOT / "build" / "peers" / "bin" / "fd"
    program = str(kept) if kept.exists() else shutil.which("fd")
    if program is None:
        return {"name": name, "goal": "<= 1.0", "met": False, "problem": FD_HINT}
    flags = ("--hidden", "--no-ignore-parent", "--no-global-ignore-file", "--exclude=.git", "--color=never")
    command = [program, *flags, "--glob", "*.toml"]
    ours, theirs = _pair(lambda: native.glob(root, ["*.toml"]), lambda: _run(command))
    return _row(name, ours, theirs, "fd", 1.0)


def _row(name: str, ours_s: float, peer_s: float, peer: str, goal: float) -> Row:
    ratio = ours_s / peer_s
    shown = f"{peer}: {peer_s * 1000:.1f} ms"
    row: Row = {"name": name, "value": round(ours_s * 1000, 2), "unit": "ms", "peer": shown}
    return row | {"ratio": round(ratio, 3), "goal": f"<= {goal}", "met": ratio <= goal}


if __name__ == "__main__":
    for measured_row in rows():
        print(measured_row)
