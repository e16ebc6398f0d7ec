"""The writer, its line and its files when something goes wrong: every caller is told, and told the truth."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import apsw
import pytest

from orchestrator.domain import events as e
from orchestrator.journal import line, schema, store, writer
from orchestrator.journal.audit import audit
from orchestrator.journal.files import replace_synced
from orchestrator.journal.head import head_path, load_head
from orchestrator.journal.sqlite import run, transaction
from orchestrator.journal.store import SqliteJournal, open_journal
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

pytestmark = pytest.mark.anyio


@contextmanager
def held(path: Path) -> Iterator[None]:
    """A foreign program holds the database."""
    blocker = apsw.Connection(str(path))
    blocker.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()


async def code_of(journal: SqliteJournal) -> str:
    try:
        await journal.append("m", [e.MissionStarted()])
    except JournalError as error:
        return error.code
    return ""


async def test_a_database_that_is_held_is_a_passing_refusal(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_TIMEOUT_MS", 20)
    async with open_journal(path, clock=clock) as journal:
        with held(path):
            with pytest.raises(JournalError, match="another program holds it") as caught:
                await journal.append("m", [e.MissionStarted()])
            assert caught.value.code == "journal_unwritable"
        assert await code_of(journal) == ""


async def test_a_commit_that_took_is_acknowledged_whatever_fails_behind_it(path: Path, clock: Clock) -> None:
    def fail(*_: object) -> int:
        raise apsw.FullError("no room for a checkpoint")

    async with open_journal(path, clock=clock) as journal:
        connection: Any = journal._writer._connection
        connection.set_wal_hook(fail)
        assert await code_of(journal) == ""
        connection.set_wal_hook(None)
        assert len(await journal.read()) == 1
    assert audit(path).is_intact


async def test_a_writer_that_breaks_says_so_to_all(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise ZeroDivisionError

    async with open_journal(path, clock=clock) as journal:
        monkeypatch.setattr(writer, "link", broken)
        assert await code_of(journal) == "journal_unwritable"
        monkeypatch.undo()
        assert await code_of(journal) == "journal_unwritable", "what it knows of the chain is in doubt"
        with pytest.raises(JournalError, match="report"):
            await asyncio.wrap_future(journal._writer.do(lambda _: None))


async def test_the_head_is_synced_when_the_writer_has_time(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    was_synced = threading.Event()
    real = os.fdatasync

    def sync(fd: int) -> None:
        real(fd)
        synced.append(fd)
        was_synced.set()

    monkeypatch.setattr(os, "fdatasync", sync)
    monkeypatch.setattr(writer, "HEAD_SYNC_S", 0.02)
    async with open_journal(path, clock=clock) as journal:
        assert await code_of(journal) == ""
        assert await anyio.to_thread.run_sync(was_synced.wait, 30)
        monkeypatch.setattr(writer, "HEAD_SYNC_S", 0.0)
        monkeypatch.setattr(writer, "MAX_BATCH_EVENTS", 1)
        before = len(synced)
        assert await asyncio.gather(*[code_of(journal) for _ in range(50)]) == [""] * 50
        assert len(synced) > before, "it is synced without a pause as well"


async def test_work_between_commits_keeps_its_turn(path: Path, clock: Clock) -> None:
    release = threading.Event()
    order: list[str] = []

    def slow(_: apsw.Connection) -> None:
        order.append("begin")
        release.wait(30)

    def quick(connection: apsw.Connection) -> None:
        count = len(list(run(connection, "SELECT 1 FROM events")))
        order.append(f"then {count}")

    async with open_journal(path, clock=clock) as journal:
        first = journal._writer.do(slow)
        calls = [asyncio.create_task(journal.append("m", [e.IterationStarted(n)])) for n in range(3)]
        await asyncio.sleep(0)
        second = journal._writer.do(quick)
        release.set()
        await asyncio.gather(*calls)
        await asyncio.wrap_future(first)
        await asyncio.wrap_future(second)
    assert order == ["begin", "then 3"]


async def test_work_that_fails_changes_nothing(path: Path, clock: Clock) -> None:
    def bad(connection: apsw.Connection) -> None:
        run(connection, "INSERT INTO facts VALUES ('a', x'00')")
        run(connection, "INSERT INTO nowhere VALUES (1)")

    async with open_journal(path, clock=clock) as journal:
        with pytest.raises(JournalError):
            await asyncio.wrap_future(journal._writer.do(bad))
        assert list(run(journal._writer._connection, "SELECT name FROM facts")) == []


async def test_a_head_that_fails_behind_work_is_caught_up(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with open_journal(path, clock=clock) as journal:
        monkeypatch.setattr(os, "pwrite", no)
        with pytest.raises(JournalError):
            await asyncio.wrap_future(journal._writer.do(lambda _: "digest"))
        monkeypatch.undo()
        await asyncio.wrap_future(journal._writer.do(lambda _: None))
        head = load_head(head_path(path))
        assert head is not None
        assert head.dropped == "digest"
        await asyncio.wrap_future(journal._writer.do(lambda _: ""))


async def test_an_answer_that_came_before_the_cancellation_is_kept(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        answers: list[int] = []

        async def write() -> None:
            answers.extend(item.seq for item in await journal.append("m", [e.MissionStarted()]))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            await anyio.lowlevel.checkpoint()
            call = journal._line._waiting[0]
            tasks.cancel_scope.cancel()
            # As the writer's answer would come in the same turn of the loop.
            journal._line._answer([call], [7])
        assert answers == [7]
        with anyio.fail_after(30):
            while len(await journal.read()) < 1:  # noqa: ASYNC110 - a thread does it, no task
                await anyio.sleep(0.001)


async def test_one_timer_looks_after_all_calls() -> None:
    waiting = line.Line(asyncio.get_running_loop(), 1e6)
    calls: list[writer.Call] = []

    class Slow:
        said: Any = None

        def put(self, call: writer.Call) -> None:
            calls.append(call)

        def condemn(self, error: JournalError) -> None:
            self.said = error

    slow: Any = Slow()
    first = asyncio.create_task(waiting.written(slow, [("m", 1, "a", b"")]))
    second = asyncio.create_task(waiting.written(slow, [("m", 1, "a", b"")]))
    await asyncio.sleep(0)
    waiting._look(slow)
    assert slow.said is None, "none of them is late"
    waiting.settle(calls[:1], [5])
    assert await first == 5
    calls[1].since_s -= 2e6
    waiting._look(slow)
    with pytest.raises(JournalError) as caught:
        await second
    assert caught.value.code == "journal_timeout"
    waiting.settle(calls[1:], [6])
    third = asyncio.create_task(waiting.written(slow, [("m", 1, "a", b"")]))
    await asyncio.sleep(0)
    waiting.settle(calls[2:], [7])
    assert await third == 7, "the late answer was not taken for this one's"
    waiting._look(slow)


async def test_a_writer_that_does_not_end_is_said(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "APPEND_DEADLINE_S", 0.05)
    monkeypatch.setattr(store, "CLOSE_DEADLINE_S", 0.05)
    manager = open_journal(path, clock=clock)
    journal = await manager.__aenter__()
    with held(path):
        assert await code_of(journal) == "journal_timeout"
        with pytest.raises(JournalError, match="did not end within"):
            await manager.__aexit__(None, None, None)
    await anyio.to_thread.run_sync(journal._writer._thread.join, 30)
    journal._writer._connection.close()


async def test_a_keeper_that_does_not_end_is_said(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "CLOSE_DEADLINE_S", 0.05)
    go_on = threading.Event()
    manager = open_journal(path, clock=clock)
    journal = await manager.__aenter__()
    monkeypatch.setattr(journal._keeper, "stop", lambda _: go_on.is_set())
    with pytest.raises(JournalError, match="did not end within"):
        await manager.__aexit__(None, None, None)
    journal._keeper._is_ended.set()
    assert journal._writer.stop(30)
    journal._writer._connection.close()


async def test_a_lock_that_fails_is_said(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    for name in ("fcntl.flock", "os.ftruncate"):
        monkeypatch.setattr(name, no)
        with pytest.raises(JournalError) as caught:
            async with open_journal(path, clock=clock):
                pass
        assert caught.value.code == "journal_unwritable"
        monkeypatch.undo()
    async with open_journal(path, clock=clock):
        pass


def test_a_replacement_that_fails_leaves_the_old_file_and_no_stray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    replace_synced(file, b"old")

    def no(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", no)
    with pytest.raises(OSError, match="Input/output"):
        replace_synced(file, b"new")
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"file": b"old"}


def test_a_transaction_that_sqlite_has_ended_already() -> None:
    connection = apsw.Connection(":memory:")
    with pytest.raises(KeyError), transaction(connection):
        run(connection, "ROLLBACK")
        raise KeyError
    assert not connection.in_transaction
    connection.close()


def test_where_nothing_may_be_made_the_file_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.db"
    apsw.Connection(str(path)).execute("PRAGMA user_version = 2")
    real = schema._probed

    def probed(name: str, flags: int) -> apsw.Connection:
        if "immutable" not in name:
            raise apsw.CantOpenError("no shared memory may be made")
        return real(name, flags)

    monkeypatch.setattr(schema, "_probed", probed)
    with pytest.raises(apsw.CantOpenError):
        schema.connect_read_only(path)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    connection = schema.connect_read_only(path)
    assert schema.version_of(connection) == 2
    connection.close()
