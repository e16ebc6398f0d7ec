"""The caps and deadlines of one connection, by name."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound of a connection. Sizes in bytes, times in seconds.

    `outbox_bytes` is how much may wait for a client that reads slowly; above half of it nothing more is read from that
    client. Above `event_bytes` it gets no events until a quarter of that is left (summaries go on). `slow_reader_s` is
    how long it may take nothing at all, `farewell_s` how long it then gets to read the reason. `drain_s` is how long
    requests under way get after the client has closed its side, `flush_s` how long their replies may take to leave.
    `round_frames` is how many messages of one client are taken before the others have their turn.
    """

    frame_bytes: int = 64 * MEBIBYTE
    header_bytes: int = 8_192
    incomplete_frame_s: float = 30.0
    nesting: int = 128
    pending_requests: int = 256
    pending_calls: int = 1_024
    round_frames: int = 16
    outbox_bytes: int = 96 * MEBIBYTE
    event_bytes: int = 8 * MEBIBYTE
    slow_reader_s: float = 30.0
    farewell_s: float = 1.0
    drain_s: float = 5.0
    flush_s: float = 5.0
    client_poll_s: float = 2.0
    client_reply_s: float = 10.0


DEFAULT = Limits()
"""What a server uses."""
