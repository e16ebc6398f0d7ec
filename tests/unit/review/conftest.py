"""A workspace on disk, the real launcher and the real core, for the gates' tests."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator.config.places import Places
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import Stage
from orchestrator.ports.gates import CheckChoice
from orchestrator.ports.workspace import Worktree
from orchestrator.review.room import ReviewRoom
from orchestrator.sandbox.launcher import NativeLauncher

Files = Mapping[str, str | None]


def write(root: Path, files: Files) -> None:
    for path, text in files.items():
        place = root / path
        if text is None:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")


def tree_of(root: Path) -> str:
    """An id that depends on every byte below a folder."""
    digest = hashlib.sha1(usedforsecurity=False)
    for place in sorted(root.rglob("*")):
        if place.is_file() and ".pytest_cache" not in place.parts and "__pycache__" not in place.parts:
            digest.update(str(place.relative_to(root)).encode() + b"\0" + place.read_bytes() + b"\0")
    return digest.hexdigest()


@dataclass
class Court:
    """A base, trees made from it, and a room that judges them."""

    folder: Path
    environment: dict[str, str]
    launcher: NativeLauncher
    prepared: list[str] = field(default_factory=list[str])
    base: Path = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.base = self.folder / "base"
        self.base.mkdir()
        self.places = Places(self.folder / "workspace", self.folder / "state")
        self.room = self.new_room()

    def new_room(self) -> ReviewRoom:
        return ReviewRoom(self.launcher, self.places, self._prepare, self.environment)

    async def _prepare(self, worktree: Worktree, key: str, run: Callable[[], Awaitable[None]]) -> None:
        note = f"{worktree.path} {key}"
        if note not in self.prepared:
            await run()
            self.prepared.append(note)

    def worktree(self, root: Path) -> Worktree:
        return Worktree(str(root), "c" * 40, tree_of(root))

    async def begin(self, files: Files, *, is_trusted: bool = True) -> tuple[CheckChoice, dict[str, GateReport]]:
        """Write the base, choose its checks and judge it."""
        write(self.base, files)
        choice = await self.room.choose(self.worktree(self.base), is_trusted=is_trusted)
        reports = await self.room.judge_base(self.worktree(self.base))
        return choice, {report.gate: report for report in reports}

    def change(self, files: Files) -> Path:
        """A copy of the base with these files written (None: deleted)."""
        self.count += 1
        root = self.folder / f"tree-{self.count}"
        shutil.copytree(self.base, root, symlinks=True)
        write(root, files)
        return root

    async def judge(self, files: Files, stage: Stage = Stage.MERGE) -> dict[str, GateReport]:
        """Judge the base with these changes. Whatever happens, the tree must be as it was afterwards."""
        root = self.change(files)
        return await self.judge_tree(root, list(files), stage)

    async def judge_tree(self, root: Path, paths: Sequence[str], stage: Stage) -> dict[str, GateReport]:
        before = self.worktree(root)
        reports = await self.room.judge(stage, before, paths)
        assert tree_of(root) == before.tree, "judging changed the tree"
        return {report.gate: report for report in reports}


@pytest.fixture
def court(tmp_path: Path) -> Court:
    path = f"{Path(sys.executable).parent}{os.pathsep}/usr/local/bin:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(tmp_path / "state" / "home"), "LANG": "C.UTF-8"}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # half a second less for each run
    return Court(tmp_path, environment, NativeLauncher(tmp_path / "state"))
