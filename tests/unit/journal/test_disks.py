"""Disks that are full, read-only or gone: clear codes, nothing pretended, nothing half written."""

# ruff: noqa: ASYNC221, ASYNC240 - nothing else runs in these loops

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.domain import events as e
from orchestrator.journal.audit import audit
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.sqlite import pragma
from orchestrator.journal.store import SqliteJournal, open_journal
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

pytestmark = pytest.mark.anyio
BIG = e.SealingStarted("t" * 200_000)


async def refused(journal: SqliteJournal, event: e.Event = BIG) -> str:
    with pytest.raises(JournalError) as caught:
        await journal.append("m", [event])
    return caught.value.code


async def test_a_full_disk_is_said_until_there_is_room(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m", [e.MissionStarted()])
        connection = journal._writer._connection
        limit = pragma(connection, "max_page_count")
        assert isinstance(limit, int)
        pragma(connection, "max_page_count", pragma(connection, "page_count"))
        assert await refused(journal) == "disk_full"
        assert await refused(journal) == "disk_full"
        assert len(await journal.read()) == 1
        pragma(connection, "max_page_count", limit)
        (done,) = await journal.append("m", [BIG])
        assert done.seq == 2
    report = audit(path)
    assert (report.is_intact, report.event_count) == (True, 2)


FULL_DISK = """
import resource, signal, sys, anyio
from pathlib import Path
from orchestrator.domain import events as e
from orchestrator.journal.store import open_journal
from orchestrator.ports.journal import JournalError

class Clock:
    def now_s(self):
        return 1.0

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    async with open_journal(Path(sys.argv[1]), clock=Clock()) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        for number in range(20):
            try:
                await journal.append("m", [e.SealingStarted("t" * 100_000)])
                print("ok")
            except JournalError as error:
                print(error.code)

anyio.run(main)
"""


async def test_a_file_that_may_not_grow(path: Path, clock: Clock, child_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    words = done.stdout.split()
    acknowledged = words.count("ok")
    assert 1 <= acknowledged < 20
    assert words[:acknowledged] == ["ok"] * acknowledged
    assert set(words[acknowledged:]) <= {"disk_full", "journal_unwritable"}
    report = audit(path)
    assert report.is_intact, report.problem
    assert report.event_count == acknowledged
    async with open_journal(path, clock=clock) as journal:
        (more,) = await journal.append("m", [BIG])
        assert more.seq == acknowledged + 1


async def test_a_head_that_can_not_be_written_stops_the_next_call(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async with open_journal(path, clock=clock) as journal:
        for failing in (no_room, lambda *_: 0):
            monkeypatch.setattr(os, "pwrite", failing)
            first = (await journal.append("m", [e.IterationStarted(1)]))[0].seq
            assert first, "it was committed, so it must be acknowledged"
            assert await refused(journal) == "journal_unwritable"
            assert await refused(journal) == "journal_unwritable"
            assert audit(path).unanchored_count == 1
            monkeypatch.undo()
            (done,) = await journal.append("m", [e.IterationStarted(2)])
            assert done.seq == first + 1
    report = audit(path)
    assert (report.is_intact, report.event_count, report.unanchored_count) == (True, 4, 0)


async def test_a_foreign_writer_is_met_with_a_refusal(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m", [e.MissionStarted()])
        journal._writer._connection.execute("DROP TABLE events")
        assert await refused(journal) == "journal_unwritable"
        assert await refused(journal) == "journal_unwritable"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="journal-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


READ_ONLY = """
import os, sys, tempfile, anyio
from pathlib import Path
from orchestrator.journal.audit import audit
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.store import open_journal
from orchestrator.ports.journal import JournalError

class Clock:
    def now_s(self):
        return 1.0

async def main(path):
    try:
        async with open_journal(path, clock=Clock()):
            print("opened")
    except JournalError as error:
        print(error.code)

async def warm(path):
    async with open_journal(path, clock=Clock()):
        audit(path)

path = Path(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    anyio.run(warm, Path(folder, "journal.db"))  # so that every module is loaded before the rights go
if os.geteuid() == 0:
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
anyio.run(main, path)
if path.exists():
    with JournalReader(path) as reader:
        print(len(reader.read()), audit(path).is_intact)
"""


def as_nobody(path: Path, environment: dict[str, str]) -> list[str]:
    """What the program above says about `path`, with the rights of a user who is not root."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", READ_ONLY, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


async def test_a_read_only_folder_can_be_read_but_not_owned(
    open_folder: Path, clock: Clock, child_environment: dict[str, str]
) -> None:
    path = open_folder / "state" / "journal.db"
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m", [e.MissionStarted()])
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert as_nobody(path, child_environment) == ["journal_unwritable", "1", "True"]
    finally:
        path.parent.chmod(0o755)


async def test_a_state_folder_that_can_not_be_made(open_folder: Path, child_environment: dict[str, str]) -> None:
    open_folder.chmod(0o555)
    assert as_nobody(open_folder / "state" / "journal.db", child_environment) == ["journal_unwritable"]
    open_folder.chmod(0o755)


async def test_a_symlink_in_place_of_a_file_is_not_followed(path: Path, clock: Clock, tmp_path: Path) -> None:
    path.parent.mkdir()
    outside = tmp_path / "outside"
    for name in ("journal.db", "journal.lock"):
        (path.parent / name).unlink(missing_ok=True)
        (path.parent / name).symlink_to(outside)
        with pytest.raises(JournalError) as caught:
            async with open_journal(path, clock=clock):
                pass
        assert caught.value.code == "journal_unwritable"
        (path.parent / name).unlink()
    assert not outside.exists()


async def test_reading_where_the_journal_is_locked_away(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError) as caught:
        JournalReader(path)
    assert caught.value.code == "journal_unwritable"
