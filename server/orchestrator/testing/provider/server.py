"""The HTTP server: one thread a connection, loopback only, ends at once when asked to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Final, cast

from orchestrator.testing.provider import anthropic_wire, openai_wire
from orchestrator.testing.provider.exchange import Answer, Call, Failure, Json, Policy

MAX_BODY_BYTES: Final = 64_000_000
MAX_KEPT_CALLS: Final = 10_000
_WIRES: dict[str, ModuleType] = {"/v1/chat/completions": openai_wire, "/v1/messages": anthropic_wire}


class FakeProvider:
    """A provider that listens. `url` is the base for OpenAI's clients; Anthropic's take `root_url`."""

    def __init__(self, policy: Policy, models: tuple[str, ...] = (), port: int = 0) -> None:
        """Bind to loopback; port 0 takes a free one. `models` are what `GET /v1/models` lists."""
        self.policy = policy
        self.models = models
        self.closing = threading.Event()
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._number = 0
        self._server = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def root_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The base of OpenAI's protocol."""
        return f"{self.root_url}/v1"

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls so far, the newest MAX_KEPT_CALLS of them."""
        with self._lock:
            return tuple(self._calls)

    def next_number(self) -> int:
        """The number of the next call."""
        with self._lock:
            self._number += 1
            return self._number

    def keep(self, call: Call) -> None:
        """Remember a call."""
        with self._lock:
            self._calls = [*self._calls, call][-MAX_KEPT_CALLS:]

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; connections that stall are dropped."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def serving(policy: Policy, models: tuple[str, ...] = ()) -> Generator[FakeProvider]:
    """A provider that answers while the context lasts."""
    provider = FakeProvider(policy, models)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], provider: FakeProvider) -> None:
        super().__init__(address, _Handler)
        self.provider = provider

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that leave in the middle are what tests do."""


class _Dropped(Exception):
    """The connection ends here, as the answer says."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300

    @property
    def _provider(self) -> FakeProvider:
        return cast("_Server", self.server).provider

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""

    def do_GET(self) -> None:
        """Models, and the calls so far for programs that can't look into this process."""
        provider = self._provider
        if self.path.startswith("/v1/models"):
            rows = [{"id": name, "object": "model", "type": "model", "display_name": name} for name in provider.models]
            self._send(200, json.dumps({"object": "list", "data": rows, "has_more": False}))
        elif self.path == "/calls":
            self._send(200, json.dumps([call.body for call in provider.calls]))
        else:
            self._send(404, '{"error": {"message": "not found"}}')

    def do_POST(self) -> None:
        """One call."""
        body = self._body()
        wire = _WIRES.get(self.path.partition("?")[0])
        if wire is None or body is None:
            self._send(404 if wire is None else 400, '{"error": {"message": "no such path, or no JSON"}}')
            return
        provider = self._provider
        try:
            call = cast("Call", wire.read_call(provider.next_number(), body, self._key()))
        except (KeyError, TypeError, ValueError) as error:
            refused = Failure(400, "invalid_request_error", f"{type(error).__name__}: {error}")
            self._send(400, wire.failure_body(refused))
            return
        provider.keep(call)
        reply = provider.policy(call)
        try:
            self._answer(wire, call, reply)
        except (_Dropped, OSError):
            self.close_connection = True

    def _key(self) -> str:
        return self.headers.get("x-api-key") or (self.headers.get("authorization") or "").removeprefix("Bearer ")

    def _body(self) -> Json | None:
        size = int(self.headers.get("content-length") or 0)
        if size > MAX_BODY_BYTES:
            return None
        try:
            body = json.loads(self.rfile.read(size))
        except ValueError:
            return None
        return cast("Json", body) if isinstance(body, dict) else None

    def _answer(self, wire: ModuleType, call: Call, reply: Answer | Failure) -> None:
        if isinstance(reply, Failure):
            headers = _retry_after(reply.retry_after_s)
            kind = "text/html" if reply.body else "application/json"
            self._send(reply.status, reply.body or wire.failure_body(reply), headers, kind)
            return
        self._wait(reply.first_delay_s)
        if call.is_streaming:
            self._stream(wire.stream(call, reply), reply)
        elif reply.cut_after is not None:
            self.send_response(200)
            self.send_header("content-length", "100000")
            self.end_headers()
            self._drop()
        else:
            self._wait(reply.chunk_delay_s + (0 if reply.stall_after is None else 86_400))
            self._send(200, wire.whole(call, reply))

    def _stream(self, events: Iterable[str], answer: Answer) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for count, event in enumerate(events):
            if count == answer.cut_after:
                self._drop()
            if count == answer.stall_after:
                self._wait(86_400)
            self._wait(answer.chunk_delay_s)
            data = event.encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _drop(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        raise _Dropped

    def _wait(self, seconds: float) -> None:
        if seconds > 0 and self._provider.closing.wait(seconds):
            raise _Dropped

    def _send(
        self, status: int, body: str, headers: dict[str, str] | None = None, kind: str = "application/json"
    ) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _retry_after(wait_s: float | None) -> dict[str, str]:
    """As providers say it: whole seconds in the standard header, less in the header of OpenAI and Anthropic."""
    if wait_s is None:
        return {}
    return (
        {"retry-after": str(int(wait_s))} if wait_s == int(wait_s) else {"retry-after-ms": str(round(wait_s * 1_000))}
    )
