"""What a mission under kills left, held against what its client and its host had seen."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from orchestrator.config.places import Places
from orchestrator.domain import events as e
from orchestrator.journal.audit import audit
from orchestrator.journal.reader import JournalReader
from orchestrator.ports.journal import Recorded
from orchestrator.reading import _unproven
from orchestrator.rpc.mapping import event_view

Row = dict[str, Any]


class Rows:
    """The lines of a file that processes append to, each read once.

    A line that was cut off is left out: a process may be killed between two pages of its write, and then the next one
    goes on in the same line. Rows begin like nothing that is inside of one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows: list[Row] = []
        self._read_bytes = 0
        self._lock = threading.Lock()

    def __call__(self) -> list[Row]:
        """All whole lines until now. The list grows with later calls; it is not to be changed."""
        with self._lock:
            if not self.path.exists():
                return self._rows
            with self.path.open("rb") as file:
                file.seek(self._read_bytes)
                whole, newline, _ = file.read().rpartition(b"\n")
            if newline:
                self._rows += [json.loads(_last_row(line)) for line in whole.split(b"\n")]
                self._read_bytes += len(whole) + 1
            return self._rows


def _last_row(line: bytes) -> bytes:
    """What stands behind the rows of a line that were cut off."""
    return line[line.rindex(b'{"what": ') :]


@dataclass(slots=True)
class Verdict:
    """What was found of one mission."""

    facts: int = 0
    lost: list[str] = field(default_factory=list[str])
    twice: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])
    repeated_s: float = 0.0
    total_s: float = 0.0


def judge(where: Places, seen: list[Row], witnessed: list[Row]) -> Verdict:
    """Everything that can be told after the end of a mission."""
    verdict = Verdict()
    with JournalReader(where.journal) as reader:
        recorded = reader.read(limit=1_000_000)
    _compare(verdict, seen, recorded)
    _count(verdict, recorded, witnessed)
    report = audit(where.journal, partial(_unproven, where))
    if not report.is_intact:
        verdict.problems.append(f"audit: {report.code}: {report.problem}")
    return verdict


def _compare(verdict: Verdict, seen: list[Row], recorded: list[Recorded]) -> None:
    """Every event that a client saw is in the journal, word for word."""
    by_seq = {item.seq: item for item in recorded}
    for row in seen:
        if row["what"] != "event":
            continue
        verdict.facts += 1
        told = row["event"]
        kept = by_seq.get(told["seq"])
        if kept is None or event_view(kept).model_dump(mode="json", by_alias=True) != told:
            verdict.lost.append(f"event {told['seq']} {told['type']} was told and is not in the journal")


def _count(verdict: Verdict, recorded: list[Recorded], witnessed: list[Row]) -> None:
    """Every prompt that the host met was begun in the journal before it, as an attempt or as its healing."""
    sessions: dict[str, list[str]] = defaultdict(list)
    for row in witnessed:
        if row["what"] == "begin":
            sessions[row["task"]].append(row["session"])
    started = Counter(item.event.task_id for item in recorded if isinstance(item.event, e.AttemptStarted))
    # A child that was killed under a session is healed by a second prompt, which is recorded before it is sent.
    started += Counter(item.event.task_id for item in recorded if isinstance(item.event, e.SessionRecovering))
    started[""] += 1 + sum(isinstance(item.event, e.MissionTakenUp) for item in recorded)
    for task_id, found in sessions.items():
        name = task_id or "the planner"
        if len(found) > started[task_id]:
            verdict.twice.append(f"{name} was prompted {len(found)} times, {started[task_id]} are in the journal")
    _count_attempts(verdict, recorded)
    _measure(verdict, witnessed)


def _count_attempts(verdict: Verdict, recorded: list[Recorded]) -> None:
    live: dict[str, str] = {}
    done: set[str] = set()
    for item in recorded:
        match item.event:
            case e.AttemptStarted(attempt_id=attempt_id, task_id=task_id):
                if task_id in live:
                    verdict.twice.append(f"{task_id} began again while {live[task_id]} had no end in the journal")
                if task_id in done:
                    verdict.twice.append(f"{task_id} was done already")
                live[task_id] = attempt_id
            case e.AttemptInterrupted(task_id=task_id) | e.AttemptRefused(task_id=task_id):
                live.pop(task_id, None)
            case e.AttemptIntegrated(task_id=task_id):
                live.pop(task_id, None)
                done.add(task_id)
            case e.MissionTakenUp(interrupted=interrupted):
                named = {task_id for task_id, attempt_id in live.items() if attempt_id in interrupted}
                for task_id in named:
                    live.pop(task_id)
            case _:
                continue


def _measure(verdict: Verdict, witnessed: list[Row]) -> None:
    """Seconds of sessions, and of those that another session of the same task had to repeat."""
    ended = {row["session"]: row["at_s"] for row in witnessed if row["what"] == "end"}
    died = {row["pid"]: row["at_s"] for row in witnessed if row["what"] == "killed"}
    last = {row["task"]: row["session"] for row in witnessed if row["what"] == "begin" and row["session"] in ended}
    for row in witnessed:
        if row["what"] != "begin":
            continue
        until_s = ended.get(row["session"], died.get(row["pid"], row["at_s"]))
        took_s = max(0.0, until_s - row["at_s"])
        verdict.total_s += took_s
        if last.get(row["task"]) != row["session"]:
            verdict.repeated_s += took_s
