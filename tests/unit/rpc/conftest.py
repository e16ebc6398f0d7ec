"""A connection in memory: a real server loop and a real client over two in-memory byte streams."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from anyio.abc import ByteReceiveStream, ByteSendStream
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

sys.path.insert(0, str(Path(__file__).parents[2] / "conformance"))

from fake_service import (  # pyright: ignore[reportMissingImports] - the conformance tests share it
    FakeService,
    WordLinter,
    open_fake,
)

from orchestrator.client.connection import Client, connected
from orchestrator.rpc.limits import DEFAULT, Limits
from orchestrator.rpc.server import serve


class Reader(ByteReceiveStream):
    def __init__(self, source: MemoryObjectReceiveStream[bytes]) -> None:
        self._source = source
        self._rest = b""

    async def receive(self, max_bytes: int = 65_536) -> bytes:
        data = self._rest or await self._source.receive()
        self._rest = data[max_bytes:]
        return data[:max_bytes]

    async def aclose(self) -> None:
        self._source.close()


class Writer(ByteSendStream):
    def __init__(self, sink: MemoryObjectSendStream[bytes]) -> None:
        self._sink = sink

    async def send(self, item: bytes) -> None:
        await self._sink.send(item)

    async def aclose(self) -> None:
        self._sink.close()


def pipe(size: int = 0) -> tuple[Reader, Writer]:
    """One direction; `size` chunks may wait."""
    sink, source = anyio.create_memory_object_stream[bytes](size)
    return Reader(source), Writer(sink)


@dataclass
class Pair:
    client: Client
    service: FakeService
    to_server: Writer


@asynccontextmanager
async def paired(root: Path, limits: Limits = DEFAULT) -> AsyncGenerator[Pair]:
    service = FakeService()
    server_in, client_out = pipe(8)
    client_in, server_out = pipe(8)
    async with anyio.create_task_group() as tasks:

        async def run() -> None:
            await serve(
                server_in,
                server_out,
                open_service=lambda r: open_fake(r, service),
                make_linter=WordLinter,
                limits=limits,
            )
            await server_out.aclose()

        tasks.start_soon(run)
        async with connected(client_in, client_out) as client:
            await client.initialize(root)
            yield Pair(client, service, client_out)
        await client_out.aclose()
        await server_in.aclose()
        await client_in.aclose()
    await server_out.aclose()
    assert service.is_closed


@pytest.fixture
def pair() -> Callable[..., AbstractAsyncContextManager[Pair]]:
    return paired


@pytest.fixture
def fake() -> tuple[FakeService, Callable[..., AbstractAsyncContextManager[FakeService]]]:
    """A service, and what opens it."""
    service = FakeService()
    return service, lambda root: open_fake(root, service)


@pytest.fixture(name="pipe")
def pipe_fixture() -> Callable[..., tuple[Reader, Writer]]:
    return pipe
