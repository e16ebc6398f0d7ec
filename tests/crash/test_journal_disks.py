"""Disks that fail while they are read, and what a damaged page in the middle does to every way of reading."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import apsw
import pytest
from journal_work import JumpingClock, story

from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.journal.audit import audit
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.store import open_journal
from orchestrator.ports.journal import JournalError

PAGE_BYTES = 4096


async def _write(path: Path, missions: int) -> None:
    async with open_journal(path, clock=JumpingClock()) as journal:
        for number in range(missions):
            await journal.append(f"m-{number}", story(f"m-{number}"))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Forty missions, whose clock jumped a day forth and back between their events."""
    path = tmp_path / "state" / "journal.db"
    anyio.run(_write, path, 40)
    return path


def test_a_clock_that_jumps_changes_no_order_and_no_state(written: Path) -> None:
    report = audit(written)
    assert (report.is_intact, report.event_count) == (True, 480)
    with JournalReader(written) as reader:
        items = reader.read(limit=1_000)
        assert [item.seq for item in items] == list(range(1, 481))
        assert any(after.at_s < before.at_s for before, after in itertools.pairwise(items))
        assert reader.mission("m-7") == fold(story("m-7"))


class _FailingReads(apsw.VFS):
    """SQLite's own VFS whose reads fail behind the first page of the database."""

    def __init__(self) -> None:
        super().__init__("failing-reads", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - apsw's name
        return _FailingFile("unix", name, flags)


class _FailingFile(apsw.VFSFile):
    is_failing = False

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - apsw's name
        if offset >= 2 * PAGE_BYTES and _FailingFile.is_failing:
            raise apsw.IOError("the disk does not answer")
        return super().xRead(amount, offset)


@pytest.fixture
def failing_reads() -> Iterator[None]:
    vfs = _FailingReads()
    yield
    vfs.unregister()


@pytest.mark.usefixtures("failing_reads")
def test_a_disk_that_can_not_be_read_is_said(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = JournalReader(written)
    monkeypatch.setattr(_FailingFile, "is_failing", True)
    with pytest.raises(JournalError) as caught:
        reader.read(limit=1_000)
    assert caught.value.code == "journal_unwritable"
    monkeypatch.setattr(_FailingFile, "is_failing", False)
    assert len(reader.read(limit=1_000)) == 480
    # At its end a connection tries a checkpoint, here in vain; only a VFS in Python makes an exception of that.
    with suppress(apsw.IOError):
        reader.close()


def _damages(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Every page behind the first, zeroed, overwritten, and with one byte changed in its middle."""
    for start in range(PAGE_BYTES, len(content), PAGE_BYTES):
        page = content[start : start + PAGE_BYTES]
        flipped = bytearray(page)
        flipped[len(page) // 2] ^= 0x20
        for damaged in (bytes(PAGE_BYTES), b"\xa5" * PAGE_BYTES, bytes(flipped)):
            yield start, damaged


def test_a_damaged_page_is_found_and_never_gone_over(written: Path) -> None:
    content = written.read_bytes()
    truth = [(f"m-{number}", event) for number in range(40) for event in story(f"m-{number}")]
    found = 0
    for start, damaged in _damages(content):
        written.write_bytes(content[:start] + damaged + content[start + PAGE_BYTES :])
        report = audit(written)
        found += not report.is_intact
        try:
            with JournalReader(written) as reader:
                items = reader.read(limit=1_000)
                loaded = reader.load(max_finished_tasks=10_000)
        except JournalError as error:
            assert error.code == "journal_corrupt"
            assert not report.is_intact
            continue
        # Damage beside the events, in an index or in unused space, may be passed over: what is read is true.
        assert [(item.mission_id, item.event) for item in items] == truth
        assert len(loaded.missions) == 40
    sys.stdout.write(f"{found} damaged pages named by the audit\n")
    assert found >= len(content) // PAGE_BYTES


async def _second(path: Path) -> str:
    async with open_journal(path, clock=JumpingClock()) as first:
        try:
            async with open_journal(path, clock=JumpingClock()):
                return "opened"
        except JournalError as error:
            (more,) = await first.append("m-0", [e.MissionStarted()])
            return f"{error.code} {more.seq}"


def test_of_two_servers_one_is_refused_and_the_other_goes_on(written: Path) -> None:
    assert anyio.run(_second, written) == "journal_locked 481"
    assert audit(written).is_intact
