"""Git trees as plain mappings from path to entry, read and written as raw objects.

Paths are relative, with forward slashes, decoded the way `os.fsdecode` does it, so that any name survives.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import pygit2

FILE: Final = 0o100644
EXECUTABLE: Final = 0o100755
LINK: Final = 0o120000
SUBMODULE: Final = 0o160000
FOLDER: Final = 0o040000
_OID_BYTES: Final = 20


class Entry(NamedTuple):
    """What a tree holds at a path: git file mode and the raw 20 bytes of the blob's id."""

    mode: int
    oid: bytes


Delta = tuple[Entry | None, Entry | None]
"""Entry before and entry after; None where there is none."""


def children(repo: pygit2.Repository, tree: bytes) -> dict[bytes, Entry]:
    """The direct entries of a tree, folders included, by raw name. `tree` is a raw id."""
    data = repo.odb.read(pygit2.Oid(raw=tree))[1]
    entries: dict[bytes, Entry] = {}
    position = 0
    while position < len(data):
        space = data.index(b" ", position)
        end = data.index(b"\0", space)
        stop = end + 1 + _OID_BYTES
        entries[data[space + 1 : end]] = Entry(int(data[position:space], 8), data[end + 1 : stop])
        position = stop
    return entries


def flatten(repo: pygit2.Repository, tree: bytes) -> dict[str, Entry]:
    """Every file, link and submodule below a tree (raw id) by path."""
    return dict(_files(repo, tree, ""))


def _files(repo: pygit2.Repository, tree: bytes, prefix: str) -> Iterator[tuple[str, Entry]]:
    for name, entry in children(repo, tree).items():
        path = prefix + os.fsdecode(name)
        if entry.mode == FOLDER:
            yield from _files(repo, entry.oid, path + "/")
        else:
            yield path, entry


def differences(repo: pygit2.Repository, old: bytes | None, new: bytes | None) -> dict[str, Delta]:
    """Paths at which two trees (raw ids) differ; equal folders are not read."""
    return dict(_differences(repo, old, new, ""))


def _differences(
    repo: pygit2.Repository, old: bytes | None, new: bytes | None, prefix: str
) -> Iterator[tuple[str, Delta]]:
    if old == new:
        return
    before = children(repo, old) if old else {}
    after = children(repo, new) if new else {}
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        path = prefix + os.fsdecode(name)
        yield from _differences(repo, _folder_oid(one), _folder_oid(other), path + "/")
        files = _file_entry(one), _file_entry(other)
        if files != (None, None):
            yield path, files


def _folder_oid(entry: Entry | None) -> bytes | None:
    return entry.oid if entry and entry.mode == FOLDER else None


def _file_entry(entry: Entry | None) -> Entry | None:
    return entry if entry and entry.mode != FOLDER else None


def overlay(repo: pygit2.Repository, tree: bytes | None, changes: Mapping[str, Entry | None]) -> bytes:
    """Write the tree that results from putting entries over a tree (None: the empty one); returns its raw id.

    None as an entry removes the path. Folders that end up empty disappear.
    """
    plan: dict[bytes, Entry | None] = {os.fsencode(path): entry for path, entry in changes.items()}
    return _overlay(repo, tree, plan) or _write(repo, {})


def find(repo: pygit2.Repository, tree: bytes, path: str) -> Entry | None:
    """The file, link or submodule at a path of a tree (raw id), None when there is none."""
    entry: Entry | None = Entry(FOLDER, tree)
    for name in os.fsencode(path).split(b"/"):
        if entry is None or entry.mode != FOLDER:
            return None
        entry = children(repo, entry.oid).get(name)
    return _file_entry(entry)


def folders_of(paths: Iterator[str] | Mapping[str, object]) -> set[str]:
    """Every folder that lies above one of the paths, without a trailing slash and without the root."""
    folders: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def _overlay(repo: pygit2.Repository, tree: bytes | None, changes: dict[bytes, Entry | None]) -> bytes | None:
    entries = children(repo, tree) if tree else {}
    here: dict[bytes, Entry | None] = {}
    below: dict[bytes, dict[bytes, Entry | None]] = {}
    for path, entry in changes.items():
        name, slash, rest = path.partition(b"/")
        if slash:
            below.setdefault(name, {})[rest] = entry
        else:
            here[name] = entry
    for name, inner in below.items():
        result = _overlay(repo, _folder_oid(entries.get(name)), inner)
        if result is not None:
            entries[name] = Entry(FOLDER, result)
        elif _folder_oid(entries.get(name)):
            del entries[name]
    for name, entry in here.items():
        if entry is not None:
            entries[name] = entry
        elif _file_entry(entries.get(name)):
            del entries[name]
    return _write(repo, entries) if entries else None


def _write(repo: pygit2.Repository, entries: dict[bytes, Entry]) -> bytes:
    # Git sorts a folder as if its name ended in a slash.
    order = sorted(entries.items(), key=lambda item: item[0] + b"/" if item[1].mode == FOLDER else item[0])
    data = b"".join(b"%o %s\0%s" % (entry.mode, name, entry.oid) for name, entry in order)
    return repo.odb.write(pygit2.enums.ObjectType.TREE, data).raw
