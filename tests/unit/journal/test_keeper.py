"""Stored states, the archive and retention: what is kept, what a restart reads, what is found when it is not true."""

# ruff: noqa: S608 - nothing else runs in these loops; the SQL is written above each line

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path

import anyio
import apsw
import pytest

from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.domain.words import MissionStatus
from orchestrator.journal import keeper, kept, segments
from orchestrator.journal.audit import audit
from orchestrator.journal.head import HeadFile, head_path, load_head
from orchestrator.journal.history import History
from orchestrator.journal.keeper import Keeping
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.schema import connect_read_only
from orchestrator.journal.snapshots import snapshot_base
from orchestrator.journal.store import SqliteJournal, open_journal
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

pytestmark = pytest.mark.anyio
Story = Callable[[str], list[e.Event]]
NEVER = Keeping(archive_after_s=1e12, snapshot_events=1, interval_s=1e6)
AT_ONCE = Keeping(archive_after_s=-1e6, snapshot_events=1, interval_s=1e6)
NOTHING = Keeping(archive_after_s=-1e6, archive_bytes=0, snapshot_events=1, interval_s=1e6)


def keep(journal: SqliteJournal) -> None:
    connection = connect_read_only(journal.path)
    try:
        journal._keeper.keep(connection)
    finally:
        connection.close()


async def kept_once(journal: SqliteJournal) -> None:
    await anyio.to_thread.run_sync(keep, journal)


def edit(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def count(path: Path, table: str) -> int:
    connection = apsw.Connection(str(path))
    try:
        return next(iter(connection.execute(f"SELECT COUNT(*) FROM {table}")))[0]
    finally:
        connection.close()


def base_seq(path: Path) -> int:
    connection = connect_read_only(path)
    try:
        return snapshot_base(connection).seq
    finally:
        connection.close()


async def test_a_restart_reads_stored_states_and_the_events_behind_them(
    path: Path, clock: Clock, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "MAX_FOLD_EVENTS", 5)
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", story("m-1"))
        await journal.append("m-2", story("m-2")[:9])
        await kept_once(journal)
        assert base_seq(path) == 31
        await journal.append("m-2", story("m-2")[9:12])
        await journal.append("m-3", story("m-3")[:3])
    report = audit(path)
    assert (report.is_intact, report.snapshot_count) == (True, 2)
    expected = [fold(story("m-1")), fold(story("m-2")[:12]), fold(story("m-3")[:3])]
    # A wrong event before the base shows that it is not read again.
    edit(path, "UPDATE events SET body = x'00' WHERE seq = 3")
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        restored = await journal.load()
        assert (restored.last_seq, restored.missions) == (37, expected)
        short = await journal.summaries()
        assert [item.id for item in short] == ["m-1", "m-2", "m-3"]
        first = short[0]
        assert (first.status, first.first_seq, first.last_seq, first.event_count) == (MissionStatus.SEALED, 1, 22, 22)
        assert (first.task_count, first.counts, first.is_delivered, first.is_archived) == (2, {"done": 2}, True, False)
        assert [item.id for item in await journal.summaries(limit=1)] == ["m-3"]


async def test_ended_missions_are_loaded_as_far_as_memory_is_meant_for_them(
    path: Path, clock: Clock, story: Story
) -> None:
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-open", story("m-open")[:5])
        for number in range(4):
            await journal.append(f"m-{number}", story(f"m-{number}"))
        for _ in range(2):
            loaded = await journal.load(max_finished_tasks=5)
            assert [item.id for item in loaded.missions] == ["m-open", "m-2", "m-3"]
            assert [item.id for item in (await journal.load(max_finished_tasks=0)).missions] == ["m-open"]
            await kept_once(journal)
        assert (await journal.mission("m-0")).status is MissionStatus.SEALED


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE facts SET value = x'00' WHERE name = 'snapshot'",
        "UPDATE facts SET value = x'00' WHERE name = 'snapshot_count'",
        """UPDATE facts SET value = CAST('{"seq":22,"hash":"AAAA","code":"AAAA"}' AS BLOB) WHERE name = 'snapshot'""",
        "DELETE FROM snapshots",
        "UPDATE snapshots SET state = zeroblob(80)",
        "UPDATE snapshots SET mission_id = 'm-x'",
    ],
)
async def test_stored_states_that_do_not_fit_are_folded_anew(
    path: Path, clock: Clock, story: Story, damage: str
) -> None:
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", story("m-1"))
        await kept_once(journal)
    edit(path, damage)
    for tail in (0, 1):
        async with open_journal(path, clock=clock, keeping=NEVER) as journal:
            assert (await journal.load()).missions == [fold(story("m-1"))]
            if tail:
                await journal.append("m-1", [e.MissionStarted()])
                assert (await journal.load()).missions[0].status is MissionStatus.PLANNING
                await kept_once(journal)
    assert audit(path).is_intact


async def test_states_of_other_code_are_folded_anew(
    path: Path, clock: Clock, story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "evolve.py").write_text("a = 1")
    one = kept.fingerprint(tmp_path)
    (tmp_path / "evolve.py").write_text("a = 2")
    assert kept.fingerprint(tmp_path) != one
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", story("m-1"))
        await kept_once(journal)
        assert base_seq(path) == 22
        monkeypatch.setattr("orchestrator.journal.snapshots._code", lambda: one)
        assert base_seq(path) == 0
        await kept_once(journal)
        assert base_seq(path) == 22


async def test_a_wrong_state_is_found_by_the_audit(path: Path, clock: Clock, story: Story) -> None:
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", story("m-1"))
        await kept_once(journal)
    connection = apsw.Connection(str(path))
    (state,) = next(iter(connection.execute("SELECT state FROM snapshots")))
    other = kept.thaw("m-1", state)
    other.mission.iteration += 1
    connection.execute("UPDATE snapshots SET state = ?", (kept.freeze("m-1", other),))
    assert audit(path).code == "snapshot_differs"
    connection.execute("UPDATE snapshots SET state = x'00'")
    assert audit(path).code == "snapshot_differs"
    connection.close()


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MAX_SEGMENT_EVENTS", 16)


async def archived(path: Path, clock: Clock, story: Story, keeping: Keeping = AT_ONCE) -> None:
    """Three ended missions, an open one that began between them, all that may be archived in the archive."""
    async with open_journal(path, clock=clock, keeping=keeping) as journal:
        await journal.append("m-1", story("m-1"))
        await journal.append("m-open", story("m-open")[:3])
        await journal.append("m-2", story("m-2"))
        await journal.append("m-3", story("m-3"))
        await kept_once(journal)


@pytest.mark.usefixtures("small_segments")
async def test_ended_missions_go_to_the_archive_and_stay_readable(path: Path, clock: Clock, story: Story) -> None:
    await archived(path, clock, story)
    assert count(path, "events") == 3
    assert len(list((path.parent / "archive").iterdir())) == 5
    report = audit(path)
    assert (report.is_intact, report.event_count, report.archived_count) == (True, 69, 69)
    assert (report.mission_count, report.dropped_count, report.last_seq) == (4, 0, 69)
    async with open_journal(path, clock=clock, keeping=AT_ONCE) as journal:
        assert [item.seq for item in await journal.read()] == list(range(1, 70))
        assert [item.seq for item in await journal.read(after_seq=20, limit=10)] == list(range(21, 31))
        assert [item.event for item in await journal.read(mission_id="m-2")] == story("m-2")
        assert [item.seq for item in await journal.read(mission_id="m-2", after_seq=40, limit=3)] == [41, 42, 43]
        assert [item.event for item in await journal.read(mission_id="m-open")] == story("m-open")[:3]
        assert await journal.mission("m-1") == fold(story("m-1"))
        assert await journal.mission_ids() == ["m-1", "m-open", "m-2", "m-3"]
        restored = await journal.load()
        assert (restored.last_seq, [item.id for item in restored.missions]) == (69, ["m-open"])
        short = await journal.summaries()
        assert [(item.id, item.is_archived) for item in short][1:3] == [("m-open", False), ("m-2", True)]
        (more,) = await journal.append("m-open", [e.MissionStarted()])
        assert more.seq == 70
        await kept_once(journal)
    with JournalReader(path) as reader:
        assert [item.id for item in reader.load().missions] == ["m-open"]
        assert len(reader.summaries()) == 4
    assert audit(path).is_intact


@pytest.mark.usefixtures("small_segments")
@pytest.mark.parametrize("has_states", [True, False])
async def test_a_mission_comes_back_from_the_archive_and_goes_again(
    path: Path, clock: Clock, story: Story, has_states: bool
) -> None:
    await archived(path, clock, story)
    late = e.MissionDelivered(e.DeliveryMode.BRANCH, "work", (), (), "")
    whole = [*story("m-1"), late]
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", [late])
        if not has_states:
            edit(path, "DELETE FROM facts")
        assert await journal.mission("m-1") == fold(whole)
        assert {item.id for item in (await journal.load()).missions} == {"m-1", "m-open"}
        assert [item.event for item in await journal.read(mission_id="m-1")] == whole
        assert (await journal.summaries())[0].event_count == 23
    assert audit(path).is_intact
    async with open_journal(path, clock=clock, keeping=NOTHING) as journal:
        await kept_once(journal)
    assert count(path, "events") == 3
    report = audit(path)
    assert (report.is_intact, report.last_seq) == (True, 70)


@pytest.mark.usefixtures("small_segments")
async def test_beyond_its_cap_the_oldest_of_the_archive_go(path: Path, clock: Clock, story: Story) -> None:
    await archived(path, clock, story, NOTHING)
    names = sorted(entry.name for entry in (path.parent / "archive").iterdir())
    assert names == ["000000000017-000000000032.events"], "it holds the open mission's events"
    report = audit(path)
    assert (report.is_intact, report.dropped_count, report.anchor_seq, report.event_count) == (True, 53, 69, 16)
    assert report.mission_count == 3, "of two missions only the end, of one the beginning is left"
    async with open_journal(path, clock=clock, keeping=NOTHING) as journal:
        for use in (journal.read(), journal.read(mission_id="m-2"), journal.mission("m-1")):
            with pytest.raises(JournalError) as caught:
                await use
            assert caught.value.code == "events_archived"
        assert [item.seq for item in await journal.read(mission_id="m-open")] == [23, 24, 25]
        assert len(await journal.summaries()) == 4
        await journal.append("m-open", [e.MissionEnded(MissionStatus.STOPPED, "stopped", "", "")])
        await kept_once(journal)
        await journal.append("m-4", story("m-4")[:2])
    assert sorted((path.parent / "archive").iterdir()) == []
    report = audit(path)
    assert (report.is_intact, report.dropped_count, report.event_count) == (True, 70, 2)
    edit(path, "INSERT INTO events SELECT 5, mission_id, at_ms, type, body, hash FROM events WHERE seq = 71")
    assert (audit(path).code, audit(path).first_bad_seq) == ("event_changed", 5)


@pytest.mark.usefixtures("small_segments")
async def test_a_drop_that_the_head_does_not_know_is_found(path: Path, clock: Clock, story: Story) -> None:
    await archived(path, clock, story)
    edit(path, "UPDATE segments SET drop_number = 1 WHERE first_seq = 1")
    assert audit(path).is_intact, "a crash may leave it so: the file is there"
    (path.parent / "archive" / "000000000001-000000000016.events").unlink()
    assert audit(path).code == "head_differs"
    with pytest.raises(JournalError, match="what was dropped"):
        async with open_journal(path, clock=clock):
            pass


@pytest.mark.usefixtures("small_segments")
async def test_files_that_nothing_names_are_swept(path: Path, clock: Clock, story: Story) -> None:
    await archived(path, clock, story)
    stray = path.parent / "archive" / "000000000070-000000000099.events"
    stray.write_bytes(b"left by a crash")
    async with open_journal(path, clock=clock, keeping=AT_ONCE) as journal:
        await kept_once(journal)
    assert not stray.exists()


def rewrite(path: Path, change: Callable[[list[segments.Row]], object], first_seq: int = 17) -> None:
    """Change the rows of a segment's file."""
    connection = connect_read_only(path)
    segment = next(item for item in segments.select_segments(connection) if item.first_seq == first_seq)
    connection.close()
    rows = segments.read_segment(path, segment)
    file = segments.segment_path(path, segment)
    change(rows)
    stored = segments.store_segment(path, rows, segment.previous)
    segments.segment_path(path, stored).replace(file)


@pytest.mark.usefixtures("small_segments")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda rows: rows.__setitem__(4, (*rows[4][:2], 5, *rows[4][3:])), ("event_changed", 21)),
        (lambda rows: rows.pop(3), ("event_missing", 20)),
        (lambda rows: rows.reverse(), ("event_missing", 17)),
        (lambda rows: rows.pop(), ("archive_damaged", 32)),
    ],
    ids=["edited", "dropped", "moved", "cut"],
)
async def test_damage_in_the_archive_is_named(
    path: Path, clock: Clock, story: Story, change: Callable[[list[segments.Row]], object], expected: tuple[str, int]
) -> None:
    await archived(path, clock, story)
    rewrite(path, change)
    report = audit(path)
    assert (report.code, report.first_bad_seq) == expected
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        with pytest.raises(JournalError) as caught:
            await journal.read()
        assert caught.value.code == "journal_corrupt"


@pytest.mark.usefixtures("small_segments")
async def test_an_archive_that_can_not_be_read_is_named(path: Path, clock: Clock, story: Story) -> None:
    await archived(path, clock, story)
    file = path.parent / "archive" / "000000000017-000000000032.events"
    file.write_bytes(file.read_bytes()[:50])
    assert (audit(path).code, audit(path).first_bad_seq) == ("archive_damaged", 17)
    file.unlink()
    assert (audit(path).code, audit(path).first_bad_seq) == ("archive_missing", 17)
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        with pytest.raises(JournalError, match="No such file"):
            await journal.read()


@pytest.mark.usefixtures("small_segments")
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE events SET at_ms = 5 WHERE seq = 24", ("event_changed", 24)),
        (
            "INSERT INTO events SELECT 1, mission_id, at_ms, type, body, hash FROM events WHERE seq = 24",
            ("event_changed", 1),
        ),
        (
            "INSERT INTO segments SELECT 100, 110, previous, hash, 5, 0 FROM segments WHERE first_seq = 1",
            ("event_missing", 70),
        ),
        ("UPDATE segments SET previous = zeroblob(32) WHERE first_seq = 33", ("event_missing", 33)),
        (
            "UPDATE archived SET summary = CAST(replace(CAST(summary AS TEXT), 'sealed', 'failed') AS BLOB)",
            ("snapshot_differs", None),
        ),
        ("DELETE FROM segments WHERE first_seq = 65", ("tail_cut", 65)),
    ],
)
async def test_damage_around_the_archive_is_named(
    path: Path, clock: Clock, story: Story, statement: str, expected: tuple[str, int | None]
) -> None:
    await archived(path, clock, story)
    edit(path, statement)
    report = audit(path)
    assert (report.code, report.first_bad_seq) == expected


@pytest.mark.usefixtures("small_segments")
async def test_a_summary_that_can_not_be_read_is_said(path: Path, clock: Clock, story: Story) -> None:
    await archived(path, clock, story)
    edit(path, "UPDATE archived SET summary = x'00'")
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        with pytest.raises(JournalError) as caught:
            await journal.summaries()
    assert caught.value.code == "journal_corrupt"


@pytest.mark.usefixtures("small_segments")
@pytest.mark.parametrize(
    ("first_seq", "statement"),
    [(17, ""), (17, "UPDATE segments SET hash = zeroblob(32) WHERE first_seq = 17")],
)
async def test_without_its_head_the_archive_is_followed_too(
    path: Path, clock: Clock, story: Story, first_seq: int, statement: str
) -> None:
    await archived(path, clock, story)
    head_path(path).unlink()
    if statement:
        edit(path, statement)
        with pytest.raises(JournalError) as caught:
            async with open_journal(path, clock=clock):
                pass
        assert caught.value.code == "journal_corrupt"
        return
    async with open_journal(path, clock=clock) as journal:
        assert "made anew at event 69" in journal.notes[0]
    rewrite(path, lambda rows: rows.pop(3), first_seq)
    head_path(path).unlink()
    with pytest.raises(JournalError, match="does not follow"):
        async with open_journal(path, clock=clock):
            pass
    edit(path, "DELETE FROM segments WHERE first_seq = 17")
    with pytest.raises(JournalError, match="its archive goes on with event 33"):
        async with open_journal(path, clock=clock):
            pass


@pytest.mark.usefixtures("small_segments")
@pytest.mark.parametrize("is_true", [True, False])
async def test_an_older_head_is_brought_forward_through_the_archive(
    path: Path, clock: Clock, story: Story, is_true: bool
) -> None:
    await archived(path, clock, story)
    connection = connect_read_only(path)
    rows = segments.read_segment(path, segments.select_segments(connection)[0])
    connection.close()
    head = load_head(head_path(path))
    assert head is not None
    file = HeadFile(head_path(path))
    file.begin(dataclasses.replace(head, seq=5, hash=rows[4][5] if is_true else bytes(32)))
    file.close()
    if is_true:
        async with open_journal(path, clock=clock) as journal:
            assert journal.notes == ()
        assert load_head(head_path(path)) == head
        return
    with pytest.raises(JournalError, match="not the one that its head names"):
        async with open_journal(path, clock=clock):
            pass


async def test_a_broken_chain_is_not_archived(
    path: Path, clock: Clock, story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    keeping = Keeping(archive_after_s=-1e6, snapshot_events=1, interval_s=0.01)
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", story("m-1"))
        await kept_once(journal)
    edit(path, "UPDATE events SET at_ms = 5 WHERE seq = 3")
    with caplog.at_level(logging.WARNING):
        async with open_journal(path, clock=clock, keeping=keeping):
            with anyio.fail_after(30):
                while not caplog.records:  # noqa: ASYNC110 - a thread says it, no task
                    await anyio.sleep(0.01)
            await anyio.sleep(0.1)
    assert "event 3 does not follow from event 2" in caplog.text
    assert len(caplog.records) == 1, "the same thing is said once"
    assert count(path, "segments") == 0


async def test_the_keeper_works_by_itself(path: Path, clock: Clock, story: Story) -> None:
    keeping = Keeping(archive_after_s=-1e6, snapshot_events=1, interval_s=0.01)
    async with open_journal(path, clock=clock, keeping=keeping) as journal:
        await journal.append("m-1", story("m-1"))
        with anyio.fail_after(30):
            while count(path, "events"):  # noqa: ASYNC110 - a thread does it, no task
                await anyio.sleep(0.01)
        assert [item.event for item in await journal.read(mission_id="m-1")] == story("m-1")


async def test_a_keeper_that_ends_leaves_the_rest_for_later(
    path: Path, clock: Clock, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", story("m-1"))
        journal._keeper._is_ended.set()
        await kept_once(journal)
        assert count(path, "snapshots") == 0
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await kept_once(journal)
    async with open_journal(path, clock=clock, keeping=AT_ONCE) as journal:
        journal._keeper._is_ended.set()
        await kept_once(journal)
        assert count(path, "segments") == 0
        journal._keeper._is_ended.clear()
        connection = connect_read_only(path)
        await anyio.to_thread.run_sync(journal._keeper._archive, History(connection, path))
        connection.close()
        journal._keeper._is_ended.set()
        await kept_once(journal)
        assert (count(path, "segments"), count(path, "events")) == (1, 22)


async def test_an_archive_that_can_not_be_made_is_said(path: Path, clock: Clock, story: Story) -> None:
    path.parent.mkdir()
    (path.parent / "archive").write_text("a file is in the way")
    with pytest.raises(JournalError) as caught:
        await archived(path, clock, story)
    assert caught.value.code == "journal_unwritable"
    assert "can't tidy" in caught.value.message
    assert count(path, "events") == 69
    assert audit(path).is_intact


async def test_an_event_that_does_not_fold_stops_the_fold(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m", [e.MissionStarted(), e.TaskFailed("nobody", "why")])
        with pytest.raises(JournalError, match="does not fit its mission") as caught:
            await journal.load()
        assert caught.value.code == "journal_corrupt"


async def test_what_was_changed_behind_our_back_is_not_read(path: Path, clock: Clock, story: Story) -> None:
    async with open_journal(path, clock=clock, keeping=NEVER) as journal:
        await journal.append("m-1", story("m-1"))
        edit(path, "UPDATE events SET body = CAST(replace(body, 'asked', 'meant') AS BLOB) WHERE seq = 6")
        for use in (journal.read(after_seq=5, limit=1), journal.read(mission_id="m-1"), journal.load()):
            with pytest.raises(JournalError, match="event 6 does not follow"):
                await use
        assert len(await journal.read(limit=5)) == 5
