"""Every open task says why it does not run yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.mission import Lease
from orchestrator.domain.waiting import waiting
from orchestrator.domain.words import ApprovalMode, MissionStatus, TaskStatus


def test_each_reason_is_named(story: Any, make: Any) -> None:
    story.planned(
        make.task("a", "src/"),
        make.task("b", "src/b.py"),
        make.task("c", after=("a", "b")),
        make.task("d", "lib/d.py"),
        make.task("e", "lib/e.py"),
    )
    story.do(c.HoldTask("e", "ann", is_held=True))
    story.start("a")
    assert waiting(story.mission) == {
        "b": "waits for a, which works on the same files",
        "c": "waits for a, b",
        "d": "waits for a free slot",
        "e": "paused",
    }
    story.note(e.SlotsChanged(5, ("sim asked everybody to wait",)))
    assert (story.mission.slots, waiting(story.mission)["d"]) == (5, "sim asked everybody to wait")
    story.do(c.Pause("ann", "lunch"))
    assert waiting(story.mission)["d"] == "the mission is paused"
    story.do(c.EndMission(MissionStatus.STOPPED, "stopped", "enough"))
    assert waiting(story.mission) == {}


@pytest.mark.parametrize(
    ("held", "wanted", "is_held"),
    [
        ("src/a.py", "src/a.py", True),
        ("src/a.py", "src/", True),
        ("src/", "src/deep/a.py", True),
        ("src/deep/a.py", "*", True),
        ("*", "any.py", True),
        ("src/a.py", "src/b.py", False),
        ("src/", "srcs/a.py", False),
    ],
)
def test_it_names_the_holder_where_write_sets_overlap(
    story: Any, make: Any, held: str, wanted: str, is_held: bool
) -> None:
    story.planned(make.task("a", "x.py"), make.task("b", "y.py"))
    mission = story.mission
    for name, entry in (("a", held), ("b", wanted)):
        mission.tasks[name].spec = replace(mission.tasks[name].spec, write_set=(entry,))
    mission.leases["a"] = Lease(1, "a", "at", (held,))
    mission.tasks["a"].status = TaskStatus.RUNNING
    expected = "waits for a, which works on the same files" if is_held else "waits for a free slot"
    assert waiting(mission)["b"] == expected


def test_an_unapproved_plan_and_many_dependencies(story: Any, make: Any) -> None:
    story.do(replace(make.accept, approval=ApprovalMode.PLAN))
    story.note(e.MissionStarted())
    story.note(e.SnapshotTaken("c0", "t0", 1, ()))
    names = ("a", "b", "d", "f", "g")
    story.do(c.AcceptPlan((*(make.task(name) for name in names), make.task("z", after=names))))
    assert waiting(story.mission)["a"] == "the plan is not approved"
    assert waiting(story.mission)["z"] == "waits for a, b, d and 2 more"
