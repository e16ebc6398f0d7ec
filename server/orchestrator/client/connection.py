"""One connection to a server, seen from the client."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from pydantic import ValidationError

from orchestrator import __version__
from orchestrator.client.errors import RemoteError, ServerGoneError
from orchestrator.rpc import message
from orchestrator.rpc.io import FrameReader, FramingError
from orchestrator.rpc.limits import DEFAULT
from orchestrator.rpc.outbox import Outbox
from orchestrator_protocol.event import MissionEvent, MissionEventsParams
from orchestrator_protocol.methods import REQUESTS
from orchestrator_protocol.progress import EventsDropped
from orchestrator_protocol.wire import RequestParams, ResultT

EVENT_BUFFER = 10_000
"""Events that may wait to be looked at; those beyond are dropped and read again from the server."""

ErrorTail = Callable[[], str]
Closer = Callable[[], Awaitable[None]]
Settle = Callable[[], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Call:
    done: anyio.Event = field(default_factory=anyio.Event)
    reply: message.Response | None = None


class Client:
    """Typed requests and events over one pair of byte streams. Made by `connected` or `connect`."""

    def __init__(self, stderr_tail: ErrorTail = str) -> None:
        self._outbox = Outbox()
        self._calls: dict[message.Id, _Call] = {}
        self._call_count = 0
        self._newest_seq = 0
        self._gone = ""
        self._closer: Closer | None = None
        self._stderr_tail = stderr_tail
        self._event_sink: MemoryObjectSendStream[MissionEvent | None]
        self._event_source: MemoryObjectReceiveStream[MissionEvent | None]
        self._event_sink, self._event_source = anyio.create_memory_object_stream[MissionEvent | None](EVENT_BUFFER)
        self.ended = anyio.Event()
        """Set when the server has closed its side."""

    @property
    def end_reason(self) -> str:
        """Why the connection has ended, in words; "" while it stands."""
        return self._gone or self._outbox.closed_reason

    async def initialize(self, workspace: Path | None) -> dict[str, Any]:
        """Open a workspace; the server's answer. Raises RemoteError when it can't be opened."""
        params = {
            "processId": os.getpid(),
            "clientInfo": {"name": "orchestrator", "version": __version__},
            "rootUri": Path(os.path.abspath(workspace)).as_uri() if workspace else None,  # noqa: ASYNC240, PTH100 - no I/O
            "capabilities": {"general": {"positionEncodings": ["utf-8"]}},
        }
        answer = cast("dict[str, Any]", await self.call("initialize", params))
        self.notify("initialized", {})
        return answer

    async def request(self, params: RequestParams[ResultT]) -> ResultT:
        """Ask, by the params' type, and wait. Raises RemoteError or ServerGoneError."""
        method = REQUESTS[type(params)]
        result = await self.call(method.name, params)
        try:
            return cast("type[ResultT]", method.result).model_validate(result)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            place = ".".join(map(str, problem["loc"]))
            raise ServerGoneError(
                f"the server's answer to {method.name} does not fit: {place}: {problem['msg']}"
            ) from None

    async def call(self, method: str, params: object) -> object:
        """Ask by name, with JSON data; the result as JSON data. Cancelling tells the server."""
        self._raise_if_gone()
        self._call_count += 1
        call_id = self._call_count
        call = self._calls[call_id] = _Call()
        try:
            self._outbox.put(message.encode_call(method, params, call_id))
            await call.done.wait()
        except BaseException:
            self.notify("$/cancelRequest", {"id": call_id})
            raise
        finally:
            del self._calls[call_id]
        if call.reply is None:
            self._raise_if_gone()
            raise ServerGoneError("the server ended before it answered", self._stderr_tail())
        if call.reply.error is not None:
            raise RemoteError.of(call.reply.error)
        return call.reply.result

    def notify(self, method: str, params: object) -> None:
        """Tell the server something that it does not answer."""
        self._outbox.put(message.encode_call(method, params))

    @property
    def notifications(self) -> AsyncGenerator[MissionEvent]:
        """Events from now on, in order, each once; ends with the connection.

        One that was dropped because this side was slow is read from the server when the gap is seen.
        """
        return self._live(None, "")

    async def follow(self, after_seq: int = 0, mission_id: str = "") -> AsyncGenerator[MissionEvent]:
        """Events after a sequence number, of one mission or ("") of all: first those that were, then as they come.

        In order, each once; ends with the connection. Raises RemoteError and ServerGoneError while it catches up.
        """
        last_seq = after_seq
        async for earlier in self._earlier(after_seq, mission_id):
            last_seq = earlier.seq
            yield earlier
        async for event in self._live(last_seq, mission_id):
            yield event

    async def _live(self, last_seq: int | None, mission_id: str) -> AsyncGenerator[MissionEvent]:
        """Events as they come, and what was missed between two of them. With None nothing before the first."""
        while True:
            try:
                event = await self._next_event(last_seq)
            except anyio.EndOfStream:
                return
            reached_seq = event.seq - 1 if event else self._newest_seq
            if last_seq is not None and last_seq < reached_seq and not self._gone:
                async for missed in self._earlier(last_seq, mission_id):
                    last_seq = missed.seq
                    yield missed
                last_seq = max(last_seq, reached_seq)
            if event and event.seq > (last_seq or 0):
                last_seq = event.seq
                if not mission_id or event.mission_id == mission_id:
                    yield event

    async def _next_event(self, last_seq: int | None) -> MissionEvent | None:
        """The next one that came; None when there are others to be read from the server first."""
        try:
            return self._event_source.receive_nowait()
        except anyio.WouldBlock:
            if last_seq is not None and last_seq < self._newest_seq and not self._gone:
                return None
        return await self._event_source.receive()

    async def _earlier(self, after_seq: int, mission_id: str) -> AsyncGenerator[MissionEvent]:
        """Events of the past, page by page, until there is none."""
        while page := (await self.request(MissionEventsParams(after_seq=after_seq, mission_id=mission_id))).events:
            for event in page:
                yield event
            after_seq = page[-1].seq

    def _raise_if_gone(self) -> None:
        if reason := self._gone or self._outbox.closed_reason:
            raise ServerGoneError(reason, self._stderr_tail())

    async def read(self, stream: ByteReceiveStream, settle: Settle | None = None) -> None:
        """Take the server's messages until it closes its side; then everyone who waits is told."""
        reader = FrameReader(stream)
        try:
            while (body := await reader.next()) is not None:
                self._take(message.parse(body, DEFAULT.nesting))
            self._gone = self._gone or "the server has ended"
            if settle:
                await settle()
        except FramingError as error:
            self._gone = f"the server's answer can't be read: {error}"
        finally:
            self._gone = self._gone or "the connection was closed"
            self.ended.set()
            self._event_sink.close()
            for call in self._calls.values():
                call.done.set()

    async def write(self, stream: ByteSendStream) -> None:
        """Send what was asked until finished."""
        await self._outbox.run(stream)

    def finish(self) -> None:
        """Send what waits and then nothing more."""
        self._outbox.finish()

    def closes_with(self, closer: Closer) -> None:
        """What `close` shall do to the other side."""
        self._closer = closer

    async def close(self) -> None:
        """End the server in order and wait until it is reaped. A second call does nothing."""
        closer, self._closer = self._closer, None
        if closer:
            await closer()

    def close_streams(self) -> None:
        """Free the event buffer."""
        self._event_sink.close()
        self._event_source.close()

    def _take(self, received: message.Message) -> None:
        match received:
            case message.Response(call_id, None, error) if call_id is None and error is not None:
                self._gone = f"the server gave the connection up: {RemoteError.of(error).message}"
            case message.Response():
                call = self._calls.get(received.id) if isinstance(received.id, int | str) else None
                if call:
                    call.reply = received
                    call.done.set()
            case message.Request():
                self._outbox.put(
                    message.encode_error(received.id, "method_not_found", "this client serves no requests")
                )
            case message.Notification("mission/event", params):
                self._take_event(params)
            case message.Notification("mission/eventsDropped", params):
                self._take_dropped(params)
            case _:
                pass

    def _take_event(self, params: object) -> None:
        try:
            event = MissionEvent.model_validate(params)
            self._newest_seq = max(self._newest_seq, event.seq)
            self._event_sink.send_nowait(event)
        except (anyio.WouldBlock, anyio.BrokenResourceError, anyio.ClosedResourceError, ValidationError):
            return  # the gap is seen with the next event that is looked at

    def _take_dropped(self, params: object) -> None:
        """The server left events out; whoever waits for one is woken and reads them."""
        try:
            self._newest_seq = max(self._newest_seq, EventsDropped.model_validate(params).last_seq)
            self._event_sink.send_nowait(None)
        except (anyio.WouldBlock, anyio.BrokenResourceError, anyio.ClosedResourceError, ValidationError):
            return


@asynccontextmanager
async def connected(
    receive: ByteReceiveStream, send: ByteSendStream, stderr_tail: ErrorTail = str, settle: Settle | None = None
) -> AsyncGenerator[Client]:
    """A client over streams that are open already; they are left open."""
    client = Client(stderr_tail)
    serving = anyio.CancelScope(shield=True)
    """Lives until the user of the client is done, also with ending the server after a cancellation."""

    async def converse() -> None:
        with serving:
            async with anyio.create_task_group() as both:
                both.start_soon(client.read, receive, settle)
                both.start_soon(client.write, send)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(converse)
        try:
            yield client
        finally:
            serving.cancel()
            client.close_streams()
