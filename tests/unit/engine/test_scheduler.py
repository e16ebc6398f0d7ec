"""The scheduler starts what may start, longest remaining path first, and keeps up with every change of the graph."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.plan import overlaps
from orchestrator.engine.scheduler import Job, Phase, Scheduler


def job(job_id: str, *depends_on: str, write_set: Sequence[str] = (), estimate_s: float = 30.0, lane: str = "") -> Job:
    return Job(job_id, estimate_s, write_set or (f"{job_id}.py",), depends_on, lane)


def scheduler_of(*jobs: Job) -> Scheduler:
    scheduler = Scheduler()
    scheduler.load(jobs)
    return scheduler


def take_all(scheduler: Scheduler, most: int = 1_000) -> list[str]:
    taken: list[str] = []
    while len(taken) < most and (task_id := scheduler.take()) is not None:
        taken.append(task_id)
    return taken


def test_the_longest_path_starts_first() -> None:
    scheduler = scheduler_of(job("a"), job("b"), job("c", "b"), job("d", "c"), job("e", estimate_s=300))
    assert take_all(scheduler) == ["e", "b", "a"]


def test_a_plan_in_any_order_has_the_same_paths() -> None:
    jobs = [job("a"), job("b", "a"), job("c", "b"), job("d", "a", estimate_s=100)]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        scheduler = scheduler_of(*(jobs[n] for n in order))
        assert [scheduler.remaining_s(name) for name in "abcd"] == [130, 60, 30, 100]


def test_overlapping_write_sets_never_start_together() -> None:
    scheduler = scheduler_of(job("a", write_set=("src/",)), job("b", write_set=("src/x.py",)), job("c"))
    assert take_all(scheduler) == ["a", "c"]
    scheduler.put("a", Phase.SETTLED)
    assert take_all(scheduler) == ["b"]


def test_who_writes_everywhere_runs_alone() -> None:
    scheduler = scheduler_of(job("a"), job("all", write_set=("*",)), job("b"))
    assert take_all(scheduler) == ["a", "b"]
    scheduler.put("a", Phase.SETTLED)
    assert take_all(scheduler) == []
    scheduler.put("b", Phase.SETTLED)
    assert take_all(scheduler) == ["all"]
    scheduler.load([job("late")])
    assert take_all(scheduler) == []


def test_a_dependent_waits_until_all_before_it_are_settled() -> None:
    scheduler = scheduler_of(job("a"), job("b"), job("c", "a", "b"))
    assert take_all(scheduler) == ["a", "b"]
    scheduler.put("a", Phase.SETTLED)
    assert take_all(scheduler) == []
    scheduler.put("b", Phase.OUT)
    assert take_all(scheduler) == []
    scheduler.put("b", Phase.SETTLED)
    assert take_all(scheduler) == ["c"]


def test_a_fixer_is_as_urgent_as_what_it_mends_and_holds_its_dependents_up() -> None:
    scheduler = scheduler_of(job("a"), job("b", "a"), job("c", "b"), job("z", estimate_s=70))
    assert take_all(scheduler, 1) == ["a"]
    scheduler.put("a", Phase.OUT)
    scheduler.load([job("a.fix1", write_set=("a.py",))])
    scheduler.stand_in("a.fix1", "a")
    assert take_all(scheduler) == ["a.fix1", "z"]
    scheduler.put("a", Phase.SETTLED)
    assert take_all(scheduler) == []
    scheduler.put("a.fix1", Phase.SETTLED)
    assert take_all(scheduler) == ["b"]


def test_corrected_estimates_change_the_order() -> None:
    scheduler = scheduler_of(job("a"), job("b"), job("c", "a"))
    scheduler.estimate([("b", 1_000.0)])
    assert take_all(scheduler) == ["b", "a"]
    assert scheduler.longest_s() == 1_000.0


def test_tasks_split_off_while_others_run_lengthen_what_is_before_them() -> None:
    scheduler = scheduler_of(job("a"), job("b", estimate_s=50))
    scheduler.load([job("a1", "a", estimate_s=40), job("a2", "a1")])
    assert scheduler.remaining_s("a") == 100
    assert take_all(scheduler) == ["a", "b"]
    assert scheduler.dependents("a") == ["a1"]


def test_what_a_task_waits_for_can_be_changed() -> None:
    scheduler = scheduler_of(job("a"), job("b", "a"), job("c"))
    scheduler.depend("b", ["c"])
    assert scheduler.remaining_s("a") == 30
    assert take_all(scheduler) == ["c", "a"]
    scheduler.put("c", Phase.SETTLED)
    assert take_all(scheduler) == ["b"]


def test_reopening_holds_back_who_had_become_ready() -> None:
    scheduler = scheduler_of(job("a"), job("b", "a"))
    scheduler.put("a", Phase.SETTLED)
    scheduler.put("a", Phase.OPEN)
    assert take_all(scheduler) == ["a"]


def test_lanes_that_are_full_do_not_hold_others_up() -> None:
    scheduler = scheduler_of(job("a", lane="big", estimate_s=90), job("b", lane="small"))
    assert scheduler.take(["small"]) == "b"
    assert scheduler.take(["small"]) is None
    assert scheduler.take(["small", "big"]) == "a"


def test_a_full_lane_does_not_hold_up_who_waits_for_the_same_file() -> None:
    scheduler = scheduler_of(
        job("a", write_set=["x"], estimate_s=99),
        job("b", write_set=["x"], lane="big", estimate_s=50),
        job("c", write_set=["x"], lane="small"),
    )
    assert take_all(scheduler) == ["a"]
    scheduler.put("a", Phase.SETTLED)
    assert scheduler.take(["small", ""]) == "c"


def test_short_paths_wait_where_only_long_ones_may_start() -> None:
    scheduler = scheduler_of(job("a"), job("b", estimate_s=90))
    assert scheduler.take(least_s=60) == "b"
    assert scheduler.take(least_s=60) is None
    assert scheduler.take() == "a"


def test_paths_of_a_long_chain_need_no_recursion() -> None:
    scheduler = scheduler_of(job("t0"), *(job(f"t{n}", f"t{n - 1}") for n in range(1, 5_000)))
    assert scheduler.remaining_s("t0") == 30.0 * 5_000
    scheduler.load([job("more", "t4999")])
    assert scheduler.remaining_s("t0") == 30.0 * 5_001


def test_a_ladder_of_ways_is_corrected_in_bounded_time() -> None:
    """Each step can be reached by two ways: naive propagation would take 2**60 of them."""
    jobs = [job("l0"), job("r0")]
    for n in range(1, 60):
        jobs += [job(f"l{n}", f"l{n - 1}", f"r{n - 1}"), job(f"r{n}", f"l{n - 1}", f"r{n - 1}", estimate_s=31)]
    scheduler = scheduler_of(*jobs)
    scheduler.load([job("end", "l59", "r59", estimate_s=5)])
    assert scheduler.remaining_s("l0") == 30 + 59 * 31 + 5


_PATHS = st.sampled_from(["a", "a/", "a/b", "a/b/", "a/b/c.py", "a/d.py", "e.py", "f/g.py", "f/", "*"])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(_PATHS, min_size=1, max_size=3, unique=True), min_size=1, max_size=12), st.randoms())
def test_it_agrees_with_scanning_everything(write_sets: list[list[str]], chance: random.Random) -> None:
    """Whatever is held: never an overlap, and nothing is left waiting that could run. All tasks run in the end."""
    normal = [list(dict.fromkeys(path.removesuffix("/") for path in paths)) for paths in write_sets]
    jobs = [job(f"t{n}", write_set=paths, estimate_s=chance.randint(1, 5)) for n, paths in enumerate(normal)]
    half = len(jobs) // 2
    scheduler = scheduler_of(*jobs[:half])
    running: dict[str, Sequence[str]] = {}
    done: set[str] = set()
    known = {each.id: each.write_set for each in jobs[:half]}
    is_whole = False
    while len(done) < len(jobs):
        for task_id in take_all(scheduler):
            assert not any(overlaps(held, known[task_id]) for held in running.values())
            running[task_id] = known[task_id]
        for task_id in known.keys() - running.keys() - done:
            assert any(overlaps(held, known[task_id]) for held in running.values()), f"{task_id} could run"
        if not is_whole:
            is_whole = True
            scheduler.load(jobs[half:])
            known.update((each.id, each.write_set) for each in jobs[half:])
            continue
        ended = chance.choice(sorted(running))
        del running[ended]
        is_done = chance.random() < 0.7
        scheduler.put(ended, Phase.SETTLED if is_done else Phase.OPEN)
        if is_done:
            done.add(ended)


@pytest.mark.parametrize("seed", range(20))
def test_remaining_paths_stay_right_under_edits(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    scheduler = Scheduler()
    jobs: dict[str, Job] = {}
    for n in range(60):
        names = chance.sample(sorted(jobs), min(len(jobs), chance.randint(0, 3)))
        jobs[f"t{n}"] = job(f"t{n}", *names, estimate_s=chance.randint(1, 50))
        scheduler.load([jobs[f"t{n}"]])
        if chance.random() < 0.3:
            corrected = chance.choice(sorted(jobs))
            old = jobs[corrected]
            jobs[corrected] = job(corrected, *old.depends_on, estimate_s=chance.randint(1, 50))
            scheduler.estimate([(corrected, jobs[corrected].estimate_s)])
        fresh = Scheduler()
        fresh.load(jobs.values())
        assert {name: scheduler.remaining_s(name) for name in jobs} == {name: fresh.remaining_s(name) for name in jobs}
