"""One owner, many readers, and what a kill leaves behind: with real second processes."""

# ruff: noqa: ASYNC240 - nothing else runs in these loops

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import anyio
import pytest

from orchestrator.domain import events as e
from orchestrator.journal.audit import audit
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.store import open_journal
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

pytestmark = pytest.mark.anyio

WRITER = """
import sys, time, anyio
from pathlib import Path
from orchestrator.domain import events as e
from orchestrator.journal.store import open_journal

class Clock:
    def now_s(self):
        return time.time()

async def write(journal, who):
    number = 0
    while True:
        number += 1
        done = await journal.append(f"m-{who}", [e.IterationStarted(number), e.SealingStarted(str(number))])
        print(who, number, done[-1].seq, flush=True)

async def main():
    async with open_journal(Path(sys.argv[1]), clock=Clock()) as journal, anyio.create_task_group() as tasks:
        for who in range(8):
            tasks.start_soon(write, journal, who)

anyio.run(main)
"""


@contextlib.contextmanager
def writing_child(path: Path, environment: dict[str, str]) -> Generator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)
        assert child.stdout is not None
        child.stdout.close()


@pytest.mark.parametrize("delay_s", [0.0, 0.11, 0.23])
async def test_kill_9_loses_nothing_that_was_acknowledged(
    path: Path, clock: Clock, child_environment: dict[str, str], delay_s: float
) -> None:
    with writing_child(path, child_environment) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(40)]
        time.sleep(delay_s)  # noqa: ASYNC251 - nothing else runs in this loop
        child.send_signal(signal.SIGKILL)
        lines += child.stdout.readlines()
        child.wait(10)
    acknowledged = [tuple(map(int, line.split())) for line in lines if line.endswith("\n")]
    assert len(acknowledged) >= 40
    before = audit(path)
    assert before.is_intact, before.problem
    with JournalReader(path) as reader:
        by_seq = {item.seq: item for item in reader.read(limit=1_000_000)}
    for who, number, seq in acknowledged:
        assert by_seq[seq].mission_id == f"m-{who}"
        assert by_seq[seq].event == e.SealingStarted(str(number))
        assert by_seq[seq - 1].event == e.IterationStarted(number)
    assert len(by_seq) % 2 == 0, "half a call was committed"
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m-after", [e.MissionStarted()])
    after = audit(path)
    assert after.is_intact, after.problem
    assert after.event_count == before.event_count + 1


async def test_a_second_owner_is_refused_by_name(path: Path, clock: Clock, child_environment: dict[str, str]) -> None:
    with writing_child(path, child_environment) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(JournalError) as caught:
            async with open_journal(path, clock=clock):
                pass
        assert caught.value.code == "journal_locked"
        assert str(child.pid) in caught.value.message
        assert str(child.pid) in caught.value.hint
    async with open_journal(path, clock=clock) as journal:
        assert len(await journal.read(limit=2)) == 2


async def test_the_same_process_is_no_exception(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock):
        with pytest.raises(JournalError, match="owns the journal"):
            async with open_journal(path, clock=clock):
                pass
    async with open_journal(path, clock=clock):
        pass


async def test_reading_and_auditing_beside_a_writer(path: Path, child_environment: dict[str, str]) -> None:
    with writing_child(path, child_environment) as child:
        assert child.stdout is not None
        child.stdout.readline()
        counts: list[int] = []
        for _ in range(5):
            with JournalReader(path) as reader:
                items = reader.read(limit=1_000_000)
                assert [item.seq for item in items] == list(range(1, len(items) + 1))
                counts.append(len(items))
            report = audit(path)
            assert report.is_intact, report.problem
            for _ in range(20):
                child.stdout.readline()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


async def test_the_reader_changes_nothing_and_sees_what_is_appended(path: Path, clock: Clock) -> None:
    async with open_journal(path, clock=clock) as journal:
        await journal.append("m-1", [e.IterationStarted(1)])
        with JournalReader(path) as reader:
            assert reader.mission_ids() == ["m-1"]
            assert reader.mission("m-1").iteration == 1
            assert reader.mission("m-none").id == ""
            await journal.append("m-2", [e.IterationStarted(2)])
            assert await anyio.to_thread.run_sync(reader.mission_ids) == ["m-1", "m-2"]
            with pytest.raises(Exception, match="readonly"):
                reader._connection.execute("DELETE FROM events")


async def test_there_must_be_a_journal_to_read(tmp_path: Path) -> None:
    for use in (JournalReader, audit):
        with pytest.raises(JournalError) as caught:
            use(tmp_path / "journal.db")
        assert caught.value.code == "journal_missing"
    assert list(tmp_path.iterdir()) == []
