"""Random writers and sessions against one mission: no acknowledged edit is lost, no limit is broken."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.budget import Amounts, Limit, Reservation, nodes_of
from orchestrator.domain.decide import decide
from orchestrator.domain.evolve import evolve, fold
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.question import Question
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import Answer, DeliveryMode, MissionStatus, QuestionKind, TaskStatus

WRITERS = 3
LIMIT = 100
NODES = (nodes_of("worker", "a", "work"), nodes_of("planner", "", "planning"))
small = st.integers(0, 60)
ids = st.sampled_from(("a", "b", "c", "d", "n1", "n2"))


@dataclass
class Model:
    """What must be true, kept apart from the code under test."""

    version: int = 1
    seen: list[int] = field(default_factory=lambda: [1] * WRITERS)
    added: set[str] = field(default_factory=set[str])
    titles: dict[str, str] = field(default_factory=dict[str, str])
    marked: dict[str, TaskStatus] = field(default_factory=dict[str, TaskStatus])
    open: dict[str, tuple[tuple[str, ...], int]] = field(default_factory=dict[str, tuple[tuple[str, ...], int]])
    spent: dict[str, int] = field(default_factory=dict[str, int])
    limits: dict[str, int] = field(default_factory=dict[str, int])
    answered: dict[str, Answer] = field(default_factory=dict[str, Answer])
    asked: set[str] = field(default_factory=set[str])
    is_paused: bool = False

    def used(self, node: str) -> int:
        return self.spent.get(node, 0) + sum(tokens for nodes, tokens in self.open.values() if node in nodes)


class PeopleMachine(RuleBasedStateMachine):
    """Drives one mission as clients do."""

    def __init__(self) -> None:
        super().__init__()
        self.mission = Mission()
        self.model = Model()
        self.events: list[e.Event] = []
        self.names = 0

    def send(self, command: c.Command) -> list[e.Event] | str:
        """The events, or the code of the refusal (and then nothing may have changed)."""
        before = copy.deepcopy(self.mission)
        try:
            events = decide(self.mission, command)
        except RuleViolation as error:
            assert self.mission == before
            return error.code
        assert self.mission == before, "decide changed the mission"
        for event in events:
            evolve(self.mission, event)
        self.events += events
        return events

    @initialize(limit=st.integers(1, LIMIT))
    def begin(self, limit: int) -> None:
        limits = (Limit("mission", "tokens", limit), Limit("role:worker", "tokens", LIMIT // 2))
        self.model.limits = {"mission": limit, "role:worker": LIMIT // 2}
        self.send(c.AcceptMission("m-1", "do it", "/w", "scripted", DeliveryMode.APPLY, True, 3, limits=limits))
        self.send(c.Note(e.MissionStarted()))
        self.send(c.Note(e.SnapshotTaken("c0", "t0", 1, ())))
        self.send(c.AcceptPlan(tuple(TaskSpec(name, name, "why", (name,)) for name in "abc")))

    # Writers of the plan, each with the version that it saw.

    @rule(writer=st.integers(0, WRITERS - 1))
    def look(self, writer: int) -> None:
        self.model.seen[writer] = self.mission.plan_version

    @rule(writer=st.integers(0, WRITERS - 1), task_id=ids, kind=st.sampled_from(EditKind), after=ids, group=ids)
    def write(self, writer: int, task_id: str, kind: EditKind, after: str, group: str) -> None:
        self.names += 1
        edit = PlanEdit(kind, task_id, title=f"title {self.names}", after_id=after, group_id=group)
        is_stale = self.model.seen[writer] != self.model.version
        result = self.send(c.RevisePlan(self.model.seen[writer], f"w{writer}", (edit,)))
        if is_stale:
            assert result == "plan_conflict"
            return
        if isinstance(result, str):
            assert result != "plan_conflict"
            return
        self.model.version += 1
        self.model.seen[writer] = self.model.version
        if kind is EditKind.ADD:
            self.model.added.add(task_id)
        if kind in {EditKind.ADD, EditKind.RETITLE}:
            self.model.titles[task_id] = edit.title
        status = {
            EditKind.TICK: TaskStatus.DONE,
            EditKind.STRIKE: TaskStatus.STRUCK,
            EditKind.REOPEN: TaskStatus.OPEN,
        }.get(kind)
        if status:
            self.model.marked[task_id] = status

    # Sessions that spend.

    @rule(tokens=small, nodes=st.sampled_from(NODES))
    def reserve(self, tokens: int, nodes: tuple[str, ...]) -> None:
        self.names += 1
        fits = all(self.model.used(n) + tokens <= most for n, most in self.model.limits.items() if n in nodes)
        result = self.send(c.Reserve("s", Reservation(f"r{self.names}", nodes, Amounts(tokens=tokens))))
        assert (result == "budget_exhausted") is not fits
        if fits:
            self.model.open[f"r{self.names}"] = (nodes, tokens)

    @precondition(lambda self: self.model.open)
    @rule(pick=st.integers(0, 30), share=st.floats(0, 1))
    def settle(self, pick: int, share: float) -> None:
        name = sorted(self.model.open)[pick % len(self.model.open)]
        nodes, tokens = self.model.open.pop(name)
        used = int(tokens * share)
        assert not isinstance(self.send(c.Settle(name, Amounts(tokens=used))), str)
        for node in nodes:
            self.model.spent[node] = self.model.spent.get(node, 0) + used
        assert self.send(c.Settle(name, Amounts())) == "unknown_reservation"

    @rule(amount=st.integers(0, 2 * LIMIT))
    def change_limit(self, amount: int) -> None:
        result = self.send(c.ChangeBudget("me", (Limit("mission", "tokens", amount),)))
        assert (result == "limit_too_low") is (amount < self.model.used("mission"))
        if not isinstance(result, str):
            self.model.limits["mission"] = amount

    # Questions and pauses.

    @rule(number=st.integers(0, 4))
    def ask(self, number: int) -> None:
        name = f"q{number}"
        result = self.send(c.Ask(Question(name, QuestionKind.PERMISSION, "may I?", f"subject {number % 2}")))
        if name in self.model.asked:
            assert result in ("question_exists", [])
        elif result:
            self.model.asked.add(name)

    @rule(number=st.integers(0, 4), answer=st.sampled_from(Answer))
    def answer(self, number: int, answer: Answer) -> None:
        name = f"q{number}"
        result = self.send(c.AnswerQuestion(name, answer, "me"))
        if name in self.model.answered:
            assert result == "already_answered"
            assert self.mission.answers[name].answer is self.model.answered[name], "the first answer counts"
        elif name in self.model.asked:
            self.model.answered[name] = answer
        else:
            assert result == "unknown_question"

    @rule(is_held=st.booleans())
    def pause(self, is_held: bool) -> None:
        result = self.send(c.Pause("me", "why") if is_held else c.Resume("me"))
        assert isinstance(result, str) is (is_held == self.model.is_paused)
        self.model.is_paused = is_held

    @rule(name=st.sampled_from(("a", "b", "c")))
    def start(self, name: str) -> None:
        self.names += 1
        result = self.send(c.StartAttempt(f"at{self.names}", name, "scripted"))
        assert isinstance(result, str) or not self.model.is_paused

    @rule()
    def crash(self) -> None:
        """A server dies and the next one takes up."""
        for nodes, tokens in self.model.open.values():
            for node in nodes:
                self.model.spent[node] = self.model.spent.get(node, 0) + tokens
        self.model.open.clear()
        assert not isinstance(self.send(c.TakeUp("gone")), str)
        assert not self.mission.leases
        for name in self.model.asked - self.model.answered.keys():  # whoever waited for the answer is gone
            self.model.answered[name] = Answer.DENY

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        assert self.mission.plan_version == (self.model.version if self.mission.plan_version else 0)
        assert self.model.added <= self.mission.tasks.keys()
        for task_id, title in self.model.titles.items():
            assert self.mission.tasks[task_id].spec.title == title
        for task_id, status in self.model.marked.items():
            now = self.mission.tasks[task_id].status
            assert now is status or (status is TaskStatus.OPEN and now is TaskStatus.RUNNING)

    @invariant()
    def no_limit_is_broken(self) -> None:
        for node in ("mission", "role:worker"):
            assert self.mission.budget.used(node, "tokens") == self.model.used(node)
            if node in self.model.limits:
                assert self.model.used(node) <= self.model.limits[node]

    @invariant()
    def standing_tells_who_must_act(self) -> None:
        assert (self.mission.standing is MissionStatus.WAITING) == self.model.is_paused

    def teardown(self) -> None:
        assert fold(self.events) == self.mission


TestPeople = PeopleMachine.TestCase
TestPeople.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
