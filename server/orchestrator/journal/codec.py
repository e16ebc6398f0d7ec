"""Events as bytes, and the hash that ties each to the one before it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, TypeVar

import msgspec

from orchestrator.domain.events import EVENT_TYPES, Event
from orchestrator.ports.journal import JournalError

_Value = TypeVar("_Value")

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Largest event; a plan of 10,000 tasks is a tenth of it."""

GENESIS = sha256(b"opencode-orchestrator journal 1").digest()
"""What the first event's hash is chained to."""

_encode = msgspec.json.Encoder().encode
_DECODERS: dict[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()
}
_CODECS = {kind: (name, _DECODERS[name]) for name, kind in EVENT_TYPES.items()}


def encode(event: Event) -> tuple[str, bytes]:
    """The event's name and JSON body.

    The body is read back before it is accepted, because an event that can't be read is worse than one refused. Raises
    JournalError `event_unencodable` or `event_too_large`.
    """
    found = _CODECS.get(type(event))
    if found is None:
        raise JournalError("event_unencodable", f"{type(event).__name__} is no event that the journal knows")
    name, decoder = found
    try:
        body = pack(event)
        is_faithful = unpack(body, decoder) == event
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise JournalError("event_unencodable", f"event {name} can't be written: {error}") from error
    if not is_faithful:
        raise JournalError("event_unencodable", f"event {name} would read back differently than it was written")
    if len(body) > MAX_BODY_BYTES:
        raise JournalError("event_too_large", f"event {name} has {len(body)} bytes; at most {MAX_BODY_BYTES} are kept")
    return name, body


def decode(name: str, body: bytes) -> Event:
    """The event that `encode` wrote. Raises JournalError `journal_corrupt` for anything else."""
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise JournalError("journal_corrupt", f"event type {name!r} is unknown", "a newer server may have written it")
    try:
        return unpack(body, decoder)
    except (ValueError, RecursionError) as error:
        raise JournalError("journal_corrupt", f"the body of a {name} event does not fit: {error}") from error


def link(previous: bytes, envelope: tuple[int, str, int, str], body: bytes) -> bytes:
    """SHA-256 over the previous hash and the canonical bytes of (seq, mission_id, at_ms, type) and body.

    JSON keeps raw line feeds out of the first part, so no two events share their canonical bytes.
    """
    return sha256(b"%b%b\n%b" % (previous, _encode(envelope), body)).digest()


def pack(value: object) -> bytes:
    """JSON of plain data. Raises msgspec.MsgspecError, TypeError, ValueError or RecursionError for anything else."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        # A path that is not UTF-8 arrives as lone surrogates; only escaped JSON can hold those.
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode("ascii")


def unpack(body: bytes, decoder: msgspec.json.Decoder[_Value]) -> _Value:
    """What `pack` wrote. Raises ValueError or RecursionError for anything else."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        plain: Any = json.loads(body)
        return msgspec.convert(plain, decoder.type)
