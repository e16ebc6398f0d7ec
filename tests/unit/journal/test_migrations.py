"""A journal that the first schema's server wrote is read and taken over as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from orchestrator.domain import events as e
from orchestrator.domain.words import MissionStatus
from orchestrator.journal.audit import audit
from orchestrator.journal.head import Head, head_path, load_head
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.schema import MIGRATIONS, connect_read_only, version_of
from orchestrator.journal.store import open_journal
from orchestrator.ports.clock import Clock

pytestmark = pytest.mark.anyio
FIRST = Path(__file__).parent / "data" / "v1"
LAST_HASH = "c68095201b1ba92e1584ab591af6d8eb094dd58d49fed109c2a3e9eccfd4598e"


@pytest.fixture
def first(path: Path) -> Path:
    """Three missions as schema 1 held them: one sealed and delivered, one at work, one accepted."""
    path.parent.mkdir()
    for name in ("journal.db", "journal.head"):
        shutil.copy(FIRST / name, path.parent / name)
    return path


def version(path: Path) -> int:
    connection = connect_read_only(path)
    try:
        return version_of(connection)
    finally:
        connection.close()


async def test_the_first_schema_is_read_without_a_change(first: Path) -> None:
    report = audit(first)
    assert (report.is_intact, report.event_count, report.mission_count, report.head_seq) == (True, 39, 3, 39)
    with JournalReader(first) as reader:
        assert reader.mission("m-1").status is MissionStatus.SEALED
        assert [item.id for item in reader.load().missions] == ["m-1", "m-2", "m-3"]
        assert [item.id for item in reader.summaries()] == ["m-1", "m-2", "m-3"]
        assert reader.mission_ids() == ["m-1", "m-2", "m-3"]
    assert version(first) == 1
    assert (first.parent / "journal.db").read_bytes() == (FIRST / "journal.db").read_bytes()


async def test_the_first_schema_is_taken_over(first: Path, clock: Clock) -> None:
    with JournalReader(first) as reader:
        before = reader.read()
    assert load_head(head_path(first)) == Head(39, bytes.fromhex(LAST_HASH))
    async with open_journal(first, clock=clock) as journal:
        assert journal.notes == ()
        assert await journal.read() == before
        (more,) = await journal.append("m-2", [e.IterationStarted(2)])
        assert more.seq == 40
    assert version(first) == len(MIGRATIONS) == 2
    assert audit(first).is_intact
    async with open_journal(first, clock=clock) as again:
        assert [item.seq for item in await again.read(after_seq=38)] == [39, 40]


async def test_a_step_that_fails_leaves_the_schema_before_it(first: Path, clock: Clock) -> None:
    blocker = apsw.Connection(str(first))
    blocker.execute("CREATE TABLE facts(other)")
    blocker.close()
    for _ in range(2):
        with pytest.raises(Exception, match="already exists"):
            async with open_journal(first, clock=clock):
                pass
    assert version(first) == 1
    assert audit(first).problem == "" or "facts" in audit(first).problem


def test_a_file_without_a_schema_is_an_empty_journal(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with JournalReader(path) as reader:
        assert reader.read() == []
        assert reader.mission_ids() == []
        assert reader.load().missions == []
        assert reader.mission("m-1").id == ""
