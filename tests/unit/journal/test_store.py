"""Appending and reading: order, group commit, transactions, cancellation."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import anyio
import apsw
import pytest

from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.journal import store, writer
from orchestrator.journal.audit import audit
from orchestrator.journal.head import head_path, load_head
from orchestrator.journal.schema import RESERVED_LOG_BYTES, connect, migrate
from orchestrator.journal.store import open_journal
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

pytestmark = pytest.mark.anyio
Story = Callable[[str], list[e.Event]]


async def test_what_was_appended_is_read_back(path: Path, clock: Clock, story: Story) -> None:
    events = story("m-1")
    async with open_journal(path, clock=clock) as journal:
        written = await journal.append("m-1", events)
        assert [item.seq for item in written] == list(range(1, len(events) + 1))
        assert await journal.read() == written
        assert [item.event for item in written] == events
        assert written[0].at_s == 1_700_000_001.25
    async with open_journal(path, clock=clock) as again:
        assert await again.read() == written
        assert again.notes == ()
        assert fold(item.event for item in await again.read(mission_id="m-1")).is_delivered
        (next_one,) = await again.append("m-2", [e.MissionStarted()])
        assert next_one.seq == len(events) + 1
        assert await again.mission_ids() == ["m-1", "m-2"]
    assert audit(path).is_intact


async def test_reading_by_page_and_mission(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        for number in range(10):
            await journal.append(f"m-{number % 2}", [e.IterationStarted(number)])
        assert [item.seq for item in await journal.read(after_seq=3, limit=4)] == [4, 5, 6, 7]
        assert [item.seq for item in await journal.read(after_seq=3, mission_id="m-0", limit=2)] == [5, 7]
        assert await journal.read(after_seq=10) == []
        assert await journal.read(limit=0) == []
        assert await journal.append("m-0", []) == []


async def test_fifty_writers_keep_call_order_and_their_events_together(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        called: list[tuple[int, int]] = []
        answered: dict[tuple[int, int], list[int]] = {}

        async def write(who: int) -> None:
            for turn in range(20):
                called.append((who, turn))
                done = await journal.append(f"m-{who}", [e.IterationStarted(turn)] * 3)
                answered[who, turn] = [item.seq for item in done]

        async with anyio.create_task_group() as tasks:
            for who in range(50):
                tasks.start_soon(write, who)
        in_journal = sorted(answered, key=lambda call: answered[call][0])
        assert in_journal == called
        assert all(seqs == list(range(seqs[0], seqs[0] + 3)) for seqs in answered.values())
        assert len(await journal.read(limit=10_000)) == 3_000
    report = audit(path)
    assert (report.is_intact, report.event_count, report.head_seq) == (True, 3_000, 3_000)


async def test_waiting_calls_are_bounded_and_stay_in_order(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_WAITING_CALLS", 4)
    monkeypatch.setattr(writer, "MAX_BATCH_EVENTS", 2)
    async with open_journal(path, clock=clock) as journal:

        async def write(number: int) -> None:
            await journal.append("m", [e.IterationStarted(number)])

        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(write, number)
            await anyio.lowlevel.checkpoint()
            assert journal._room.statistics().tasks_waiting == 96
        assert [item.event for item in await journal.read()] == [e.IterationStarted(n) for n in range(100)]


async def test_a_commit_waits_only_a_moment_for_callers_that_stay_away(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        go_on = threading.Event()
        journal._writer.do(lambda _: str(go_on.wait(60)) and None)
        async with anyio.create_task_group() as tasks:
            for name in ("m-1", "m-2", "m-3"):
                tasks.start_soon(journal.append, name, [e.MissionStarted()])
            await anyio.lowlevel.checkpoint()
            go_on.set()
        assert journal._writer._last_calls == 3
        (alone,) = await journal.append("m-1", [e.MissionStarted()])
        assert (alone.seq, journal._writer._last_calls) == (4, 1)


async def test_a_cancelled_scope_waits_for_its_answer(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        answers: list[int] = []

        async def write() -> None:
            answers.extend([item.seq for item in await journal.append("m", [e.MissionStarted()] * 2)])

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert answers == [1, 2]
        with anyio.CancelScope() as scope:
            scope.cancel()
            await write()
        assert answers == [1, 2, 3, 4], "what was handed over is answered, cancelled or not"
        assert len(await journal.read()) == 4


async def test_killed_tasks_leave_whole_calls_and_disturb_nobody(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        victims = [asyncio.create_task(journal.append(f"v-{n}", [e.IterationStarted(n)] * 5)) for n in range(20)]
        others = [asyncio.create_task(journal.append(f"o-{n}", [e.IterationStarted(n)] * 2)) for n in range(20)]
        await asyncio.sleep(0)
        for victim in victims:
            victim.cancel()
        results = await asyncio.gather(*victims, return_exceptions=True)
        assert any(isinstance(result, asyncio.CancelledError) for result in results)
        for done in await asyncio.gather(*others):
            assert len(done) == 2
        by_mission: dict[str, int] = {}
        for item in await journal.read():
            by_mission[item.mission_id] = by_mission.get(item.mission_id, 0) + 1
        assert all(by_mission.get(f"v-{n}", 0) in {0, 5} for n in range(20))
        assert all(by_mission[f"o-{n}"] == 2 for n in range(20))
    assert audit(path).is_intact


async def test_a_bad_event_fails_its_own_call_alone(path: Path, clock: Clock) -> None:
    bad = e.SessionRecovering("", "", e.FailureKind.CRASHED, "wait", 1, float("nan"), "")
    async with open_journal(path, clock=clock) as journal:
        with pytest.raises(JournalError, match=r"session\.recovering"):
            await journal.append("m", [e.MissionStarted(), bad])
        for mission_id in ("", "m\udcff", "m\n"):
            with pytest.raises(JournalError, match="no mission id"):
                await journal.append(mission_id, [e.MissionStarted()])
        assert await journal.read() == []
        await journal.append("m", [e.MissionStarted()])
        assert len(await journal.read()) == 1


async def test_a_closed_journal_refuses(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        pass
    for use in (journal.append("m", [e.MissionStarted()]), journal.read(), journal.mission_ids()):
        with pytest.raises(JournalError) as caught:
            await use
        assert caught.value.code == "journal_closed"


async def test_closing_writes_what_was_handed_over(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        tasks = [asyncio.create_task(journal.append("m", [e.IterationStarted(n)])) for n in range(50)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*tasks)) == 50
    report = audit(path)
    assert (report.is_intact, report.event_count, report.unanchored_count) == (True, 50, 0)


async def test_a_silent_disk_is_a_fault_and_ends_the_service(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "APPEND_DEADLINE_S", 0.2)
    async with open_journal(path, clock=clock) as journal:
        blocker = apsw.Connection(str(path))
        blocker.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(JournalError) as caught:
                await journal.append("m", [e.MissionStarted()])
            assert caught.value.code == "journal_timeout"
        finally:
            blocker.execute("ROLLBACK")
            blocker.close()
        with pytest.raises(JournalError) as caught:
            await journal.append("m", [e.MissionStarted()])
        assert caught.value.code == "journal_timeout"


async def test_files_are_for_the_owner_alone(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m", [e.MissionStarted()])
        names = {entry.name: entry.stat().st_mode & 0o777 for entry in path.parent.iterdir()}
    assert path.parent.stat().st_mode & 0o077 == 0
    assert {"journal.db", "journal.db-wal", "journal.lock", "journal.head"} <= set(names)
    assert {mode & 0o077 for mode in names.values()} == {0}


async def test_the_head_follows_each_commit(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        for number in range(1, 4):
            await journal.append("m", [e.IterationStarted(number)])
            head = load_head(head_path(path))
            assert head is not None
            assert head.seq == number


async def test_room_for_the_log_is_taken_once(tmp_path: Path) -> None:
    log = tmp_path / "journal.db-wal"
    first = connect(tmp_path / "journal.db")
    migrate(first)
    second = connect(tmp_path / "journal.db")
    before = log.stat()
    third = connect(tmp_path / "journal.db")
    assert (log.stat().st_size, log.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert before.st_size >= RESERVED_LOG_BYTES
    for connection in (third, second, first):
        connection.close()
