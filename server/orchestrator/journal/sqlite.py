"""The calls of apsw that the journal makes, typed."""
# pyright: reportUnknownMemberType=false
# Reason: apsw's stubs name `Buffer`, which Python 3.11 lacks, so its signatures are partly unknown.

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import apsw

Value = int | str | bytes


def run(connection: apsw.Connection, statements: str, values: Sequence[Value] = ()) -> Iterator[tuple[Any, ...]]:
    """Execute; rows come as they are iterated. Raises apsw.Error, then or here."""
    return connection.execute(statements, values)


@contextmanager
def transaction(connection: apsw.Connection, kind: Literal["IMMEDIATE", "DEFERRED"] = "IMMEDIATE") -> Generator[None]:
    """One transaction, rolled back when the block raises; DEFERRED gives reads one consistent view."""
    run(connection, f"BEGIN {kind}")
    try:
        yield
        run(connection, "COMMIT")
    except BaseException:
        if connection.in_transaction:
            run(connection, "ROLLBACK")
        raise


def pragma(connection: apsw.Connection, name: str, value: int | str | None = None) -> int | str | None:
    """Set or read a pragma; the first value that SQLite answers. Raises apsw.Error."""
    return connection.pragma(name) if value is None else connection.pragma(name, value)
