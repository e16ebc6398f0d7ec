"""Starting a server as a child and connecting to it over its standard streams."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from subprocess import PIPE

import anyio
from anyio.abc import Process

from orchestrator.client.connection import Client, connected
from orchestrator.client.errors import RemoteError, ServerGoneError

CLOSE_TIMEOUT_S = 15.0
"""How long a server may take to end by itself after `exit` before it is terminated."""
KILL_TIMEOUT_S = 5.0
"""How long it may take after SIGTERM before it is killed."""
TAIL_LINES = 20
SETTLE_S = 1.0
_TAIL_LINE_CHARS = 2_000


class ServerProcess:
    """The server's process and what it last said on stderr."""

    def __init__(self, process: Process, log_file: Path | None) -> None:
        self._process = process
        self._log_file = log_file
        self._lines: deque[str] = deque(maxlen=TAIL_LINES)
        self._stderr_ended = anyio.Event()

    async def keep_stderr(self) -> None:
        """Keep the last lines, and all of them in the log file where there is one."""
        try:
            await self._keep_stderr()
        finally:
            self._stderr_ended.set()

    async def settle(self) -> None:
        """After the end of stdout: wait a moment, so that the last words on stderr are known."""
        with anyio.move_on_after(SETTLE_S):
            await self._stderr_ended.wait()

    async def _keep_stderr(self) -> None:
        stream = self._process.stderr
        if stream is None:
            return
        rest = b""
        async for chunk in stream:
            if self._log_file:
                async with await anyio.open_file(self._log_file, "ab") as log:
                    await log.write(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[-_TAIL_LINE_CHARS:]
            self._lines.extend(line[:_TAIL_LINE_CHARS].decode("utf-8", "replace") for line in lines)
        if rest:
            self._lines.append(rest.decode("utf-8", "replace"))

    def tail(self) -> str:
        """The last lines of stderr."""
        return "\n".join(self._lines)

    async def end(self, client: Client) -> None:
        """End in order: shutdown and exit, end of input, SIGTERM, SIGKILL. Returns when the process is reaped."""
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(CLOSE_TIMEOUT_S):
                await self._ask_to_end(client)
                await self._process.wait()
            if self._process.returncode is None:
                self._signal(signal.SIGTERM)
                with anyio.move_on_after(KILL_TIMEOUT_S):
                    await self._process.wait()
            if self._process.returncode is None:
                self._signal(signal.SIGKILL)
                await self._process.wait()

    async def _ask_to_end(self, client: Client) -> None:
        with suppress(RemoteError, ServerGoneError):
            await client.call("shutdown", None)
        client.notify("exit", None)
        client.finish()
        await client.ended.wait()
        if self._process.stdin:
            await self._process.stdin.aclose()

    def _signal(self, number: signal.Signals) -> None:
        try:
            self._process.send_signal(number)
        except ProcessLookupError:
            return


@asynccontextmanager
async def connect(
    argv: Sequence[str],
    cwd: Path,
    env: Mapping[str, str] | None = None,
    *,
    log_file: Path | None = None,
) -> AsyncGenerator[Client]:
    """Start a server and speak to it; at the end it is gone and reaped.

    Its stderr is kept for error messages and, with `log_file`, appended there. It runs in a session of its own: Ctrl-C
    in a terminal reaches the client alone, which decides what happens. Raises ServerGoneError when it can't be started.
    """
    try:
        process = await anyio.open_process(
            list(argv), cwd=cwd, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )
    except OSError as error:
        raise ServerGoneError(f"the server {argv[0]!r} could not be started: {error.strerror}") from None
    server = ServerProcess(process, log_file)
    assert process.stdin is not None  # noqa: S101 - they were asked for
    assert process.stdout is not None  # noqa: S101 - as above
    async with process, anyio.create_task_group() as tasks:
        tasks.start_soon(server.keep_stderr)
        async with connected(process.stdout, process.stdin, server.tail, server.settle) as client:
            client.closes_with(lambda: server.end(client))
            try:
                yield client
            finally:
                await client.close()
        tasks.cancel_scope.cancel()
