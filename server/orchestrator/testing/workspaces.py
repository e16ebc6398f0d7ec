"""Temporary workspaces: plain folders and git repositories with commits, gone at the end of the block."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pygit2

Files = Mapping[str, str | bytes]
"""Relative path to content."""

_AUTHOR = ("Test", "test@example.invalid", 1_700_000_000, 0)


def write_files(folder: Path, files: Files) -> None:
    """Write files below a folder, making folders on the way."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def folder_workspace(files: Files) -> Generator[Path]:
    """A folder that is no repository; gives its real path."""
    with tempfile.TemporaryDirectory(prefix="workspace-") as name:
        folder = Path(name).resolve()
        write_files(folder, files)
        yield folder


@contextmanager
def git_workspace(*commits: Files, uncommitted: Files | None = None) -> Generator[Path]:
    """A git repository with one commit for each mapping of files (None of them may be empty), then uncommitted ones.

    Authors and times are fixed, so that the commit ids are the same in every run. The user's git configuration plays
    no part.
    """
    with folder_workspace({}) as folder:
        repository = pygit2.init_repository(str(folder), initial_head="main")
        parents: Sequence[pygit2.Oid] = ()
        for number, files in enumerate(commits):
            write_files(folder, files)
            repository.index.add_all(list(files))
            repository.index.write()
            name, address, time_s, zone_minutes = _AUTHOR
            author = pygit2.Signature(name, address, time_s + number, zone_minutes)
            tree = repository.index.write_tree()
            made = repository.create_commit(
                "refs/heads/main", author, author, f"Commit {number + 1}", tree, list(parents)
            )
            parents = (made,)
        repository.free()
        write_files(folder, uncommitted or {})
        yield folder
