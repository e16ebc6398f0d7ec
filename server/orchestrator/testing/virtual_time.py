"""Virtual time: an event loop whose clock jumps to the next timer when nothing is ready.

Production code with plain `anyio.sleep` and `anyio.fail_after` runs unchanged under `run_virtual`: hours of waiting
pass in milliseconds and in the same order every time. While real work is under way (a thread of
`anyio.to_thread.run_sync` or `loop.run_in_executor`, a child process, a block under `real_work()`), the clock runs at
the pace of the real one, so that a timeout never overtakes work that takes real time. Work that this module can't see
(a thread of one's own, a server in another process) belongs under `real_work()`.
"""

from __future__ import annotations

import asyncio
import math
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast
from unittest import mock

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

T = TypeVar("T")

_SLICE_S = 0.02
"""How long one real wait lasts at most, so that the end of a process is noticed."""

_SETTLE_S = 0.02
"""Real time after the last child was reaped, in which the news of it may still be on its way to the loop."""

DEFAULT_STUCK_AFTER_S = 30.0


class VirtualTimeStuck(RuntimeError):
    """No timer, no real work and nothing on any descriptor for so long that the program must be waiting for itself."""


class _RealWork:
    """Counts what takes real time: blocks, and child processes that nobody has reaped yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._children: set[int] = set()
        self._settled_at = 0.0

    def begin(self) -> None:
        with self._lock:
            self._blocks += 1

    def end(self) -> None:
        with self._lock:
            self._blocks -= 1

    def add_child(self, pid: int) -> None:
        with self._lock:
            self._children.add(pid)

    def is_under_way(self) -> bool:
        with self._lock:
            for pid in list(self._children):
                if not _is_unreaped(pid):
                    self._children.discard(pid)
                    self._settled_at = time.monotonic() + _SETTLE_S
            return bool(self._blocks or self._children) or time.monotonic() < self._settled_at


def _is_unreaped(pid: int) -> bool:
    """Whether a child runs or is a zombie; WNOWAIT leaves it to the one who waits for it."""
    try:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


class _JumpingSelector(selectors.BaseSelector):
    """A selector that moves the loop's clock instead of waiting."""

    def __init__(self, work: _RealWork, stuck_after_s: float) -> None:
        self._inner = selectors.DefaultSelector()
        self._work = work
        self._stuck_after_s = stuck_after_s
        self.now_s = 0.0

    def register(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        return self._inner.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._inner.unregister(fileobj)

    def modify(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> selectors.SelectorKey:
        return self._inner.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._inner.get_map() or {}

    def close(self) -> None:
        self._inner.close()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._inner.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._work.is_under_way():
            return self._wait(timeout)
        if timeout is None:
            return self._wait_for_outside()
        self.now_s = max(self.now_s + timeout, math.nextafter(self.now_s, math.inf))
        return []

    def _wait(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait a slice of real time and let the clock follow it, but not beyond the next timer."""
        slice_s = _SLICE_S if timeout is None else min(timeout, _SLICE_S)
        started = time.monotonic()
        ready = self._inner.select(slice_s)
        elapsed_s = time.monotonic() - started
        self.now_s += elapsed_s if timeout is None else min(elapsed_s, timeout)
        return ready

    def _wait_for_outside(self) -> list[tuple[selectors.SelectorKey, int]]:
        """No timer is set: only a descriptor, a signal or work that begins elsewhere can go on."""
        deadline = time.monotonic() + self._stuck_after_s
        while time.monotonic() < deadline:
            ready = self._inner.select(_SLICE_S)
            if ready or self._work.is_under_way():
                return ready
        raise VirtualTimeStuck(f"nothing is scheduled and nothing happened for {self._stuck_after_s} s of real time")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The event loop; `time()` starts at 0 and only moves as the module's description says."""

    def __init__(self, *, stuck_after_s: float = DEFAULT_STUCK_AFTER_S) -> None:
        """`stuck_after_s` is real time after which waiting for nothing raises VirtualTimeStuck."""
        self._work = _RealWork()
        self._jumping = _JumpingSelector(self._work, stuck_after_s)
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.now_s

    @contextmanager
    def real_work(self) -> Generator[None]:
        """A block that takes real time."""
        self._work.begin()
        try:
            yield
        finally:
            self._work.end()

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """As the base class; counted as real work until the loop has the result."""
        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        self._work.begin()
        future.add_done_callback(lambda _: self._work.end())
        return future

    @contextmanager
    def watched(self) -> Generator[None]:
        """Count threads of anyio and child processes that are started inside as real work."""
        run_sync = cast("Callable[..., Awaitable[Any]]", anyio.to_thread.run_sync)
        start_child: Callable[..., None] = subprocess.Popen.__init__
        work = self._work

        async def counted_run_sync(func: Callable[..., T], *args: object, **options: object) -> T:
            # Counted until the result is here, not until the thread is done: between the two lies a callback.
            with self.real_work():
                return await run_sync(func, *args, **options)

        def counted_start(process: subprocess.Popen[Any], *args: object, **options: object) -> None:
            start_child(process, *args, **options)
            work.add_child(process.pid)

        with (
            mock.patch.object(anyio.to_thread, "run_sync", counted_run_sync),
            mock.patch.object(subprocess.Popen, "__init__", counted_start),
        ):
            yield


@contextmanager
def real_work() -> Generator[None]:
    """Mark a block of the running task as real work: meanwhile virtual time keeps the pace of real time.

    Outside a virtual loop it does nothing, so that production helpers may use it in both.
    """
    loop = asyncio.get_running_loop()
    if isinstance(loop, VirtualTimeLoop):
        with loop.real_work():
            yield
    else:
        yield


def run_virtual(
    function: Callable[..., Awaitable[T]],
    *args: object,
    stuck_after_s: float = DEFAULT_STUCK_AFTER_S,
) -> T:
    """Run an async function under anyio in virtual time and give its result. One at a time in a process."""

    async def main() -> T:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, VirtualTimeLoop):
            raise TypeError("run_virtual needs its own loop")
        with loop.watched():
            return await function(*args)

    def make_loop() -> VirtualTimeLoop:
        return VirtualTimeLoop(stuck_after_s=stuck_after_s)

    return anyio.run(main, backend="asyncio", backend_options={"loop_factory": make_loop})
