"""Every kind of damage to the real files is found and named."""

# ruff: noqa: ASYNC240, S608 - nothing else runs in these loops; the SQL is written above each line

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import apsw
import pytest

from orchestrator.domain import events as e
from orchestrator.domain.mission import Mission
from orchestrator.journal.audit import AuditReport, audit
from orchestrator.journal.codec import GENESIS, encode, link
from orchestrator.journal.head import Head, HeadFile, head_path, load_head
from orchestrator.journal.store import open_journal
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

pytestmark = pytest.mark.anyio
Story = Callable[[str], list[e.Event]]
COUNT = 22


@pytest.fixture
async def written(path: Path, clock: Clock, story: Story) -> AsyncIterator[Path]:
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m-1", story("m-1"))
    yield path


def edit(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def outcome(report: AuditReport) -> tuple[str, int | None]:
    assert report.is_intact is (report.code == "")
    assert bool(report.problem) is not report.is_intact
    return report.code, report.first_bad_seq


async def test_an_untouched_journal_is_intact(written: Path) -> None:
    report = audit(written)
    assert outcome(report) == ("", None)
    assert (report.event_count, report.mission_count, report.head_seq, report.last_seq) == (COUNT, 1, COUNT, COUNT)
    assert "rewrites the database" in report.limits


@pytest.mark.parametrize(
    "change",
    [
        "body = cast(replace(body, 'src/a.py', 'src/b.py') AS BLOB)",
        "at_ms = at_ms + 1",
        "mission_id = 'm-2'",
        "type = 'mission.started'",
        "hash = zeroblob(32)",
    ],
)
async def test_an_edit_is_named(written: Path, change: str) -> None:
    edit(written, f"UPDATE events SET {change} WHERE seq = 10")
    assert outcome(audit(written)) == ("event_changed", 10)


@pytest.mark.parametrize("change", ["body = 'text'", "mission_id = cast(x'ff' AS TEXT)"])
async def test_values_of_another_kind_are_named(written: Path, clock: Clock, change: str) -> None:
    schema = "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'events'"
    edit(written, "PRAGMA writable_schema = 1", schema)
    edit(written, f"UPDATE events SET {change} WHERE seq = 10")
    assert outcome(audit(written)) == ("database_damaged", 10)
    with pytest.raises(JournalError) as caught:
        async with open_journal(written, clock=clock) as journal:
            await journal.read()
    assert caught.value.code == "journal_corrupt"


async def test_a_deletion_is_named(written: Path) -> None:
    edit(written, "DELETE FROM events WHERE seq = 7")
    assert outcome(audit(written)) == ("event_missing", 7)


async def test_a_deletion_with_later_events_moved_up_is_named(written: Path) -> None:
    edit(
        written,
        "DELETE FROM events WHERE seq = 7",
        *[f"UPDATE events SET seq = {n - 1} WHERE seq = {n}" for n in range(8, 23)],
    )
    assert outcome(audit(written)) == ("event_changed", 7)


async def test_a_swap_is_named(written: Path) -> None:
    moves = [(9, 100), (12, 9), (100, 12)]
    edit(written, *[f"UPDATE events SET seq = {b} WHERE seq = {a}" for a, b in moves])
    assert outcome(audit(written)) == ("event_changed", 9)


@pytest.mark.parametrize("kept", [COUNT - 1, 5, 0])
async def test_a_cut_tail_is_named_and_not_built_upon(written: Path, clock: Clock, kept: int) -> None:
    edit(written, f"DELETE FROM events WHERE seq > {kept}")
    assert outcome(audit(written)) == ("tail_cut", kept + 1)
    with pytest.raises(JournalError) as caught:
        async with open_journal(written, clock=clock):
            pass
    assert caught.value.code == "journal_corrupt"
    assert outcome(audit(written)) == ("tail_cut", kept + 1)


async def test_a_rewritten_chain_without_its_head_is_named(written: Path, clock: Clock) -> None:
    rewrite(written, at_seq=20)
    assert outcome(audit(written)) == ("head_differs", COUNT)
    with pytest.raises(JournalError, match="not the one that its head names"):
        async with open_journal(written, clock=clock):
            pass


async def test_whoever_rewrites_both_goes_unnoticed_as_we_say(written: Path) -> None:
    head = rewrite(written, at_seq=20)
    HeadFile(head_path(written)).begin(head)
    assert outcome(audit(written)) == ("", None)


def rewrite(path: Path, at_seq: int) -> Head:
    """Change one event's time and make every later hash anew; the new head."""
    connection = apsw.Connection(str(path))
    rows = list(connection.execute("SELECT seq, mission_id, at_ms, type, body, hash FROM events ORDER BY seq"))
    chain = rows[at_seq - 2][5]
    for seq, mission_id, at_ms, name, body, _ in rows[at_seq - 1 :]:
        chain = link(chain, (seq, mission_id, at_ms + 1, name), body)
        connection.execute("UPDATE events SET at_ms = ?, hash = ? WHERE seq = ?", (at_ms + 1, chain, seq))
    connection.close()
    return Head(rows[-1][0], chain)


async def test_a_forged_event_after_the_head_breaks_the_chain_or_is_counted(written: Path, clock: Clock) -> None:
    head = load_head(head_path(written))
    assert head is not None
    name, body = encode(e.IterationStarted(9))
    connection = apsw.Connection(str(written))
    facts = (COUNT + 1, "m-1", 5, name, body)
    connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", (*facts, b"x" * 32))
    assert outcome(audit(written)) == ("event_changed", COUNT + 1)
    with pytest.raises(JournalError, match="does not follow"):
        async with open_journal(written, clock=clock):
            pass
    connection.execute("UPDATE events SET hash = ? WHERE seq = ?", (link(head.hash, facts[:4], facts[4]), COUNT + 1))
    connection.close()
    report = audit(written)
    assert (report.is_intact, report.unanchored_count) == (True, 1)
    async with open_journal(written, clock=clock) as journal:
        assert journal.notes == ()
    assert audit(written).unanchored_count == 0


@pytest.mark.parametrize("text", ["", "{}", '{"seq":1}', '{"seq":-1,"hash":"00"}', '{"seq":1,"hash":"zz"}'])
async def test_a_damaged_head_is_said(written: Path, clock: Clock, text: str) -> None:
    head_path(written).write_text(text)
    assert outcome(audit(written)) == ("head_unreadable", None)
    async with open_journal(written, clock=clock) as journal:
        assert "holds no head" in journal.notes[0]
    assert audit(written).is_intact


async def test_a_missing_head_is_said(written: Path, clock: Clock) -> None:
    head_path(written).unlink()
    assert outcome(audit(written)) == ("head_missing", None)
    edit(written, "UPDATE events SET at_ms = 0 WHERE seq = 3")
    assert outcome(audit(written)) == ("event_changed", 3)
    with pytest.raises(JournalError) as caught:
        async with open_journal(written, clock=clock):
            pass
    assert caught.value.code == "journal_corrupt"


async def test_a_corrupt_page_is_an_answer_not_a_crash(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        for number in range(200):
            await journal.append("m", [e.SealingStarted(str(number) * 300)])
    with path.open("r+b") as file:
        for page in range(10, 40):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)
    report = audit(path)
    assert not report.is_intact
    assert report.code in {"database_damaged", "event_changed"}
    assert report.first_bad_seq == report.event_count + 1
    with pytest.raises(JournalError) as caught:
        async with open_journal(path, clock=clock) as journal:
            await journal.read(limit=1_000)
    assert caught.value.code == "journal_corrupt"


async def test_a_file_that_is_no_database(path: Path, clock: Clock) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database at all" * 400)
    with pytest.raises(JournalError) as caught:
        async with open_journal(path, clock=clock):
            pass
    assert caught.value.code == "journal_corrupt"
    assert audit(path).code in {"database_damaged", "head_missing"}


async def test_an_event_that_does_not_fold_is_named(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m", [e.MissionStarted(), e.TaskFailed("nobody", "why")])
    assert outcome(audit(path)) == ("event_unfoldable", 2)


async def test_a_newer_schema_is_left_alone(written: Path, clock: Clock) -> None:
    edit(written, "PRAGMA user_version = 99")
    for use in (lambda: audit(written), None):
        with pytest.raises(JournalError) as caught:
            if use:
                use()
            else:
                async with open_journal(written, clock=clock):
                    pass
        assert caught.value.code == "journal_too_new"


async def test_an_empty_journal_is_intact(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock):
        assert audit(path).is_intact
    assert outcome(audit(path)) == ("", None)


async def test_a_head_of_the_empty_journal_that_is_none(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock):
        pass
    file = HeadFile(head_path(path))
    file.begin(Head(0, bytes(32)))
    file.close()
    assert outcome(audit(path)) == ("head_differs", None)


async def test_a_head_that_is_torn_leaves_the_one_before(written: Path, clock: Clock) -> None:
    async with open_journal(written, clock=clock) as journal:
        await journal.append("m-1", [e.IterationStarted(9)])
    content = bytearray(head_path(written).read_bytes())
    content[4096 + 8] ^= 1
    head_path(written).write_bytes(content)
    head = load_head(head_path(written))
    assert head is not None
    assert head.seq == COUNT
    report = audit(written)
    assert (report.is_intact, report.unanchored_count) == (True, 1)


async def test_a_head_that_is_no_file(written: Path) -> None:
    head_path(written).unlink()
    head_path(written).mkdir()
    with pytest.raises(JournalError) as caught:
        audit(written)
    assert caught.value.code == "journal_unwritable"


async def test_what_receipts_speak_of_is_looked_for(written: Path) -> None:
    seen: list[str] = []

    def prove(mission: Mission) -> list[str]:
        seen.append(mission.id)
        return []

    report = audit(written, prove)
    assert (report.is_intact, report.proven_count, seen) == (True, 1, ["m-1"])
    assert audit(written).proven_count is None, "nobody looked"
    report = audit(written, lambda _: ["tree t2 of check tests is gone"])
    assert outcome(report) == ("receipt_unproven", None)
    assert report.problem == "mission m-1: tree t2 of check tests is gone"


async def test_a_damaged_index_is_found(written: Path) -> None:
    schema = (
        "UPDATE sqlite_schema SET sql = replace(sql, 'mission_id, seq', 'type, seq') WHERE name = 'events_of_mission'"
    )
    edit(written, "PRAGMA writable_schema = 1", schema)
    report = audit(written)
    assert outcome(report) == ("database_damaged", None)
    assert "SQLite says" in report.problem


async def test_an_event_that_can_not_be_read_is_named(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m", [e.MissionStarted()])
    facts = (1, "m", 5, "mission.unknown")
    chain = link(GENESIS, facts, b"{}")
    edit(path, f"UPDATE events SET at_ms = 5, type = 'mission.unknown', hash = x'{chain.hex()}'")
    file = HeadFile(head_path(path))
    file.begin(Head(1, chain))
    file.close()
    report = audit(path)
    assert outcome(report) == ("event_unreadable", 1)
    assert "event 1: event type 'mission.unknown' is unknown" in report.problem
