"""A sample of the proof that structure pays; `make bench-structure` runs all of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from comparing import SEED, compare
from corpus import HIDDEN, VISIBLE, Task, tasks
from experiment import suffices
from fetch import unpacked
from judge import Judge

from orchestrator.testing.provider import Competence, Mistake, serving, wrong_bodies

COUNT = 3
MAX_COST_OF_ONE_TASK = 1.15


@pytest.fixture(scope="module")
def chosen() -> list[Task]:
    """A few tasks."""
    folder = unpacked()
    if folder is None:
        pytest.skip("the package with the tasks was not downloaded: python tests/structure/fetch.py")
    return tasks(folder, SEED)[:COUNT]


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    """Open while the module's tests run."""
    with Judge() as found:
        yield found


def test_the_judge_tells_right_from_wrong(chosen: list[Task], judge: Judge) -> None:
    task = chosen[0]
    right = task.written(task.skill.body)
    assert judge.passes(right, VISIBLE)
    assert judge.passes({**right, HIDDEN: task.hidden}, HIDDEN)
    assert not judge.passes({**task.files, HIDDEN: task.hidden}, HIDDEN)
    for mistake, bodies in wrong_bodies(task.skill).items():
        if mistake is not Mistake.OFF_BY_ONE:
            assert not judge.passes({**task.written(bodies[0]), HIDDEN: task.hidden}, HIDDEN), mistake


def test_no_hidden_test_is_in_a_workspace(chosen: list[Task]) -> None:
    for task in chosen:
        shown = "\n".join([*task.files.values(), task.mission])
        names = {line.strip() for line in task.hidden.splitlines() if line.strip().startswith("def test")}
        classes = {line for line in task.hidden.splitlines() if line.startswith("class ")}
        assert names
        assert task.visible_count >= 2
        assert task.hidden_count >= 2
        if not classes & set(shown.splitlines()):
            assert not any(name in shown for name in names)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_model_that_is_always_right_costs_hardly_more(chosen: list[Task], judge: Judge) -> None:
    line = compare(chosen[:2], 1.0, SEED, 2, judge)
    assert all(verdict.is_solved and verdict.is_claimed for verdict in (*line.single, *line.many)), line
    assert line.cost <= MAX_COST_OF_ONE_TASK


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_model_that_is_often_wrong_is_led_to_more_and_never_seals_by_tampering(
    chosen: list[Task], judge: Judge
) -> None:
    line = compare(chosen, 0.4, SEED, 3, judge)
    assert not any(verdict.is_tampered for verdict in line.many), line
    assert sum(v.is_solved for v in line.many) >= sum(v.is_solved for v in line.single)
    enough = {task.skill.name for task in chosen if suffices(task, judge)}
    assert not [verdict for verdict in line.many if verdict.is_false and verdict.task in enough]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_another_provider_can_be_named(chosen: list[Task]) -> None:
    """The way of a real model: an address, a name and the variable of a key."""
    with serving(Competence([task.skill for task in chosen], 1.0, SEED), ("some-model",)) as provider:
        named = ["--provider", provider.url, "--model", "some-model", "--key-env", "PATH"]
        program = [sys.executable, str(Path(__file__).with_name("run.py")), "--tasks", "1", *named]
        done = subprocess.run(program, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert "| real | 1 | 1.00 | 1.00 |" in done.stdout
