"""The journal against bare SQLite and DBOS: events a second, a durable step, folding, notification, restart.

Bare apsw writes the same columns with the same pragmas (its connection is opened by the journal's own code) and one
transaction a commit. It is measured twice: from one thread with nothing around it ("alone": no hashes, no head, no
checks, nobody who waits), and behind as many waiting callers as the journal has ("served": tasks that hand a row to a
thread and go on when it is committed), which is what bare SQLite is to a server. "Served" batches by the journal's
rule: all that waits, and for a millisecond as many calls as the last commit had. What it does not do, and the journal
does for every event: encoding it, reading it back, the hash over it and the one before, and the head file. Peers are
measured in the same run, in alternation; values are medians. Run as a script it prints the rows.
"""

from __future__ import annotations

import asyncio
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import apsw

from orchestrator.domain import events as e
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import DeliveryMode, MissionStatus, Role
from orchestrator.engine.publisher import Publisher
from orchestrator.journal.codec import encode, link
from orchestrator.journal.head import Head, HeadFile, head_path
from orchestrator.journal.keeper import Keeping
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.schema import connect, connect_read_only, migrate
from orchestrator.journal.sqlite import run, transaction
from orchestrator.journal.store import open_journal
from orchestrator.journal.writer import GATHER_S

Row = dict[str, Any]
WRITERS = (1, 10, 50)
COMMITS = 200
"""So many a measurement, whatever the number of writers: each writer has one event in each."""
REPEATS = 5
GOAL_RATIO = 0.7
GOAL_STEP_RATIO = 0.25
GOAL_FOLD_S = 3.0
GOAL_NOTICE_MS = 20.0
GOAL_RESTART_S = 2.0
RESTART_EVENTS = 1_000_000
FOLD_EVENTS = 100_000
ROUNDS = 5
"""Pairs that are measured in turns."""
STEPS = 200
DBOS = "dbos==3.4.0"
ROOT = Path(__file__).resolve().parents[2]

EVENT = e.AttemptCommitted(
    "at-0123456789ab", "task-17", "c" * 40, "t" * 40, ("src/module/file.py", "tests/test_file.py")
)
_INSERT = "INSERT INTO events(seq, mission_id, at_ms, type, body, hash) VALUES (?, ?, ?, ?, ?, ?)"


class _Clock:
    def now_s(self) -> float:
        return time.time()


def journal_events_s(folder: Path, writers: int) -> float:
    """Events a second when so many tasks append one event at a time."""

    async def measure() -> float:
        async with open_journal(folder / "journal.db", clock=_Clock()) as journal:

            async def write() -> None:
                for _ in range(COMMITS):
                    await journal.append("m-1", [EVENT])

            return await _speed(writers, write)

    return anyio.run(measure)


def bare_events_s(folder: Path, rows_a_commit: int) -> float:
    """Events a second of apsw alone, from one thread."""
    connection = _bare(folder)
    name, body = encode(EVENT)
    begin_s = time.perf_counter()
    for first in range(1, COMMITS * rows_a_commit + 1, rows_a_commit):
        seqs = range(first, first + rows_a_commit)
        _commit(connection, [(seq, "m-1", 1_700_000_000_000, name, body, bytes(32)) for seq in seqs])
    speed = COMMITS * rows_a_commit / (time.perf_counter() - begin_s)
    connection.close()
    return speed


def served_events_s(folder: Path, writers: int) -> float:
    """Events a second of apsw behind tasks that wait for their commit: a queue, a thread, the same group commit."""
    connection = _bare(folder)
    name, body = encode(EVENT)
    calls: queue.SimpleQueue[asyncio.Future[None] | None] = queue.SimpleQueue()

    async def measure() -> float:
        loop = asyncio.get_running_loop()

        def serve() -> None:
            seq = last = 0
            while call := calls.get():
                batch = [call]
                until_s = time.monotonic() + GATHER_S
                while not calls.empty() or (len(batch) < last and time.monotonic() < until_s):
                    with suppress(queue.Empty):
                        batch.append(calls.get(timeout=max(0.0, until_s - time.monotonic())) or call)
                last = len(batch)
                numbers = range(seq + 1, seq + 1 + len(batch))
                _commit(connection, [(n, "m-1", 1_700_000_000_000, name, body, bytes(32)) for n in numbers])
                seq += len(batch)
                loop.call_soon_threadsafe(lambda done: [future.set_result(None) for future in done], batch)

        thread = threading.Thread(target=serve)
        thread.start()

        async def write() -> None:
            for _ in range(COMMITS):
                answer: asyncio.Future[None] = loop.create_future()
                calls.put(answer)
                await answer

        speed = await _speed(writers, write)
        calls.put(None)
        thread.join()
        return speed

    speed = anyio.run(measure)
    connection.close()
    return speed


async def _speed(writers: int, write: Callable[[], Any]) -> float:
    begin_s = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(writers):
            tasks.start_soon(write)
    return COMMITS * writers / (time.perf_counter() - begin_s)


def _bare(folder: Path) -> apsw.Connection:
    connection = connect(folder / "journal.db")
    migrate(connection)
    return connection


def _commit(connection: apsw.Connection, rows: list[tuple[Any, ...]]) -> None:
    run(connection, "BEGIN IMMEDIATE")
    connection.executemany(_INSERT, rows)
    run(connection, "COMMIT")


def _fresh(measure: Callable[..., float], *arguments: int) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-journal-") as folder:
        return measure(Path(folder), *arguments)


def speed_rows() -> Iterator[Row]:
    """Events a second against both forms of bare apsw."""
    for writers in WRITERS:
        kinds = (journal_events_s, bare_events_s, served_events_s)
        # In alternation, so that a busy machine slows all alike; the ratio is taken pair by pair.
        runs = [[_fresh(kind, writers) for kind in kinds] for _ in range(REPEATS)]
        own = statistics.median(values[0] for values in runs)
        for number, what in ((1, "alone, one thread"), (2, f"served to {writers} waiting tasks")):
            peer = statistics.median(values[number] for values in runs)
            ratio = statistics.median(values[0] / values[number] for values in runs)
            yield {
                "name": f"journal: events appended and synced, {writers} writers, against bare apsw {what}",
                "value": round(own),
                "unit": "events/s",
                "peer": f"bare apsw {what}, {writers} rows a commit: {peer:.0f} events/s",
                "ratio": round(ratio, 3),
                "goal": f"ratio >= {GOAL_RATIO}",
                "met": ratio >= GOAL_RATIO,
            }


_DBOS_PROGRAM = """
import statistics, sys, time
from dbos import DBOS

DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{sys.argv[1]}/dbos.sqlite", "log_level": "ERROR"})

@DBOS.step()
def step(number):
    return {"task": "task-17", "commit": "c" * 40, "tree": "t" * 40, "paths": ["src/module/file.py"]}

@DBOS.workflow()
def flow(count):
    begin_s = time.perf_counter()
    for number in range(count):
        step(number)
    return (time.perf_counter() - begin_s) / count

DBOS.launch()
flow(20)
print("step_s", statistics.median(flow(int(sys.argv[2])) for _ in range(3)))
DBOS.destroy()
"""


def step_row() -> Row:
    """One durable step: before it and after it an event is on disk. DBOS writes one row after its step.

    Taken in turns, because the time of a sync changes with what else the disk does; the ratio is the median of pairs.
    """
    row: Row = {"name": "journal: a durable step (recorded before and after), against DBOS on SQLite", "unit": "ms"}
    row |= {"goal": f"ratio <= {GOAL_STEP_RATIO}"}
    try:
        pairs = [(_fresh(_own_step_s), _fresh(_dbos_step_s)) for _ in range(ROUNDS)]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return row | {"met": False, "problem": f"{DBOS} could not be measured: {error}"}
    ratio = statistics.median(own_s / peer_s for own_s, peer_s in pairs)
    own_s, peer_s = (statistics.median(pair[which] for pair in pairs) for which in (0, 1))
    row |= {"value": round(own_s * 1000, 3), "peer": f"{DBOS}: {peer_s * 1000:.3f} ms"}
    return row | {"ratio": round(ratio, 3), "met": ratio <= GOAL_STEP_RATIO}


def _own_step_s(folder: Path) -> float:
    async def measure() -> float:
        async with open_journal(folder / "journal.db", clock=_Clock()) as journal:
            begin_s = time.perf_counter()
            for number in range(STEPS):
                started = e.AttemptStarted("at-1", "task-17", number, Role.WORKER, "scripted", 1, "c" * 40, ("src",))
                await journal.append("m-1", [started])
                await journal.append("m-1", [EVENT])
            return (time.perf_counter() - begin_s) / STEPS

    return anyio.run(measure)


def _dbos_step_s(folder: Path) -> float:
    python = ROOT / "build" / "peers" / "dbos" / "bin" / "python"
    if not python.exists():
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:/usr/bin:/bin") or shutil.which("uv") or "uv"
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, python.parents[1]], check=True, timeout=60)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, DBOS], check=True, timeout=300)
    done = subprocess.run(
        [python, "-c", _DBOS_PROGRAM, folder, str(STEPS)], check=True, timeout=120, capture_output=True, text=True
    )
    return float(next(line for line in done.stdout.splitlines() if line.startswith("step_s")).split()[1])


def notice_row() -> Row:
    """From the call of `append` to the subscriber's hands, 50 writers at once, through the engine's publisher."""

    async def measure() -> list[float]:
        waits: list[float] = []
        begun: dict[int, float] = {}
        with tempfile.TemporaryDirectory(prefix="bench-journal-") as folder:
            keeping = Keeping(interval_s=0.1, snapshot_events=2_000)
            async with open_journal(Path(folder, "journal.db"), clock=_Clock(), keeping=keeping) as journal:
                publisher = Publisher(0)
                with publisher.subscribe() as stream:

                    async def write() -> None:
                        for _ in range(COMMITS):
                            begin_s = time.perf_counter()
                            recorded = await journal.append("m-1", [e.IterationStarted(1)])
                            begun[recorded[0].seq] = begin_s
                            publisher.publish(recorded)

                    async def listen() -> None:
                        async for item in stream:
                            waits.append(time.perf_counter() - begun.pop(item.seq))
                            if len(waits) == COMMITS * 50:
                                return

                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(listen)
                        for _ in range(50):
                            tasks.start_soon(write)
        return waits

    p99_ms = statistics.median(statistics.quantiles(anyio.run(measure), n=100)[98] * 1000 for _ in range(3))
    return {
        "name": "journal: from append to notification, p99, 50 writers (states are stored meanwhile)",
        "value": round(p99_ms, 2),
        "unit": "ms",
        "goal": f"< {GOAL_NOTICE_MS:.0f}",
        "met": p99_ms < GOAL_NOTICE_MS,
    }


def _mission(mission_id: str, tasks: int, rounds: int) -> Iterator[e.Event]:
    """A mission's events: so many tasks, each with so many attempts."""
    yield e.MissionAccepted(mission_id, "Do it", "/w", "scripted", DeliveryMode.APPLY, False, 5)
    yield e.PlanAccepted(1, tuple(TaskSpec(f"t{n}", "Title", "r", (f"src/{n}.py",)) for n in range(tasks)))
    for number in range(tasks):
        task = f"t{number}"
        for turn in range(rounds):
            yield e.AttemptStarted("at-1", task, turn, Role.WORKER, "scripted", 1, "c" * 40, ("src/a.py",))
            yield e.AttemptCommitted("at-1", task, "c" * 40, "t" * 40, ("src/a.py",))
            yield e.AttemptRefused("at-1", task, "no", (), "c" * 40)
    yield e.MissionEnded(MissionStatus.STOPPED, "stopped", "", "")


def _fill(path: Path, count: int) -> None:
    """A journal of so many events, as the journal itself would have written it."""
    connection = _bare(path.parent)
    head = Head()

    def rows() -> Iterator[tuple[Any, ...]]:
        nonlocal head
        while True:
            mission_id = f"m-{head.seq}"
            for event in _mission(mission_id, 10, 7):
                envelope = (head.seq + 1, mission_id, 1_700_000_000_000 + head.seq, e.EVENT_NAMES[type(event)])
                body = encode(event)[1]
                head = Head(head.seq + 1, link(head.hash, envelope, body))
                yield (*envelope, body, head.hash)
                if head.seq == count:
                    return

    with transaction(connection):
        connection.executemany(_INSERT, rows())
    connection.close()
    file = HeadFile(head_path(path))
    file.begin(head)
    file.close()


def large_rows() -> Iterator[Row]:
    """Folding everything, and starting again over a large journal."""
    with tempfile.TemporaryDirectory(prefix="bench-journal-") as folder:
        path = Path(folder, "journal.db")
        _fill(path, FOLD_EVENTS)
        with JournalReader(path) as reader:
            begin_s = time.perf_counter()
            reader.load()
            fold_s = time.perf_counter() - begin_s
    yield {
        "name": f"journal: {FOLD_EVENTS:,} events read, checked against their hashes and folded",
        "value": round(fold_s, 2),
        "unit": "s",
        "goal": f"<= {GOAL_FOLD_S:.0f}",
        "met": fold_s <= GOAL_FOLD_S,
    }
    with tempfile.TemporaryDirectory(prefix="bench-journal-") as folder:
        path = Path(folder, "journal.db")
        _fill(path, RESTART_EVENTS)
        anyio.run(_stored, path)
        restart_s = statistics.median(anyio.run(_restart_s, path) for _ in range(3))
    yield {
        "name": f"journal: restart over {RESTART_EVENTS:,} events, from opening to missions in memory",
        "value": round(restart_s, 3),
        "unit": "s",
        "goal": f"<= {GOAL_RESTART_S:.0f}",
        "met": restart_s <= GOAL_RESTART_S,
    }


async def _stored(path: Path) -> None:
    """Have the states stored, and as many events behind them as there are before the next time."""
    async with open_journal(path, clock=_Clock(), keeping=Keeping(archive_after_s=1e12, interval_s=1e6)) as journal:
        connection = connect_read_only(path)
        await anyio.to_thread.run_sync(journal._keeper.keep, connection)
        connection.close()
        tail = list(_mission("m-tail", 10, 7))[:-1]
        for _ in range((Keeping().snapshot_events - 1) // len(tail)):
            await journal.append("m-tail", tail)


async def _restart_s(path: Path) -> float:
    begin_s = time.perf_counter()
    async with open_journal(path, clock=_Clock(), keeping=Keeping(archive_after_s=1e12, interval_s=1e6)) as journal:
        restored = await journal.load()
        taken_s = time.perf_counter() - begin_s
    if restored.last_seq < RESTART_EVENTS:
        raise ValueError(f"only {restored.last_seq} events are there")
    return taken_s


def rows() -> list[Row]:
    """Every row: name, value, unit, peer, ratio, goal, met."""
    return [*speed_rows(), step_row(), notice_row(), *large_rows()]


if __name__ == "__main__":
    for row in rows():
        sys.stdout.write(f"{row}\n")
