"""The long way into `orchestrator serve`: everything that may come before an `initialize` that names a folder.

Answers what can be answered without a workspace, tells a client why its workspace can't be reached, as often as it
tries, and lets it through as soon as there is a server for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import anyio
from anyio import to_thread
from anyio.abc import ByteReceiveStream, ByteSendStream

from orchestrator.errors import OrchestratorError
from orchestrator.rpc import message
from orchestrator.rpc.dispatch import Dispatcher, Work
from orchestrator.rpc.initialize import InitializeParams, checked_hello
from orchestrator.rpc.io import frame
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.outbox import Outbox
from orchestrator.rpc.reading import MessageLoop

_Way = TypeVar("_Way")


@dataclass(frozen=True, slots=True)
class Passed(Generic[_Way]):
    """A client that may go on: `ahead` is its `initialize` and what was read after it.

    `way` is what `find_way` answered for its folder, None for a client without one.
    """

    ahead: bytes
    way: _Way | None


async def pass_gate(
    receive: ByteReceiveStream,
    send: ByteSendStream,
    find_way: Callable[[Path, int], _Way],
    limits: Limits = DEFAULT,
) -> Passed[_Way] | None:
    """Serve a client until it may go on; None when it has left before.

    `find_way` takes the folder and how many bytes will go `ahead`; it runs in a thread and may raise OrchestratorError,
    which the client is told.
    """
    outbox = Outbox(limits)
    passed: Passed[_Way] | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(outbox.run, send)
        gate = _Gate(outbox, Dispatcher(outbox, tasks, routes={}, notes={}, limits=limits), find_way, limits)
        with anyio.CancelScope() as reading:
            gate.reading = reading
            await gate.loop.run(receive)
        passed = gate.passed
        outbox.finish()
    return passed


class _Gate(Generic[_Way]):
    def __init__(
        self, outbox: Outbox, dispatcher: Dispatcher, find_way: Callable[[Path, int], _Way], limits: Limits
    ) -> None:
        self._outbox = outbox
        self._dispatcher = dispatcher
        self._find_way = find_way
        self._limits = limits
        self.loop = MessageLoop(self._handle, outbox, limits)
        self.passed: Passed[_Way] | None = None
        self.reading = anyio.CancelScope()

    def _handle(self, body: bytes) -> Work | None:
        found = message.parse(body, self._limits.nesting)
        if isinstance(found, message.Notification) and found.method == "exit":
            self.reading.cancel()
            return None
        if not isinstance(found, message.Request) or found.method != "initialize":
            return self._dispatcher.handle(body)
        try:
            hello = checked_hello(found.params)
        except (OrchestratorError, ValueError) as error:
            self._refuse(found.id, error)
            return None
        return partial(self._let_through, found.id, body, hello)

    async def _let_through(self, request_id: message.Id, body: bytes, hello: InitializeParams) -> None:
        ahead = frame(body) + self.loop.rest()
        if hello.root is None:
            self.passed = Passed(ahead, None)
        else:
            try:
                way = await to_thread.run_sync(self._find_way, hello.root, len(ahead))
            except OrchestratorError as error:
                self._refuse(request_id, error)
                self.loop.put_back(ahead[len(frame(body)) :])
                return
            self.passed = Passed(ahead, way)
        self.loop.stop()

    def _refuse(self, request_id: message.Id, error: OrchestratorError | ValueError) -> None:
        if isinstance(error, OrchestratorError):
            self._outbox.put(message.encode_error(request_id, error.code, error.message, error.hint))
        else:
            self._outbox.put(message.encode_error(request_id, "invalid_params", "text in params is no UTF-8"))
