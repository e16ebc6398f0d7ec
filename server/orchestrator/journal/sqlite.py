"""The three calls of apsw that the journal makes, typed."""
# pyright: reportUnknownMemberType=false
# Reason: apsw's stubs name `Buffer`, which Python 3.11 lacks, so its signatures are partly unknown.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import apsw

Value = int | str | bytes


def run(connection: apsw.Connection, statements: str, values: Sequence[Value] = ()) -> Iterator[tuple[Any, ...]]:
    """Execute; rows come as they are iterated. Raises apsw.Error, then or here."""
    return connection.execute(statements, values)


def run_many(connection: apsw.Connection, statement: str, rows: Iterable[Sequence[Value]]) -> None:
    """Execute once a row. Raises apsw.Error."""
    connection.executemany(statement, rows)


def pragma(connection: apsw.Connection, name: str, value: int | str | None = None) -> int | str | None:
    """Set or read a pragma; the first value that SQLite answers. Raises apsw.Error."""
    return connection.pragma(name) if value is None else connection.pragma(name, value)
