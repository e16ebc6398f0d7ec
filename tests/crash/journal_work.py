"""The journal's day, told in a few hundred changes of the disk, and what must be true after a crash in it.

The work: three openings of one journal by the production code; single and grouped appends, calls of several events;
clocks that jump a day; states stored, missions archived, an old archive dropped; checkpoints; the readable files.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apsw
from disk import Disk

from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import DeliveryMode, MissionStatus, Role, Stage, Verdict
from orchestrator.journal.audit import audit
from orchestrator.journal.head import head_path, load_head
from orchestrator.journal.keeper import Keeping
from orchestrator.journal.projections import WorkspaceProjection
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.schema import connect_read_only
from orchestrator.journal.store import SqliteJournal, open_journal
from orchestrator.journal.summary import render_summary
from orchestrator.ports.journal import JournalError, Recorded

DAY_S = 24 * 3600.0
KEEPING = Keeping(archive_after_s=10 * DAY_S, archive_bytes=5_000, snapshot_events=8, interval_s=1e6)
CHECKPOINT_PAGES = 12
SEGMENT_EVENTS = 16
DOUBTFUL = {"journal_unwritable", "journal_timeout", "journal_corrupt"}
"""A call that is refused so may have reached the disk; one that is refused for room has not."""


class JumpingClock:
    """A clock whose steps are drawn from a second and a day, forth and back, on the way from day to day."""

    def __init__(self, seed: int = 1) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - no secret
        self.at_s = 1_700_000_000.0

    def now_s(self) -> float:
        self.at_s += self._dice.choice((0.0, 0.5, 1.0, DAY_S, -DAY_S))
        return self.at_s


@dataclass(slots=True)
class Told:
    """What the callers were told: events by number, the ends of calls, and when (in changes of the disk) each was."""

    by_seq: dict[int, tuple[str, e.Event]] = field(default_factory=dict[int, tuple[str, e.Event]])
    ends: set[int] = field(default_factory=lambda: {0})
    told_at: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    refused: list[str] = field(default_factory=list[str])
    doubtful: list[tuple[str, e.Event]] = field(default_factory=list[tuple[str, e.Event]])

    def acknowledged(self, op_count: int) -> int:
        """The last event that somebody knew to be safe when so many changes had happened."""
        return max((seq for at, seq in self.told_at if at <= op_count), default=0)


def story(mission_id: str) -> list[e.Event]:
    """A mission from acceptance to its end, with a plan, a refusal and a fix."""
    finding = Finding("guardian", "no-secret", "src/ä.py", "a key in the code", start_line=4, text="KEY = 'x'" * 30)
    fixer = TaskSpec("a.fix1", "Fix it", "r", ("src/ä.py",), role=Role.FIXER)
    return [
        e.MissionAccepted(mission_id, "Add a thing " * 20, "/w", "scripted", DeliveryMode.APPLY, False, 5),
        e.MissionStarted(),
        e.SnapshotTaken("c0" * 20, "t0" * 20, 3, ()),
        e.PlanAccepted(1, (TaskSpec("a", "Write it", "asked", ("src/ä.py",), role=Role.WORKER),)),
        e.IterationStarted(1),
        e.AttemptStarted("at-1", "a", 1, Role.WORKER, "scripted", 1, "c0", ("src/ä.py",)),
        e.GateJudged(Stage.ATTEMPT, "t1", "a", "at-1", GateReport("guardian", Verdict.FAILED, (finding,))),
        e.AttemptRefused("at-1", "a", "guardian found a secret", (finding,), "c1"),
        e.TaskAdded(fixer, "a", "guardian", (finding,), "c1", "c0"),
        e.AttemptStarted("at-2", "a.fix1", 1, Role.FIXER, "scripted", 2, "c0", ("src/ä.py",)),
        e.AttemptIntegrated("at-2", "a.fix1", "c0", "c2", "t2", ("src/ä.py",)),
        e.MissionEnded(MissionStatus.STOPPED, "stopped", "by the user", "hint"),
    ]


class Work:
    """Does the work on one disk and remembers what it was told."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.told = Told()
        self.path = disk.root / "journal.db"
        self._clock = JumpingClock()

    async def run(self) -> None:
        """All of it. A refusal is remembered, and the work goes on as far as it may."""
        for number in range(3):
            try:
                await self._session(number)
            except JournalError as error:
                self.told.refused.append(error.code)
            except apsw.Error:
                # Only a VFS in Python can say so: SQLite itself passes over a checkpoint that fails at the end.
                self.told.refused.append("journal_unwritable")

    async def _session(self, number: int) -> None:
        async with open_journal(self.path, clock=self._clock, keeping=KEEPING) as journal:
            for events in _calls(story(f"m-{number}a")):
                await self._append(journal, f"m-{number}a", events)
            await asyncio.gather(
                *[self._append(journal, f"m-{number}{name}", call) for name in "bcd" for call in _calls(story(name), 4)]
            )
            await self._append(journal, "m-long", _long(number))
            await self._keep(journal)
            self._clock.at_s += 20 * DAY_S
            await self._keep(journal)
            await self._append(journal, f"m-{number}e", story("e")[:7])
            await asyncio.to_thread(self._project)

    async def _append(self, journal: SqliteJournal, mission_id: str, events: Sequence[e.Event]) -> None:
        try:
            recorded = await journal.append(mission_id, events)
        except JournalError as error:
            self.told.refused.append(error.code)
            if error.code in DOUBTFUL:
                self.told.doubtful += [(mission_id, event) for event in events]
            return
        for item in recorded:
            self.told.by_seq[item.seq] = (mission_id, item.event)
        self.told.ends.add(recorded[-1].seq)
        self.told.told_at.append((len(self.disk.ops), recorded[-1].seq))

    async def _keep(self, journal: SqliteJournal) -> None:
        try:
            await asyncio.to_thread(_keep_once, journal)
        except JournalError as error:
            self.told.refused.append(error.code)

    def _project(self) -> None:
        projection = WorkspaceProjection(self.disk.root)
        mission = fold(story("m-1"))
        try:
            projection.write_summary(mission, [Recorded(1, "m-1", 1.0, story("m-1")[0])])
        except JournalError as error:
            self.told.refused.append(error.code)


def _keep_once(journal: SqliteJournal) -> None:
    connection = connect_read_only(journal.path)
    try:
        journal._keeper.keep(connection)
    finally:
        connection.close()


def _long(number: int) -> list[e.Event]:
    """A mission that does not end: accepted in the first session, worked on in each."""
    begin = story("m-long")[:4] if number == 0 else []
    return [*begin, e.IterationStarted(number + 1)]


def _calls(events: list[e.Event], size: int = 1) -> list[list[e.Event]]:
    return [events[start : start + size] for start in range(0, len(events), size)]


def small_checkpoints(connection: apsw.Connection) -> None:
    """Checkpoints after a few pages, so that a short day has many; for `apsw.connection_hooks`."""
    connection.wal_autocheckpoint(CHECKPOINT_PAGES)


@dataclass(slots=True)
class Found:
    """What a crash left, read by the production code."""

    problems: list[str]
    kept: int = 0


async def examine(folder: Path, told: Told, acknowledged: int) -> Found:
    """Open what a crash left and hold it against what callers were told."""
    path = folder / "journal.db"
    problems: list[str] = []
    try:
        async with open_journal(path, clock=JumpingClock(), keeping=KEEPING) as journal:
            last = (await journal.load()).last_seq
            if last < acknowledged:
                problems.append(f"lost: {acknowledged} was acknowledged, {last} is there")
            with JournalReader(path) as reader:
                problems += _compared(reader, *_merged(reader, told, last, problems))
            (more,) = await journal.append("m-after", [e.MissionStarted()])
            head = load_head(head_path(path))
            if more.seq != last + 1 or head is None or head.seq != more.seq:
                problems.append(f"event {more.seq} follows on {last}, its head is {head}")
        report = audit(path)
        if not report.is_intact:
            problems.append(f"audit: {report.code}: {report.problem}")
        _project_again(folder)
        return Found(problems, last)
    except JournalError as error:
        return Found([*problems, f"{error.code}: {error.message}"])


def _project_again(folder: Path) -> None:
    """The readable file is whatever a crash made of it; the next projection makes it right."""
    mission, recorded = fold(story("m-1")), [Recorded(1, "m-1", 1.0, story("m-1")[0])]
    WorkspaceProjection(folder).write_summary(mission, recorded)
    if (folder / ".opencode" / "summary.md").read_text("utf-8") != render_summary(mission, recorded):
        raise JournalError("projection_unwritable", "summary.md is not what was written")


def _merged(reader: JournalReader, told: Told, last: int, problems: list[str]) -> tuple[dict[str, list[e.Event]], bool]:
    """Every event up to the last by mission: what was told, and of calls in doubt what is there. False: with holes."""
    missions: dict[str, list[e.Event]] = {}
    is_whole = True
    if last not in told.ends and not told.doubtful:
        problems.append(f"half a call: the journal ends with {last}")
    for seq in range(1, last + 1):
        fact = told.by_seq.get(seq)
        if fact is None:
            try:
                (item,) = reader.read(after_seq=seq - 1, limit=1)
            except JournalError as error:
                if error.code != "events_archived":
                    raise
                is_whole = False
                continue
            fact = (item.mission_id, item.event)
            if fact not in told.doubtful:
                problems.append(f"event {seq} was refused, or nobody wrote it")
        missions.setdefault(fact[0], []).append(fact[1])
    return missions, is_whole


def _compared(reader: JournalReader, missions: dict[str, list[e.Event]], is_whole: bool) -> list[str]:
    """Every mission, also the archived ones, against the fold of what was told."""
    problems: list[str] = []
    for mission_id, events in missions.items():
        try:
            items = reader.read(mission_id=mission_id)
            state = reader.mission(mission_id)
        except JournalError as error:
            if error.code != "events_archived":
                problems.append(f"{mission_id}: {error.message}")
            continue
        if [item.event for item in items] != events:
            problems.append(f"{mission_id} has other events than were told")
        if state != fold(events):
            problems.append(f"{mission_id} folds to another state")
    known: dict[str, Mission] = {item.id: item for item in reader.load(max_finished_tasks=10_000).missions}
    for mission_id, mission in known.items():
        if mission_id in missions and mission != fold(missions[mission_id]):
            problems.append(f"the stored state of {mission_id} is not what its events say")
    if is_whole and set(missions) != {item.id for item in reader.summaries()}:
        problems.append("the summaries name other missions")
    return problems
