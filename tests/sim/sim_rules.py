"""What must hold after every event, judged from the events alone by rules of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_workspace import Disk, differing

from orchestrator.domain import events as e
from orchestrator.domain.budget import MISSION
from orchestrator.domain.evolve import evolve
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import overlaps
from orchestrator.domain.words import MissionStatus, TaskStatus
from orchestrator.ports.journal import Recorded

IDLE_S = 30.0
"""A task that could start for longer than this, and nothing said why it did not, was forgotten."""


class Rules:
    """Takes every event of the journal; `problems` says what was broken."""

    def __init__(self, disk: Disk, now_s: Callable[[], float]) -> None:
        self.problems: list[str] = []
        self.missions: dict[str, Mission] = {}
        self._disk = disk
        self._now_s = now_s
        self._held: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._expected: dict[str, dict[str, str]] = {}
        self._landed: set[str] = set()
        self._commits: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._startable_s: dict[str, float] = {}
        self._used: dict[str, int] = {}

    def take(self, recorded: Recorded) -> None:
        """Judge one event, then apply it to a mission of our own."""
        mission = self.missions.setdefault(recorded.mission_id, Mission())
        event = recorded.event
        self._owners(event)
        self._landing(mission, event)
        if isinstance(event, e.AttemptStarted):
            unmet = [
                name
                for name in mission.tasks[event.task_id].spec.depends_on
                if mission.tasks[name].status not in {TaskStatus.DONE, TaskStatus.STRUCK}
            ]
            self._require(not unmet, f"{event.task_id} began before {unmet}")
        evolve(mission, event)
        self._budget(mission, event)
        self._require(len(mission.leases) <= 50, "more than 50 sessions run")
        if isinstance(event, e.MissionSealed):
            self._sealed(mission)
        self._forgotten(mission)

    def _require(self, is_so: object, problem: str) -> None:
        if not is_so:
            self.problems.append(f"{self._now_s():.1f} s: {problem}")

    def _owners(self, event: e.Event) -> None:
        """One owner a path."""
        match event:
            case e.AttemptStarted():
                for holder, write_set in self._held.values():
                    self._require(
                        not overlaps(write_set, event.write_set), f"{event.attempt_id} and {holder} own the same path"
                    )
                self._held[event.task_id] = (event.attempt_id, event.write_set)
            case e.AttemptRefused() | e.AttemptInterrupted() | e.AttemptIntegrated():
                owner = self._held.pop(event.task_id, ("nobody", ()))[0]
                self._require(owner == event.attempt_id, f"{event.attempt_id} ended, but {owner} owned {event.task_id}")
            case e.TaskFailed():
                self._held.pop(event.task_id, None)
            case e.MissionEnded() | e.MissionSealed():
                self._require(not self._held, f"the mission ended and {sorted(self._held)} are owned")
                self._held.clear()
            case _:
                pass

    def _landing(self, mission: Mission, event: e.Event) -> None:
        """Nothing lost, nothing doubled: the tip always holds exactly what was integrated, one after another."""
        match event:
            case e.SnapshotTaken():
                self._expected[mission.id] = dict(self._disk.files(event.commit))
            case e.AttemptCommitted():
                self._commits[event.attempt_id] = (event.commit, event.paths)
            case e.AttemptIntegrated():
                self._require(event.previous == mission.tip, f"{event.attempt_id} landed on another tip")
                self._require(event.attempt_id not in self._landed, f"{event.attempt_id} landed twice")
                self._require(event.attempt_id in self._commits, f"{event.attempt_id} landed without a commit")
                self._landed.add(event.attempt_id)
                commit, paths = self._commits.get(event.attempt_id, ("", ()))
                if commit:
                    lease = mission.leases.get(event.task_id)
                    base = self._disk.files(lease.base_commit) if lease else {}
                    made = self._disk.files(commit)
                    self._put(mission.id, made, [path for path in paths if base.get(path) != made.get(path)])
                self._same(mission.id, event.tip, f"after {event.attempt_id}")
            case e.TaskUndone():
                before, after = self._disk.files(event.previous), self._disk.files(event.tip)
                self._put(mission.id, after, differing(before, after))
            case _:
                pass

    def _put(self, mission_id: str, files: Mapping[str, str], paths: tuple[str, ...] | list[str]) -> None:
        expected = self._expected[mission_id]
        for path in paths:
            if path in files:
                expected[path] = files[path]
            else:
                expected.pop(path, None)

    def _same(self, mission_id: str, commit: str, when: str) -> None:
        wrong = differing(self._expected[mission_id], self._disk.files(commit))
        self._require(not wrong, f"the tip differs from serial work in {wrong} {when}")

    def _budget(self, mission: Mission, event: e.Event) -> None:
        """Spent + reserved never exceeds the limit, by our own account."""
        if isinstance(event, e.BudgetReserved):
            self._used[event.reservation.id] = event.reservation.amounts.tokens
            limit = mission.budget.limits.get((MISSION, "tokens"))
            used = sum(self._used.values())
            self._require(limit is None or used <= limit, f"{used} tokens are used of {limit}")
        elif isinstance(event, e.BudgetSettled):
            self._used[event.reservation_id] = event.used.tokens

    def _sealed(self, mission: Mission) -> None:
        self._require(mission.seal and mission.seal.tree == mission.tip_tree, "another tree than the tip was sealed")
        self._require(not mission.open_tasks(), "sealed with open tasks")
        bad = [path for path, content in self._disk.files(mission.tip).items() if "BAD-" in content]
        self._require(not bad, f"sealed with findings in {bad}")

    def _forgotten(self, mission: Mission) -> None:
        """A task that can start does so soon."""
        is_working = (
            mission.status is MissionStatus.RUNNING
            and not mission.is_paused
            and mission.is_plan_approved
            and not mission.slot_causes
            and len(mission.leases) < max(1, mission.slots // 2)
        )
        for task in mission.tasks.values():
            task_id = f"{mission.id}/{task.spec.id}"
            settled = {TaskStatus.DONE, TaskStatus.STRUCK}
            can_start = (
                is_working
                and task.status is TaskStatus.OPEN
                and not task.is_paused
                and all(
                    other.status in settled
                    for name in task.spec.depends_on
                    for other in (mission.tasks[name], *mission.parts(name))
                    if other is not task
                )
                and not any(overlaps(lease.write_set, task.spec.write_set) for lease in mission.leases.values())
            )
            if not can_start:
                self._startable_s.pop(task_id, None)
            elif self._now_s() - self._startable_s.setdefault(task_id, self._now_s()) > IDLE_S:
                self._startable_s[task_id] = float("inf")
                self._require(False, f"{task_id} could have started {IDLE_S:.0f} s ago")
