"""A process, or a machine, that dies at the n-th change of the file system: under the workspace's crash points.

A child is forked, its ways of changing files are counted, and before the n-th change, or half way through it, it ends
without a word (`os._exit`), as SIGKILL would end it. What had been written stays: the kernel outlives the process.
Counted are the calls of `os`, `renameat2`, Python's own files (through `_pyio`, which writes by `os.write`), and what
libgit2 writes, whose inner steps show by what it leaves behind: a lock file, a temporary object.
"""

from __future__ import annotations

import _pyio  # pyright: ignore[reportMissingImports] - typeshed leaves it out
import io
import json
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import pygit2
import pygit2.enums
from platter import Platter

from orchestrator.workspace import atomic, lasting, shadow, trees

DIED: Final = 77
"""Exit code of a child that died where it was told to."""
_FAILED: Final = 78
_PLAIN: Final = (
    "rename", "replace", "unlink", "remove", "rmdir", "mkdir", "symlink", "link",
    "chmod", "fchmod", "chown", "fsync", "ftruncate", "truncate", "utime",
)  # fmt: skip
_MAKING: Final = os.O_CREAT | os.O_TRUNC


@dataclass(slots=True)
class Steps:
    """Counts changes and dies at one: before number `at` (from 1), or half way through it. 0: never.

    With a platter the machine dies: what was not synced is treated as `cut` says.
    """

    at: int = 0
    is_half: bool = False
    platter: Platter | None = None
    cut: str = ""
    kinds: list[str] = field(default_factory=list[str])

    def take(self, kind: str, whole: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        """One change; `half` does a part of it. A kind that has a half is noted with a star."""
        self.kinds.append(kind + ("*" if half else ""))
        if len(self.kinds) == self.at:
            if self.is_half and half:
                half()
            self.end()
            os._exit(DIED)
        return whole()

    def end(self) -> None:
        """The power goes, where it is the machine that dies."""
        if self.platter:
            self.platter.cut(self.cut)

    def install(self) -> None:
        """Count everything in this process from now on. There is no way back: for a child that ends soon."""
        if self.platter:
            self.platter.sync_all()
        for name in _PLAIN:
            setattr(os, name, partial(self._plain, name, getattr(os, name)))
        self._install_syncs()
        self._install_files()
        rename = atomic._rename
        atomic._rename = lambda *args: self.take("renameat2", lambda: rename(*args))
        self._install_git()

    def _plain(self, kind: str, real: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return self.take(kind, lambda: real(*args, **options))

    def _install_syncs(self) -> None:
        fsync = os.fsync

        def synced(handle: int) -> None:
            fsync(handle)
            if self.platter:
                self.platter.sync(handle)

        def all_synced(handle: int) -> None:
            # The kernel's own sync would make the run as slow as the disk, and nothing here asks the disk.
            if self.platter:
                self.platter.sync_all()
            else:
                os.fstat(handle)

        os.fsync = synced
        lasting._sync = lambda handle: self.take("syncfs", lambda: all_synced(handle))

    def _install_files(self) -> None:
        real_open, real_write = os.open, os.write

        def opened(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if flags & _MAKING:
                return self.take("create", lambda: real_open(path, flags, mode, dir_fd=dir_fd))
            return real_open(path, flags, mode, dir_fd=dir_fd)

        def write(handle: int, data: Any) -> int:
            if os.fstat(handle).st_nlink == 0 or not _is_file(handle):
                return real_write(handle, data)
            return self.take(
                "write",
                lambda: real_write(handle, data),
                lambda: real_write(handle, bytes(data)[: len(bytes(data)) // 2]),
            )

        os.open, os.write = opened, write
        io.open = _pyio.open

    def _install_git(self) -> None:
        repository: Any = pygit2.Repository
        point, blob, commit = repository.create_reference_direct, repository.create_blob, repository.create_commit

        option, settings = pygit2.option, dict[Any, Any]()

        def set_option(kind: Any, value: Any) -> None:
            settings[kind] = value
            option(kind, value)

        def made(repo: Any, name: str) -> None:
            """Git syncs what it writes, and the folder, where it is told to."""
            if self.platter and settings.get(pygit2.enums.Option.ENABLE_FSYNC_GITDIR):
                path = Path(f"{repo.path}{name}")
                for synced in (path, path.parent, path.parent.parent):
                    handle = os.open(synced, os.O_RDONLY)
                    self.platter.sync(handle)
                    os.close(handle)

        def pointed(repo: Any, name: str, *args: Any) -> Any:
            point(repo, name, *args)
            made(repo, name)

        def written(make: Callable[..., Any], repo: Any, *args: Any) -> Any:
            oid = make(repo, *args)
            name = oid.hex() if isinstance(oid, bytes) else str(oid)
            made(repo, f"objects/{name[:2]}/{name[2:]}")
            return oid

        pygit2.option = set_option

        def create_reference(repo: Any, name: str, *args: Any) -> Any:
            def lock() -> None:
                path = Path(repo.path) / f"{name}.lock"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"0123456789")

            return self.take("git ref", lambda: pointed(repo, name, *args), lock)

        def create_object(make: Callable[..., Any], repo: Any, *args: Any) -> Any:
            return self.take("git object", lambda: written(make, repo, *args), partial(_leave_object, repo))

        repository.create_reference_direct = create_reference
        repository.create_blob = lambda repo, data: create_object(blob, repo, data)
        repository.create_commit = lambda repo, *args: create_object(commit, repo, *args)
        write_tree = trees._write
        trees._write = lambda repo, entries: create_object(lambda _: write_tree(repo, entries), repo)
        init: Callable[..., Any] = pygit2.init_repository

        def init_half(path: str) -> None:
            init(path, bare=True)
            (Path(path) / "HEAD").unlink()  # it comes last

        pygit2.init_repository = lambda path, **how: self.take(
            "git init", lambda: init(path, **how), lambda: init_half(str(path))
        )
        configure = shadow._configure
        shadow._configure = lambda repo: self.take("git config", lambda: configure(repo))


def _is_file(handle: int) -> bool:
    return Path(f"/proc/self/fd/{handle}").resolve().is_file()


def _leave_object(repo: Any) -> None:
    (Path(repo.path) / "objects" / "tmp_obj_crash1").write_bytes(b"x\x01half")


async def _nothing() -> None:
    """The event loop's modules are loaded once, before the forks."""


anyio.run(_nothing)


def forked(work: Callable[[], Any], steps: Steps | None = None) -> tuple[int, Any]:
    """Run `work` in a child; its exit code, and what it answered (None when it died). AssertionError when it failed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _live(work, steps, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123 - a descriptor
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == DIED:
        return code, None
    answer = json.loads(said) if said else f"the child ended with {code}"
    if code != 0:
        raise AssertionError(answer)
    return code, answer


def _live(work: Callable[[], Any], steps: Steps | None, writing: int) -> None:
    """The child's whole life."""
    say = os.write
    code = _FAILED
    try:
        if steps:
            steps.install()
        answer = work()
        if steps:
            steps.end()
        code = 0
    except BaseException:  # noqa: BLE001 - everything is told to the parent
        answer = traceback.format_exc()
    data = memoryview(json.dumps(answer).encode())
    while data:
        data = data[say(writing, data) :]
    os._exit(code)
