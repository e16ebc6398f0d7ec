"""What differs between two commits: paths, text, and patches that `git apply` takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import pygit2
from pygit2.enums import DiffOption

from orchestrator.domain.plan import covers
from orchestrator.workspace.shadow import tree_of
from orchestrator.workspace.trees import differences

MAX_DIFF_BYTES: Final = 16 * 1024 * 1024


def changed_paths(repo: pygit2.Repository, old: str, new: str) -> tuple[str, ...]:
    """Paths that differ, sorted."""
    return tuple(sorted(differences(repo, tree_of(repo, old), tree_of(repo, new))))


def text(repo: pygit2.Repository, old: str, new: str, paths: Sequence[str]) -> str:
    """Unified diff for people; binary files are named only. Beyond 16 MiB it is cut, and its last line says so."""
    pieces: list[bytes] = []
    size_bytes = 0
    for piece in _patches(repo, old, new, paths, DiffOption.NORMAL):
        size_bytes += len(piece)
        if size_bytes > MAX_DIFF_BYTES:
            pieces.append(f"… cut: the diff is longer than {MAX_DIFF_BYTES // 1024**2} MiB\n".encode())
            break
        pieces.append(piece)
    return b"".join(pieces).decode("utf-8", "replace")


def patch(repo: pygit2.Repository, old: str, new: str) -> Iterator[bytes]:
    """A patch that `git apply` turns into exactly the new content, binary files included, piece by piece."""
    return _patches(repo, old, new, (), DiffOption.SHOW_BINARY)


def _patches(repo: pygit2.Repository, old: str, new: str, paths: Sequence[str], flags: DiffOption) -> Iterator[bytes]:
    before, after = (repo[pygit2.Oid(raw=tree_of(repo, commit))].peel(pygit2.Tree) for commit in (old, new))
    for one in before.diff_to_tree(after, flags=flags, interhunk_lines=0):
        if one is None:
            continue
        delta = one.delta
        if not paths or any(covers(p, f.path) for p in paths for f in (delta.old_file, delta.new_file)):
            yield one.data
