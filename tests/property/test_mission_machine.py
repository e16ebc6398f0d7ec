"""Random legal and illegal commands against a mission; a simple model of its own says what must hold after each."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.decide import MAX_FIXES, RuleViolation, decide
from orchestrator.domain.evolve import evolve, fold
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import GateReport, Receipt
from orchestrator.domain.words import (
    DeliveryMode,
    FailureKind,
    MissionStatus,
    Sensitivity,
    Stage,
    TaskStatus,
    Verdict,
)

FILES = ("x", "y", "d/z", "d/w", "d/e/v")
ENTRIES = ("x", "y", "d/", "d/z", "d/e/")
IDS = ("a", "b", "c", "review-1", "a.fix1")
MAX_ITERATIONS = 3

write_sets = st.lists(st.sampled_from(ENTRIES), min_size=1, max_size=2, unique=True).map(tuple)
picks = st.integers(0, 30)


def files_of(write_set: tuple[str, ...]) -> set[str]:
    """The files of the little world that a write set covers, told without the code under test."""
    return {f for f in FILES for entry in write_set if f == entry or (entry[-1] == "/" and f.startswith(entry))}


@dataclass
class Attempt:
    """An attempt as the model remembers it."""

    started: e.AttemptStarted
    is_live: bool = True


@dataclass
class Model:
    """What must be true, kept apart from the code under test."""

    attempts: list[Attempt] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    tip: str = ""
    tree: str = ""
    judged_tree: str = ""
    reports: dict[str, GateReport] = field(default_factory=dict)
    end: MissionStatus | None = None

    def line(self, task_id: str) -> list[str]:
        line = [task_id]
        while self.parents[line[-1]]:
            line.append(self.parents[line[-1]])
        return line

    def live(self, attempt_id: str = "", task_id: str = "") -> list[Attempt]:
        return [
            a
            for a in self.attempts
            if a.is_live and attempt_id in {"", a.started.attempt_id} and task_id in {"", a.started.task_id}
        ]

    def is_proven(self, tree: str) -> bool:
        """Invariant 15."""
        receipts = [r for report in self.reports.values() for r in report.receipts]
        return (
            bool(self.parents)
            and set(self.parents) == self.done
            and tree == self.tree == self.judged_tree
            and all(report.verdict is not Verdict.FAILED for report in self.reports.values())
            and all(r.tree == tree for r in receipts)
            and any(r.verdict is Verdict.CLEAN and r.sensitivity is Sensitivity.SENSITIVE for r in receipts)
        )


class MissionMachine(RuleBasedStateMachine):
    """Drives one mission."""

    def __init__(self) -> None:
        super().__init__()
        self.mission = Mission()
        self.model = Model()
        self.events: list[e.Event] = []
        self.names = 0

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def send(self, command: c.Command) -> list[e.Event] | None:
        """The events of a command, None when it was refused (and then nothing may have changed)."""
        before = copy.deepcopy(self.mission)
        try:
            events = decide(self.mission, command)
        except RuleViolation as error:
            assert error.code
            assert error.message
            assert self.mission == before
            return None
        assert self.mission == before, "decide changed the mission"
        assert self.model.end is None or isinstance(command, c.RecordDelivery), "an ended mission went on"
        for event in events:
            evolve(self.mission, event)
        self.events += events
        return events

    def any_attempt(self, pick: int) -> e.AttemptStarted | None:
        live = self.model.live()
        if live and pick % 3:
            return live[pick % len(live)].started
        return self.model.attempts[pick % len(self.model.attempts)].started if self.model.attempts else None

    def any_task(self, pick: int) -> str:
        return ([*self.model.parents, "ghost"])[pick % (len(self.model.parents) + 1)]

    # -- commands ---------------------------------------------------------------------------------------------------

    @initialize(
        sets=st.lists(write_sets, min_size=1, max_size=4),
        links=st.lists(st.tuples(picks, picks), max_size=2),
        skipped=st.integers(0, 9),
    )
    def begin(self, sets: list[tuple[str, ...]], links: list[tuple[int, int]], skipped: int) -> None:
        """Most runs begin with a snapshot and a valid plan; the others lack one of them."""
        self.accept()
        if skipped != 8:
            self.snapshot()
        if skipped != 9:
            size = len(sets)
            self.plan(
                sets, [(max(a % size, b % size), min(a % size, b % size)) for a, b in links if a % size != b % size]
            )

    @rule(which=st.integers(0, 3))
    def seldom(self, which: int) -> None:
        """Commands that are nearly always refused, or change little, share one place."""
        (self.accept, self.snapshot, self.deliver, lambda: self.iterate(self.names % (MAX_ITERATIONS + 2)))[which]()

    def accept(self) -> None:
        is_new = not self.events
        mode = DeliveryMode.APPLY
        done = self.send(
            c.AcceptMission("m", "do it", "/w", "h", mode, is_trusted=False, max_iterations=MAX_ITERATIONS)
        )
        assert (done is not None) is is_new

    def snapshot(self) -> None:
        commit, tree = self.name("c"), self.name("t")
        if self.send(c.Note(e.SnapshotTaken(commit, tree, 1, ()))):
            assert not self.model.parents
            self.model.tip, self.model.tree = commit, tree

    @precondition(lambda self: not self.model.parents)
    @rule(sets=st.lists(write_sets, max_size=4), links=st.lists(st.tuples(picks, picks), max_size=2))
    def plan(self, sets: list[tuple[str, ...]], links: list[tuple[int, int]]) -> None:
        after: dict[int, tuple[str, ...]] = {}
        for later, earlier in links:
            after[later % 5] = (IDS[earlier % 5],)
        specs = tuple(TaskSpec(IDS[n], f"T{n}", "", ws, after.get(n, ())) for n, ws in enumerate(sets))
        if self.send(c.AcceptPlan(specs)):
            assert specs
            self.model.parents = {spec.id: "" for spec in specs}

    @rule(pick=picks, is_likely=st.sampled_from([True, True, True, False]))
    def start(self, pick: int, *, is_likely: bool) -> None:
        idle = [t for t in self.model.parents if self.mission.tasks[t].status is TaskStatus.OPEN]
        task_id = idle[pick % len(idle)] if is_likely and idle else self.any_task(pick)
        events = self.send(c.StartAttempt(self.name("at-"), task_id, "h"))
        if events is None:
            return
        (started,) = events
        assert isinstance(started, e.AttemptStarted)
        assert self.model.tip
        assert started.base_commit == self.model.tip
        assert all(started.token > a.started.token for a in self.model.attempts), "a token was used twice"
        needed = self.mission.tasks[task_id].spec.depends_on
        assert set(needed) <= self.model.done
        assert task_id not in self.model.done | self.model.failed
        self.model.attempts.append(Attempt(started))

    @rule(pick=picks, is_refusal=st.booleans())
    def give_up(self, pick: int, *, is_refusal: bool) -> None:
        started = self.any_attempt(pick)
        if started is None:
            return
        a, t = started.attempt_id, started.task_id
        fact = (
            e.AttemptRefused(a, t, "bad", (), "c")
            if is_refusal
            else e.AttemptInterrupted(a, t, FailureKind.CRASHED, "")
        )
        live = self.model.live(a)
        done = self.send(c.Note(fact))
        assert (done is not None) is (bool(live) and self.model.end is None)
        for attempt in live:
            attempt.is_live = attempt.is_live and done is None

    @rule(
        pick=picks,
        token_shift=st.sampled_from([0, 0, 0, 0, -1, 1]),
        is_tip_true=st.sampled_from([True, True, True, False]),
        path=st.sampled_from(FILES),
        is_path_own=st.sampled_from([True, True, False]),
    )
    def integrate(self, pick: int, token_shift: int, path: str, *, is_tip_true: bool, is_path_own: bool) -> None:
        started = self.any_attempt(pick)
        if started is None:
            return
        own = sorted(files_of(started.write_set))
        path = own[pick % len(own)] if is_path_own else path
        a, t = started.attempt_id, started.task_id
        token = started.token + token_shift
        previous = self.model.tip if is_tip_true else "c-other"
        tip, tree = self.name("c"), self.name("t")
        live = self.model.live(a)
        is_legal = bool(live) and not token_shift and is_tip_true and path in own and self.model.end is None
        done = self.send(c.IntegrateAttempt(a, t, token, previous, tip, tree, (path,)))
        assert (done is not None) is is_legal
        if done:
            live[0].is_live = False
            self.model.tip, self.model.tree = tip, tree
            self.model.done |= set(self.model.line(t))

    @rule(pick=picks, is_review=st.booleans(), write_set=write_sets)
    def fix(self, pick: int, write_set: tuple[str, ...], *, is_review: bool) -> None:
        parent = "" if is_review else self.any_task(pick)
        done = self.send(c.AddFixTask(parent, "Fix", write_set, "why", (), "", ""))
        if not done:
            return
        (added,) = done
        assert isinstance(added, e.TaskAdded)
        assert added.task.id not in self.model.parents, "a task was overwritten"
        self.model.parents[added.task.id] = parent
        if parent:
            assert parent not in self.model.done | self.model.failed
            root = self.model.line(parent)[-1]
            fixers = [t for t in self.model.parents if t != root and self.model.line(t)[-1] == root]
            assert len(fixers) <= MAX_FIXES

    @rule(pick=picks)
    def fail(self, pick: int) -> None:
        task_id = self.any_task(pick)
        if self.send(c.Note(e.TaskFailed(task_id, "no"))):
            assert task_id not in self.model.done
            self.model.failed |= set(self.model.line(task_id))
            for attempt in self.model.live(task_id=task_id):
                attempt.is_live = False

    def iterate(self, number: int) -> None:
        done = self.send(c.Note(e.IterationStarted(number)))
        assert done is None or number <= MAX_ITERATIONS

    @rule(is_true=st.sampled_from([True, True, True, False]))
    def start_sealing(self, *, is_true: bool) -> None:
        tree = self.model.tree if is_true else "t-other"
        if self.send(c.Note(e.SealingStarted(tree))):
            self.model.judged_tree = tree
            self.model.reports = {}

    @rule(
        gate=st.sampled_from(["checks", "guardian"]),
        stage=st.sampled_from([Stage.SEAL, Stage.SEAL, Stage.SEAL, Stage.MERGE]),
        verdict=st.sampled_from([Verdict.CLEAN, Verdict.CLEAN, *Verdict]),
        ran=st.sampled_from([Verdict.CLEAN, Verdict.CLEAN, *Verdict]),
        sensitivity=st.sampled_from([Sensitivity.SENSITIVE, *Sensitivity]),
        is_tree_true=st.sampled_from([True, True, True, False]),
        is_receipt_true=st.sampled_from([True, True, True, False]),
        has_receipt=st.booleans(),
    )
    def judge(
        self,
        gate: str,
        stage: Stage,
        verdict: Verdict,
        ran: Verdict,
        sensitivity: Sensitivity,
        *,
        is_tree_true: bool,
        is_receipt_true: bool,
        has_receipt: bool,
    ) -> None:
        tree = self.model.judged_tree if is_tree_true else "t-other"
        on = tree if is_receipt_true else "t-third"
        receipt = Receipt("tests", "run", stage, on, 0, ran, 1.0, "d", 1, "landlock", sensitivity)
        report = GateReport(gate, verdict, receipts=(receipt,) if has_receipt else ())
        done = self.send(c.Note(e.GateJudged(stage, tree, "", "", report)))
        if done and stage is Stage.SEAL and tree == self.model.judged_tree:
            self.model.reports[gate] = report

    @rule(
        ran=st.sampled_from([Verdict.CLEAN, Verdict.CLEAN, Verdict.FAILED]),
        sensitivity=st.sampled_from([Sensitivity.SENSITIVE, Sensitivity.SENSITIVE, Sensitivity.NOT_PROBED]),
        stage=st.sampled_from([Stage.SEAL, Stage.SEAL, Stage.MERGE]),
        is_receipt_true=st.sampled_from([True, True, False]),
        is_tree_true=st.sampled_from([True, True, False]),
    )
    def finish_and_seal(
        self, ran: Verdict, sensitivity: Sensitivity, stage: Stage, *, is_receipt_true: bool, is_tree_true: bool
    ) -> None:
        """The way to a seal, which random steps alone seldom find, with one thing or another wrong at its end."""
        for _ in range(len(self.model.parents)):
            for attempt in self.model.live():
                self.integrate_as_owner(attempt)
            for number, task_id in enumerate(self.model.parents):
                if self.mission.tasks[task_id].status is TaskStatus.OPEN:
                    self.start(number, is_likely=False)
        for attempt in self.model.live():
            self.integrate_as_owner(attempt)
        self.start_sealing(is_true=is_tree_true)
        clean = Verdict.CLEAN
        truth = {"is_tree_true": True, "is_receipt_true": is_receipt_true}
        self.judge("checks", stage, clean, ran, sensitivity, has_receipt=True, **truth)
        self.judge("guardian", stage, clean, clean, sensitivity, has_receipt=False, **truth)
        self.send_seal(self.model.judged_tree)

    def integrate_as_owner(self, attempt: Attempt) -> None:
        started = attempt.started
        tip, tree = self.name("c"), self.name("t")
        path = min(files_of(started.write_set))
        command = c.IntegrateAttempt(
            started.attempt_id, started.task_id, started.token, self.model.tip, tip, tree, (path,)
        )
        assert self.send(command) is not None, "the rightful owner was refused"
        attempt.is_live = False
        self.model.tip, self.model.tree = tip, tree
        self.model.done |= set(self.model.line(started.task_id))

    @rule(is_true=st.sampled_from([True, True, True, False]))
    def seal(self, *, is_true: bool) -> None:
        self.send_seal(self.model.tree if is_true else "t-other")

    def send_seal(self, tree: str) -> None:
        is_legal = self.model.is_proven(tree) and self.model.end is None
        done = self.send(c.SealMission(tree, 1.0))
        assert (done is not None) is is_legal
        if done:
            (sealed,) = done
            assert isinstance(sealed, e.MissionSealed)
            assert (sealed.seal.tree, sealed.seal.commit) == (self.model.tree, self.model.tip)
            assert not self.model.live()
            self.model.end = MissionStatus.SEALED

    @precondition(lambda self: self.names > 5)
    @rule(status=st.sampled_from(MissionStatus), is_meant=st.sampled_from([True, False, False]))
    def end(self, status: MissionStatus, *, is_meant: bool) -> None:
        if not is_meant:
            return
        done = self.send(c.EndMission(status, "code", "why"))
        if done:
            assert status in {MissionStatus.UNVERIFIED, MissionStatus.FAILED, MissionStatus.STOPPED}
            self.model.end = status
            for attempt in self.model.live():
                attempt.is_live = False

    def deliver(self) -> None:
        done = self.send(c.RecordDelivery(e.MissionDelivered(DeliveryMode.APPLY, "", (), (), "")))
        assert (done is not None) is bool(self.model.tip)

    # -- what holds after each --------------------------------------------------------------------------------------

    @invariant()
    def one_live_owner_per_path(self) -> None:
        owned: set[str] = set()
        for lease in self.mission.leases.values():
            files = files_of(lease.write_set)
            assert not owned & files, "two live leases share a path"
            owned |= files
        live = {(a.started.task_id, a.started.attempt_id, a.started.token) for a in self.model.live()}
        assert {(x.task_id, x.attempt_id, x.token) for x in self.mission.leases.values()} == live

    @invariant()
    def the_fold_is_the_state(self) -> None:
        assert fold(self.events) == self.mission

    @invariant()
    def the_end_is_final(self) -> None:
        assert self.mission.status.is_terminal is (self.model.end is not None)
        if self.model.end is not None:
            assert self.mission.status is self.model.end
            assert not self.mission.leases
        assert (self.mission.seal is not None) is (self.model.end is MissionStatus.SEALED)

    @invariant()
    def tasks_stand_as_the_model_says(self) -> None:
        assert set(self.mission.tasks) == set(self.model.parents)
        running = {a.started.task_id for a in self.model.live()}
        for task_id, task in self.mission.tasks.items():
            assert (task.status is TaskStatus.DONE) is (task_id in self.model.done)
            assert (task.status is TaskStatus.RUNNING) is (task_id in running)
            assert (task.status is TaskStatus.FAILED) is (task_id in self.model.failed - self.model.done)
        assert (self.mission.tip, self.mission.tip_tree) == (self.model.tip, self.model.tree)


TestMissionMachine = MissionMachine.TestCase
TestMissionMachine.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
