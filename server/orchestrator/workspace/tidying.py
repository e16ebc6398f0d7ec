"""Keeping the shadow repository within its size: what nothing names goes, then the work of the oldest ended missions.

Objects are loose files, so marking and sweeping them needs no repacking. What was written a moment ago stays, for it
may not have its name yet.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pygit2

from orchestrator.workspace.integrate import REF_PREFIX, mission_ref
from orchestrator.workspace.lasting import sync_path
from orchestrator.workspace.trees import FOLDER, SUBMODULE, children

DROPPED_NAME: Final = "orchestrator-dropped"
"""In the shadow repository: the ids of the missions whose work was dropped, a line each."""
GRACE_S: Final = 120.0
_SPARE: Final = 0.8
"""So much of the cap is left filled, so that not every mission's end has to tidy."""


@dataclass(slots=True)
class _Marks:
    """The objects that are needed, by hex id, and how many bytes they take."""

    repo: pygit2.Repository
    sizes: dict[str, int]
    seen: set[str] = field(default_factory=set[str])
    total_bytes: int = 0

    def add(self, found: set[str]) -> None:
        """Count objects in."""
        self.seen |= found
        self.total_bytes += sum(self.sizes.get(oid, 0) for oid in found)

    def new_below(self, commit: str) -> set[str]:
        """What a commit needs and no other did."""
        found: set[str] = set()
        commits = [commit]
        while commits:
            oid = commits.pop()
            if oid in self.seen or oid in found or oid not in self.repo:
                continue
            found.add(oid)
            read = self.repo[oid].peel(pygit2.Commit)
            commits += [str(parent) for parent in read.parent_ids]
            self.descend(read.tree_id.raw, found)
        return found

    def descend(self, tree: bytes, found: set[str]) -> None:
        """Everything in a tree."""
        trees = [tree]
        while trees:
            raw = trees.pop()
            if raw.hex() in self.seen or raw.hex() in found:
                continue
            found.add(raw.hex())
            for entry in children(self.repo, raw).values():
                if entry.mode == FOLDER:
                    trees.append(entry.oid)
                elif entry.mode != SUBMODULE and entry.oid.hex() not in self.seen:
                    found.add(entry.oid.hex())


@dataclass(frozen=True, slots=True)
class Needed:
    """What stays whatever the size: missions that have not ended, commits of theirs, the last snapshot."""

    missions: Collection[str]
    commits: Collection[str]
    tree: bytes | None
    blobs: Collection[bytes]


def tidy(repo: pygit2.Repository, cap_bytes: int, needed: Needed, grace_s: float = GRACE_S) -> tuple[str, ...]:
    """Bring the loose objects below the cap; the missions whose work went. Blocking. Raises OSError."""
    shadow = Path(repo.path)
    files = {path.parent.name + path.name: path for path in (shadow / "objects").glob("??/*")}
    sizes = {oid: path.lstat().st_blocks * 512 for oid, path in files.items()}
    if sum(sizes.values()) <= cap_bytes:
        return ()
    marks = _Marks(repo, sizes)
    for commit in needed.commits:
        marks.add(marks.new_below(commit))
    found = {oid.hex() for oid in needed.blobs} - marks.seen
    if needed.tree is not None:
        marks.descend(needed.tree, found)
    marks.add(found)
    dropped = tuple(_over(marks, shadow, int(cap_bytes * _SPARE), needed.missions))
    _note(shadow, dropped)
    for mission_id in dropped:
        repo.references.delete(mission_ref(mission_id))
    before_s = time.time() - grace_s
    for oid, path in files.items():
        if oid not in marks.seen and path.lstat().st_mtime < before_s:
            path.unlink()
    return dropped


def _over(marks: _Marks, shadow: Path, room_bytes: int, unfinished: Collection[str]) -> Iterator[str]:
    """Mark what missions need, the newest first; those that there is no room for."""
    refs = [ref for ref in marks.repo.references if ref.startswith(REF_PREFIX)]
    age = {ref: (shadow / ref).stat().st_mtime if (shadow / ref).exists() else 0.0 for ref in refs}
    is_full = False
    for ref in sorted(refs, key=lambda ref: (ref.removeprefix(REF_PREFIX) in unfinished, age[ref]), reverse=True):
        mission_id = ref.removeprefix(REF_PREFIX)
        found = marks.new_below(str(marks.repo.references[ref].target))
        more_bytes = sum(marks.sizes.get(oid, 0) for oid in found)
        is_full = is_full or marks.total_bytes + more_bytes > room_bytes
        if is_full and mission_id not in unfinished:
            yield mission_id
        else:
            marks.add(found)


def _note(shadow: Path, dropped: Collection[str]) -> None:
    """Say so before anything goes, so that nobody takes it for lost."""
    if not dropped:
        return
    with (shadow / DROPPED_NAME).open("a", encoding="ascii") as file:
        file.writelines(f"{mission_id}\n" for mission_id in dropped)
    sync_path(shadow / DROPPED_NAME)


def dropped_missions(shadow: Path) -> set[str]:
    """The missions whose work was dropped."""
    path = shadow / DROPPED_NAME
    return set(path.read_text("ascii", "replace").split()) if path.exists() else set()
