"""The scheduler starts what may start, longest remaining path first."""

from __future__ import annotations

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.decide import decide
from orchestrator.domain.evolve import evolve
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import DeliveryMode
from orchestrator.engine.scheduler import Scheduler, remaining_path_s


def mission_of(*tasks: TaskSpec) -> Mission:
    mission = Mission()
    start = [
        c.AcceptMission("m-1", "do it", "/w", "builtin", DeliveryMode.APPLY, False, 20),
        c.Note(e.MissionStarted()),
        c.Note(e.SnapshotTaken("c0", "t0", 1, ())),
        c.AcceptPlan(tasks),
    ]
    for command in start:
        do(mission, command)
    return mission


def do(mission: Mission, command: c.Command) -> None:
    for event in decide(mission, command):
        evolve(mission, event)


def task(task_id: str, *depends_on: str, write_set: tuple[str, ...] = (), size: str = "small") -> TaskSpec:
    return TaskSpec(task_id, task_id, "why", write_set or (f"{task_id}.py",), depends_on, size=size)  # type: ignore[arg-type] - literal in tests


def test_the_longest_path_starts_first() -> None:
    mission = mission_of(task("a"), task("b"), task("c", "b"), task("d", "c"), task("e", size="large"))
    assert Scheduler(mission).ready(50) == ["e", "b", "a"]


def test_free_slots_bound_the_answer() -> None:
    mission = mission_of(*(task(f"t{n}") for n in range(10)))
    assert len(Scheduler(mission).ready(3)) == 3
    assert Scheduler(mission).ready(0) == []


def test_overlapping_write_sets_never_start_together() -> None:
    mission = mission_of(task("a", write_set=("src/",)), task("b", write_set=("src/x.py",)), task("c"))
    assert Scheduler(mission).ready(50) == ["a", "c"]
    do(mission, c.StartAttempt("a-1", "a", "builtin"))
    assert Scheduler(mission).ready(50) == ["c"]


def test_a_dependent_waits_until_the_work_is_merged() -> None:
    mission = mission_of(task("a"), task("b", "a"))
    scheduler = Scheduler(mission)
    do(mission, c.StartAttempt("a-1", "a", "builtin"))
    assert scheduler.ready(50) == []
    do(mission, c.IntegrateAttempt("a-1", "a", mission.leases["a"].token, "c0", "c1", "t1", ("a.py",)))
    assert scheduler.ready(50) == ["b"]


def test_a_fixer_ranks_like_the_task_it_stands_in_for() -> None:
    mission = mission_of(task("a"), task("b", "a"), task("c", "b"), task("z", size="medium"))
    do(mission, c.StartAttempt("a-1", "a", "builtin"))
    do(mission, c.Note(e.AttemptRefused("a-1", "a", "syntax", (), "x1")))
    do(mission, c.AddFixTask("a", "Fix: a", ("a.py",), "syntax", (), "x1", "c0"))
    assert Scheduler(mission).ready(50) == ["z", "a.fix1"]


def test_paths_of_a_long_chain_need_no_recursion() -> None:
    tasks = [task("t0"), *(task(f"t{n}", f"t{n - 1}") for n in range(1, 5_000))]
    mission = mission_of(*tasks)
    assert remaining_path_s(mission.tasks)["t0"] == 30.0 * 5_000
