"""Speed of the workspace room beside the git program, on the same machine, in the same run."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

from orchestrator.config.places import Places
from orchestrator.workspace import ShadowWorkspace, open_workspace

FILES = 5_000
TOUCHED = 20
REPEATS = 3


def rows() -> list[dict[str, Any]]:
    """The rows of this room: name, value, unit, peer, ratio (peer time by ours), goal (least ratio), met."""
    with tempfile.TemporaryDirectory() as scratch:
        return anyio.run(_measure, Path(os.path.realpath(scratch)))


async def _measure(scratch: Path) -> list[dict[str, Any]]:
    root = scratch / "user"
    _make_repository(root)
    workspace = open_workspace(Places(root, scratch / "state"))
    base = (await workspace.snapshot()).commit
    started = time.perf_counter()
    await workspace.snapshot()
    again_s = time.perf_counter() - started
    ours, theirs = await _change(workspace, base, "ours", 0), await _change(workspace, base, "theirs", TOUCHED)
    switch_s = await _switches(workspace, base, ours)
    merge_s = await _merges(workspace, base, ours, theirs)
    workspace.close()
    return [
        _row("snapshot of an unchanged tree", again_s, "git status", _median(lambda: _git(root, "status", "-s")), 5.0),
        _row("switch of a pooled worktree", switch_s, "git worktree add", _worktree_add(root, scratch), 0.1),
        _row("merge of two commits in memory", merge_s, "git checkout and merge", _git_merge(root), 0.1),
    ]


def _make_repository(root: Path) -> None:
    for number in range(FILES):
        file = root / f"package{number % 50}" / f"part{number % 250}" / f"module{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"def function_{number}():\n" + f"    return {number}\n" * 40)
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", "first")
    for name, first in (("ours", 0), ("theirs", TOUCHED)):
        _git(root, "checkout", "-q", "-b", name, "main")
        _edit(root, first)
        _git(root, "commit", "-q", "-a", "-m", name)
    _git(root, "checkout", "-q", "main")


def _edit(folder: Path, first: int) -> None:
    for file in sorted(folder.glob("package*/part*/*.py"))[first : first + TOUCHED]:
        file.write_text(file.read_text() + "# edited\n")


async def _change(workspace: ShadowWorkspace, base: str, message: str, first: int) -> str:
    async with workspace.checkout(base) as worktree:
        _edit(Path(worktree.path), first)
        return (await workspace.commit(worktree, message)).commit


async def _switches(workspace: ShadowWorkspace, one: str, other: str) -> float:
    times: list[float] = []
    for number in range(2 * REPEATS):
        started = time.perf_counter()
        async with workspace.checkout((one, other)[number % 2]) as worktree:
            times.append(time.perf_counter() - started)
            # A task leaves something behind each time.
            _edit(Path(worktree.path), 3 * TOUCHED)
            (Path(worktree.path) / "left.log").write_text("x")
    return statistics.median(times)


async def _merges(workspace: ShadowWorkspace, base: str, ours: str, theirs: str) -> float:
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        merged = await workspace.merge(base=base, ours=ours, theirs=theirs, message="merge")
        times.append(time.perf_counter() - started)
        if merged.conflicts:
            raise RuntimeError("the measured merge has conflicts")
    return statistics.median(times)


def _worktree_add(root: Path, scratch: Path) -> float:
    times: list[float] = []
    for number in range(REPEATS):
        place = scratch / f"peer{number}"
        started = time.perf_counter()
        _git(root, "worktree", "add", "-q", "--detach", str(place), "ours")
        times.append(time.perf_counter() - started)
        shutil.rmtree(place)
    return statistics.median(times)


def _git_merge(root: Path) -> float:
    def merge() -> None:
        _git(root, "checkout", "-q", "--detach", "ours")
        _git(root, "merge", "-q", "-m", "merge", "theirs")

    return _median(merge)


def _median(work: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _git(root: Path, *arguments: str) -> None:
    name = {"NAME": "bench", "EMAIL": "bench@localhost"}
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in name.items()}
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1", **who}
    subprocess.run(["git", *arguments], cwd=root, env=environment, check=True, capture_output=True, timeout=120)


def _row(name: str, ours_s: float, peer: str, peer_s: float, goal: float) -> dict[str, Any]:
    ratio = ours_s / peer_s
    value = round(ours_s * 1000, 2)
    shown = f"{peer}: {peer_s * 1000:.1f} ms"
    return {
        "name": name,
        "value": value,
        "unit": "ms",
        "peer": shown,
        "ratio": round(ratio, 2),
        "goal": f"<= {goal}",
        "met": ratio <= goal,
    }


if __name__ == "__main__":
    for row in rows():
        print(row)
