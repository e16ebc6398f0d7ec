"""One launcher process: its start, the socket to it, its output, and its certain end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
from pathlib import Path

import anyio

from orchestrator.ports.launcher import LauncherError
from orchestrator.sandbox.report import Report, parse_report

_KILL = b"K"
_PIPE_SIZE_BYTES = 256 << 10
_SET_PIPE_SIZE = 1031
_REPORT_CAP_BYTES = 64 << 10
_POLL_PAUSE_S = 0.01
_LAUNCHER_LIMIT_S = 15.0
"""The launcher gives up on processes that cannot be killed after 10 s; then it ends."""


class LauncherProcess:
    """A running launcher. Whoever starts one must await `close`, whatever happens."""

    def __init__(self, program: Path) -> None:
        """Start it. Raises LauncherError `launcher_missing`. Call from the thread of the event loop.

        The launcher ends itself when the thread that started it ends.
        """
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(0)
        self.output_fd, output = os.pipe()
        self._received = b""
        try:
            self._process = _start(program, theirs, output)
        except BaseException:
            self._close_descriptors()
            raise
        finally:
            theirs.close()
            os.close(output)
        os.set_blocking(self.output_fd, False)
        # A bigger pipe wakes the server less often; the system may refuse it.
        with contextlib.suppress(OSError):
            fcntl.fcntl(self.output_fd, _SET_PIPE_SIZE, _PIPE_SIZE_BYTES)

    async def send(self, request: bytes) -> None:
        """Send the request. A launcher that is gone already shows itself at the next report."""
        rest = memoryview(request)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                await anyio.wait_writable(self._socket)
            except (BrokenPipeError, ConnectionResetError):
                return

    async def next_report(self) -> Report | None:
        """The next report, None when the launcher has closed its side."""
        while b"\n" not in self._received:
            await anyio.wait_readable(self._socket)
            try:
                piece = self._socket.recv(4096)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                return None
            if not piece:
                return None
            self._received += piece
            if len(self._received) > _REPORT_CAP_BYTES:
                raise LauncherError("launcher_failed", "The launcher reports without end.", "Report this.")
        line, _, self._received = self._received.partition(b"\n")
        return parse_report(line)

    async def read_output(self) -> bytes:
        """The next piece of output, empty at its end."""
        while True:
            await anyio.wait_readable(self.output_fd)
            try:
                return os.read(self.output_fd, _PIPE_SIZE_BYTES)
            except BlockingIOError:
                continue

    async def close(self) -> None:
        """Kill what still runs, reap the launcher and close everything. Not interrupted by cancellation.

        Raises LauncherError `launcher_stuck` when the launcher itself had to be killed.
        """
        with anyio.CancelScope(shield=True):
            try:
                # A launcher that has ended needs no order.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError, BlockingIOError):
                    self._socket.send(_KILL)
                if not await self._has_ended(_LAUNCHER_LIMIT_S):
                    self._process.kill()
                    await self._has_ended(_LAUNCHER_LIMIT_S)
                    raise LauncherError(
                        "launcher_stuck",
                        "The launcher did not end by itself and was killed.",
                        "Look for processes in uninterruptible sleep (state D), such as on a lost network disk.",
                    )
            finally:
                self._close_descriptors()

    async def _has_ended(self, limit_s: float) -> bool:
        with anyio.move_on_after(limit_s):
            while self._process.poll() is None:
                await self._until_it_changes()
        return self._process.poll() is not None

    async def _until_it_changes(self) -> None:
        try:
            # Ours and not yet reaped, so the number cannot mean another process.
            descriptor = os.pidfd_open(self._process.pid)
        except OSError:
            # A kernel without them, or no descriptor left.
            await anyio.sleep(_POLL_PAUSE_S)
            return
        try:
            await anyio.wait_readable(descriptor)
        finally:
            os.close(descriptor)

    def _close_descriptors(self) -> None:
        self._socket.close()
        os.close(self.output_fd)


def _start(program: Path, control: socket.socket, output: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            [str(program)],
            stdin=control.fileno(),
            stdout=output,
            stderr=output,
            env={},
            cwd="/",
            start_new_session=True,
        )
    except OSError as problem:
        raise LauncherError(
            "launcher_missing",
            f"The launcher {program} cannot be started: {problem.strerror}.",
            "Reinstall the native core; the state directory must not be on a file system mounted noexec.",
        ) from problem
