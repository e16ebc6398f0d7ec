"""Events as bytes, and the hash that ties each to the one before it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from orchestrator.domain.events import EVENT_NAMES, EVENT_TYPES, Event
from orchestrator.ports.journal import JournalError

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Largest event; a plan of 10,000 tasks is a tenth of it."""

GENESIS = hashlib.sha256(b"opencode-orchestrator journal 1").digest()
"""What the first event's hash is chained to."""

_DECODERS: dict[str, msgspec.json.Decoder[Event]] = {
    name: msgspec.json.Decoder(kind) for name, kind in EVENT_TYPES.items()
}


def encode(event: Event) -> tuple[str, bytes]:
    """The event's name and JSON body.

    The body is read back before it is accepted, because an event that can't be read is worse than one refused. Raises
    JournalError `event_unencodable` or `event_too_large`.
    """
    name = EVENT_NAMES.get(type(event))
    if name is None:
        raise JournalError("event_unencodable", f"{type(event).__name__} is no event that the journal knows")
    try:
        body = _dump(event)
        is_faithful = decode(name, body) == event
    except (msgspec.MsgspecError, JournalError, TypeError, ValueError, OverflowError, RecursionError) as error:
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
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise JournalError("journal_corrupt", f"the body of a {name} event does not fit: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_surrogates(name, body)


def link(previous: bytes, facts: tuple[int, str, int, str, bytes]) -> bytes:
    """SHA-256 over the previous hash and the canonical bytes of seq, mission_id, at_ms, type and body.

    JSON keeps raw line feeds out of the first part, so no two events share their canonical bytes.
    """
    *envelope, body = facts
    return hashlib.sha256(b"%b%b\n%b" % (previous, msgspec.json.encode(envelope), body)).digest()


def _dump(event: Event) -> bytes:
    try:
        return msgspec.json.encode(event)
    except UnicodeEncodeError:
        # A path that is not UTF-8 arrives as lone surrogates; only escaped JSON can hold those.
        return json.dumps(msgspec.to_builtins(event), separators=(",", ":")).encode("ascii")


def _decode_surrogates(name: str, body: bytes) -> Event:
    try:
        plain: Any = json.loads(body)
        return msgspec.convert(plain, EVENT_TYPES[name])
    except (ValueError, RecursionError) as error:
        raise JournalError("journal_corrupt", f"the body of a {name} event is no JSON: {error}") from error
