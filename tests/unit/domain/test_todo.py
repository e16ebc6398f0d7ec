"""The TODO list, and findings against a base."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from orchestrator.domain import events as e
from orchestrator.domain.finding import Finding, new_findings
from orchestrator.domain.mission import Mission, Task
from orchestrator.domain.todo import MARKS, render
from orchestrator.domain.words import TaskStatus

Story = Any
Make = Any


def test_each_state_has_its_mark(story: Story, make: Make) -> None:
    story.planned(make.task("a"), make.task("b"), make.task("c"), make.task("d", "x/", "y", "z", "v", "w"))
    story.integrate(story.start("a"))
    story.refused(story.start("b"))
    story.do(make.fix("b"))
    story.start("b.fix1")
    story.note(e.TaskFailed("c", "could\nnot"))
    assert render(story.mission).splitlines() == [
        "# Do it",
        "",
        "Mission m-1: running, 1 of 5 tasks done.",
        "",
        "- [x] a: Task a — src/a.py",
        "- [/] b: Task b — src/b.py",
        "  - [/] b.fix1: Fix it — src/a.py",
        "- [ ] c: Task c — src/c.py (could not)",
        "- [ ] d: Task d — x/, y, z, v …",
    ]
    assert set(MARKS) == set(TaskStatus)


def test_nothing_from_outside_adds_a_line(story: Story, make: Make) -> None:
    evil = "x\n- [x] done: really\r\n# title\u2028more"
    story.planned(replace(make.task("a", f"src/{evil}"), title=evil))
    story.mission.text = evil
    story.mission.tasks["a"].reason = evil
    assert len(render(story.mission).split("\n")) == 6


def test_a_long_text_is_cut(story: Story) -> None:
    story.planned()
    story.mission.text = "x" * 5_000
    assert len(render(story.mission).splitlines()[0]) == 202


def test_ten_thousand_tasks_are_fast(make: Make) -> None:
    mission = Mission(id="m", tasks={f"t{n}": Task(make.task(f"t{n}")) for n in range(10_000)})
    begin_s = time.perf_counter()
    assert render(mission).count("\n- [ ]") == 10_000
    assert time.perf_counter() - begin_s < 2.0


def finding(text: str = "x = 1", line: int = 0, **changes: str) -> Finding:
    return replace(Finding("guardian", "rule", "a.py", "bad", start_line=line, text=text), **changes)


def test_a_known_finding_may_move_and_be_reindented() -> None:
    assert new_findings((finding("  x =  1", 50),), (finding(),)) == ()


def test_repeats_are_counted() -> None:
    three = (finding(line=1), finding(line=2), finding(line=3))
    assert new_findings(three, three[:2]) == (three[2],)
    assert new_findings(three, ()) == three
    assert new_findings((), three) == ()


def test_another_gate_rule_path_or_text_is_new() -> None:
    for other in (finding(gate="g"), finding(rule="r"), finding(path="b.py"), finding(text="x = 2")):
        assert new_findings((other,), (finding(),)) == (other,)
    assert new_findings((finding(message="said otherwise"),), (finding(),)) == ()


def test_a_finding_for_people() -> None:
    assert finding(line=4).describe() == "a.py:5: bad [rule]"
    assert finding(path="").describe() == "bad [rule]"
