"""Framing over a stream that cuts bytes anywhere, and that holds anything."""

from __future__ import annotations

import random
from dataclasses import replace

import anyio
import pytest

from orchestrator.rpc.io import FrameReader, FramingError, frame
from orchestrator.rpc.limits import DEFAULT

pytestmark = pytest.mark.anyio


async def read_all(pipe, data: bytes, sizes: list[int], limits=DEFAULT) -> list[bytes]:
    receive, send = pipe(1_000_000)
    at = 0
    for size in sizes:
        await send.send(data[at : at + size])
        at += size
    await send.send(data[at:] or b"\n")
    await send.aclose()
    reader = FrameReader(receive, limits)
    found = []
    try:
        while (body := await reader.next()) is not None:
            found.append(body)
    finally:
        await receive.aclose()
    return found


@pytest.mark.parametrize("seed", range(30))
async def test_frames_survive_any_cut(pipe, seed) -> None:
    chance = random.Random(seed)  # noqa: S311 - seeded tests
    bodies = [bytes(chance.randrange(256) for _ in range(chance.randrange(300))) for _ in range(10)]
    data = b"".join(frame(body) for body in bodies)
    sizes = [chance.randrange(1, 40) for _ in range(len(data) // 40)]
    assert await read_all(pipe, data, sizes) == bodies


@pytest.mark.parametrize("seed", range(300))
async def test_garbage_raises_framing_errors_alone(pipe, seed) -> None:
    chance = random.Random(seed)  # noqa: S311 - seeded tests
    parts = [
        b"Content-Length",
        b":",
        b" ",
        b"\r\n",
        b"\n",
        b"\r",
        b"5",
        b"12345",
        b"{}",
        b"x",
        b"\x00",
        b"-1",
        b"hello",
    ]
    data = b"".join(chance.choice(parts) for _ in range(chance.randrange(60)))
    try:
        assert all(len(body) <= len(data) for body in await read_all(pipe, data, []))
    except FramingError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"Content-Length: 11\r\n\r\n", "larger than the cap of 10"),
        (b"Content-Length: 5\r\n\r\nabc", "inside a frame"),
        (b"Content-Len", "inside a frame's header"),
        (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "differ"),
        (b"X: " + b"y" * 9_000, "longer than 8192"),
        (b"Content-Length: -5\r\n\r\n", "not a whole number"),
        (b"Content-Length: many\r\n\r\n", "not a whole number"),
        (b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n", "not a whole number"),
        (b"Content-Type: x\r\n\r\n", "no Content-Length"),
        (b"Content-Length: 0x1\r\n\r\n", "not a whole number"),
        (b"Content-Length: \xb2\r\n\r\n", "not a whole number"),
    ],
)
async def test_reasons(pipe, data, reason) -> None:
    with pytest.raises(FramingError, match=reason):
        await read_all(pipe, data, [], replace(DEFAULT, frame_bytes=10))


async def test_the_deadline_counts_inside_a_frame_only(pipe) -> None:
    receive, send = pipe(10)
    reader = FrameReader(receive, replace(DEFAULT, incomplete_frame_s=0.1))
    with anyio.move_on_after(0.3) as idle:
        await reader.next()
    assert idle.cancelled_caught
    await send.send(b"Content-Length: 3\r\n\r\nab")
    with pytest.raises(FramingError, match="nothing arrived"):
        await reader.next()
    await send.aclose()
    await receive.aclose()
