"""Private keys in PEM: whole, over many lines or escaped in one, and cut at either end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.redaction.span import Span

KIND = "private-key"
_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(rb"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# What stands before a line of a key that a diff, a log or a listing shows.
_LEAD = rb"[ \t]*(?:[>+|#*-]|\d{1,6}[:|]?[ \t]|//|E[ \t])?[ \t]*[\"']?"
# Anything else that is short, before a line that is nothing but base64.
_ANY_LEAD = rb"[^\r\n\\]{0,60}?(?<![A-Za-z0-9+/=])"
_BREAK = rb"(?:\\r)?(?:\\n|\r?\n|\r)"
_HEADER = rb"(?:Proc-Type|DEK-Info|Version|Comment):[^\r\n\\]{0,120}"
_LINE = re.compile(
    rb"[\"']?[ \t]*[+,]?[ \t]*"
    + _BREAK
    + rb"(?:"
    + _LEAD
    + rb"(?:[A-Za-z0-9+/=]{16,}|"
    + _HEADER
    + rb"|(?=\r?\n))|"
    + _ANY_LEAD
    + rb"[A-Za-z0-9+/=]{40,}(?=[ \t\"',]*(?:[\r\n\\]|\Z)))"
)
_FIRST = re.compile(rb"[ \t]*[A-Za-z0-9+/]{16,}={0,2}(?:[ \t]+[A-Za-z0-9+/=]{16,})*")
_CLOSE = re.compile(
    rb"(?:[\"'+, \t]{0,4}" + _BREAK + rb"[^\r\n\\]{0,160}|[ \t]+[A-Za-z0-9+/=]{0,100})?[\"'+, \t]{0,4}"
    rb"(?:" + _BREAK + rb"[^\r\n\\]{0,60}?|" + _LEAD + rb")" + _END.pattern
)
_REST = re.compile(rb"(?:[\"'+,\s]{0,40}" + _LEAD + rb"(?:[A-Za-z0-9+/=]{1,100}|-{1,5}[A-Z -]{0,60}))?\s*")
_TAIL_LINE = re.compile(_LEAD + rb"[A-Za-z0-9+/]{16,}={0,2}(?:\\n)?[\"']?[ \t]*[+,]?[ \t]*\r?")


def private_keys(data: bytes) -> Iterator[Span]:
    """The keys, headers and ends included where a body stands with them."""
    reached = 0
    position = data.find(b"-----BEGIN ")
    while position >= 0:
        begin = _BEGIN.match(data, position)
        reached = position + 11
        if begin is not None:
            end = _body_end(data, begin.end())
            if end > begin.end():
                yield Span(begin.start(), end, KIND)
                reached = end
        position = data.find(b"-----BEGIN ", reached)
    yield from _tails(data)


def is_open(data: bytes) -> int:
    """Where a key begins whose end has not come yet and whose lines reach the end of the data; -1 for none."""
    position = data.rfind(b"-----BEGIN ")
    if position < 0:
        return -1
    begin = _BEGIN.match(data, position)
    if begin is None:
        return -1
    end = _body_end(data, begin.end())
    if _END.search(data, begin.end(), end):
        return -1
    return position if _REST.fullmatch(data, end) else -1


def continues(line: bytes) -> bool:
    """Whether a line could be one more of a key."""
    return bool(_TAIL_LINE.fullmatch(line.rstrip(b"\n")))


def end_of_key(line: bytes) -> int:
    """Where the end mark of a key in a line stops; 0 when there is none."""
    found = _END.search(line)
    return found.end() if found else 0


def _body_end(data: bytes, position: int) -> int:
    """Where the lines of a key that begin here stop, its end mark included; `position` when there are none."""
    start = position
    first = _FIRST.match(data, position)
    position = first.end() if first else position
    has_body = first is not None
    while (line := _LINE.match(data, position)) is not None:
        has_body = has_body or len(line.group().strip()) >= 16
        position = line.end()
    if not has_body:
        return start
    close = _CLOSE.match(data, position)
    return close.end() if close is not None else position


def _tails(data: bytes) -> Iterator[Span]:
    """The lines before an end mark whose beginning was cut off."""
    floor = 0
    position = data.find(b"-----END ")
    while position >= 0:
        stop = _END.match(data, position)
        if stop is not None:
            start = data.rfind(b"\n", floor, position) + 1
            first = start = max(start, floor)
            while start > floor:
                before = max(data.rfind(b"\n", floor, start - 1) + 1, floor)
                is_short = first == start and start - before < 120
                if not _TAIL_LINE.fullmatch(data, before, start - 1) and not (
                    is_short and _is_rest(data, before, start)
                ):
                    break
                start = before
            if start < first:
                yield Span(start, stop.end(), KIND)
            floor = stop.end()
        position = data.find(b"-----END ", position + 9)


def _is_rest(data: bytes, start: int, end: int) -> bool:
    """Whether a line is the short last one of a key."""
    line = data[start:end].strip()
    return bool(line) and re.fullmatch(rb"[A-Za-z0-9+/]{1,80}={1,2}", line) is not None
