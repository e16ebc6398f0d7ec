"""Finding all secrets of a text and putting their kind in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestrator.redaction.context import contextual
from orchestrator.redaction.own import own_secrets
from orchestrator.redaction.pem import private_keys
from orchestrator.redaction.span import Span
from orchestrator.redaction.vendors import vendor_tokens

OWN_KIND = "environment"


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its secrets, and how many were taken out."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class RedactedBytes:
    """Bytes without their secrets, and how many were taken out."""

    data: bytes
    count: int


def redact(text: str, own: tuple[bytes, ...] | None = None) -> Redacted:
    """The text with `[redacted:<kind>]` for each secret. Lone surrogates survive. See `redact_bytes`."""
    found = redact_bytes(text.encode("utf-8", "surrogatepass"), own)
    return Redacted(found.data.decode("utf-8", "surrogatepass"), found.count) if found.count else Redacted(text, 0)


def redact_bytes(data: bytes, own: tuple[bytes, ...] | None = None) -> RedactedBytes:
    """The same for bytes in any encoding that holds ASCII.

    `own` are exact values to take out; by default those of this process's environment. Redacting twice changes nothing.
    """
    spans = _merged(_spans(data, own_secrets() if own is None else own))
    if not spans:
        return RedactedBytes(data, 0)
    parts: list[bytes] = []
    reached = 0
    for span in spans:
        parts += (data[reached : span.start], b"[redacted:%s]" % span.kind.encode())
        reached = span.end
    parts.append(data[reached:])
    return RedactedBytes(b"".join(parts), len(spans))


def _spans(data: bytes, own: Iterable[bytes]) -> Iterator[Span]:
    for value in own:
        position = data.find(value)
        while position >= 0:
            yield Span(position, position + len(value), OWN_KIND)
            position = data.find(value, position + len(value))
    yield from private_keys(data)
    yield from vendor_tokens(data)
    yield from contextual(data)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Without overlaps, in order. Where two overlap, the one that begins first gives the kind, both the extent."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            merged.append(span)
    return merged
