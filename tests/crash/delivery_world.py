"""A user's folder and the work of a mission on it, drawn with a seed: the same seed gives the same commits."""

from __future__ import annotations

import os
import random
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pygit2

from orchestrator.config.places import Places
from orchestrator.workspace.shadow import Shadow, write_commit
from orchestrator.workspace.trees import EXECUTABLE, FILE, LINK, Entry, overlay

MISSION = "m-1"
Content = tuple[int, bytes]
"""Git mode and bytes."""
Tree = dict[str, Content]


@dataclass(frozen=True)
class World:
    """The files before a mission (`old`) and after it (`new`), below `place`."""

    place: Path
    seed: int

    @property
    def places(self) -> Places:
        """Where the user's folder and the state are."""
        return Places(self.place / "user", self.place / "state")

    @property
    def user(self) -> Path:
        """The user's folder."""
        return self.place / "user"

    @cached_property
    def old(self) -> Tree:
        """The user's files."""
        dice = random.Random(self.seed)  # noqa: S311 - no secret
        files: Tree = {f"src/part{n}/file{n}.py": (FILE, _text(dice)) for n in range(dice.randint(1, 4))}
        files |= {"a.txt": (FILE, _text(dice)), "run.sh": (EXECUTABLE, _text(dice)), "kept.txt": (FILE, b"kept\n")}
        files |= {"link": (LINK, b"a.txt"), "turns/into/file.txt": (FILE, _text(dice)), "grows": (FILE, _text(dice))}
        return files | {"old/only/one.txt": (FILE, _text(dice)), "private.txt": (FILE, _text(dice))}

    @cached_property
    def new(self) -> Tree:
        """What the mission makes of them: edits, new files, deletions, files for folders and the other way round."""
        dice = random.Random(self.seed + 1_000_000)  # noqa: S311 - as above
        files = dict(self.old)
        for path in [path for path in files if path.startswith("src/")]:
            files[path] = (files[path][0], _text(dice))
        changes = ["edit", "mode", "link", "file for folder", "folder for file", "empty a folder", "add", "private"]
        for change in dice.sample(changes, dice.randint(3, len(changes))):
            _change(files, change, dice)
        return files

    def lay_out(self) -> None:
        """Make the user's folder, with an empty folder and a file of few permissions."""
        for path, (mode, data) in self.old.items():
            target = self.user / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if mode == LINK:
                target.symlink_to(os.fsdecode(data))
            else:
                target.write_bytes(data)
                target.chmod(0o755 if mode == EXECUTABLE else 0o644)
        (self.user / "private.txt").chmod(0o600)
        (self.user / "empty").mkdir()

    def commits(self) -> tuple[str, str]:
        """Base and tip, written to the shadow repository."""
        with Shadow(self.places.shadow).use() as repo:
            base = self.commit(repo, self.old, [])
            return base, self.commit(repo, self.new, [base])

    @staticmethod
    def commit(repo: pygit2.Repository, files: Tree, parents: list[str]) -> str:
        """A commit of these files."""
        entries: dict[str, Entry | None] = {
            p: Entry(mode, repo.create_blob(data).raw) for p, (mode, data) in files.items()
        }
        return write_commit(repo, overlay(repo, None, entries), "work", parents)


def _text(dice: random.Random) -> bytes:
    return b"".join(b"line %d\n" % dice.randint(0, 10**9) for _ in range(dice.randint(1, 20)))


def _change(files: Tree, change: str, dice: random.Random) -> None:
    match change:
        case "edit":
            files["a.txt"] = (FILE, _text(dice))
        case "mode":
            files["run.sh"] = (FILE, files["run.sh"][1])
        case "link":
            files["link"] = (LINK, b"kept.txt")
        case "file for folder":
            del files["turns/into/file.txt"]
            files["turns"] = (FILE, _text(dice))
        case "folder for file":
            del files["grows"]
            files["grows/up/now.txt"] = (FILE, _text(dice))
        case "empty a folder":
            del files["old/only/one.txt"]
        case "add":
            files |= {"fresh/deep/er.txt": (FILE, _text(dice)), "fresh/run": (EXECUTABLE, _text(dice))}
        case _:
            del files["private.txt"]


def listing(root: Path) -> dict[str, tuple[str, int, bytes]]:
    """Everything below a folder but git's own: kind, permission bits, content or a link's target."""
    found: dict[str, tuple[str, int, bytes]] = {}
    for folder, folders, files in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in [*folders, *files]:
            path = Path(folder) / name
            status = path.lstat()
            kind, data = "folder", b""
            if stat.S_ISLNK(status.st_mode):
                kind, data = "link", os.fsencode(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                kind, data = "file", path.read_bytes()
            found[path.relative_to(root).as_posix()] = (kind, stat.S_IMODE(status.st_mode), data)
    return found


def files_of(found: dict[str, tuple[str, int, bytes]]) -> Tree:
    """A listing as a tree would hold it."""
    modes = {"link": LINK, "file": FILE}
    return {
        path: (EXECUTABLE if kind == "file" and bits & 0o100 else modes[kind], data)
        for path, (kind, bits, data) in found.items()
        if kind != "folder"
    }


def differing(one: dict[str, tuple[str, int, bytes]], other: dict[str, tuple[str, int, bytes]]) -> list[str]:
    """The paths at which two listings differ, with what differs."""
    gone = ("nothing", 0, b"")
    return [
        f"{path}: {a[0]} {a[1]:o} {len(a[2])} bytes, not {b[0]} {b[1]:o} {len(b[2])} bytes"
        for path in sorted(one.keys() | other.keys())
        if (a := one.get(path, gone)) != (b := other.get(path, gone))
    ]
