"""What sessions, reviewers and diagnoses leave in a mission, and the bounds on it."""

from __future__ import annotations

from typing import Any

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.decide import MAX_DIAGNOSES, MAX_NOTE_CHARACTERS, MAX_REVIEWS, MAX_SESSION_NOTES
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Diagnosis, MissionNote
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.words import Cause, MissionStatus, NoteKind, ReviewVerdict, Stage, Strategy

Story = Any


def note(text: str = "use tabs", task_id: str = "a", kind: NoteKind = NoteKind.DECISION) -> e.NoteTaken:
    return e.NoteTaken("s", task_id, kind, text)


def review(stage: Stage = Stage.SEAL, task_id: str = "") -> e.ReviewGiven:
    finding = Finding("review", "rule", "a.py", "wrong [R1]")
    return e.ReviewGiven(stage, "t1", task_id, "", ReviewVerdict.REQUEST_CHANGES, "no", (finding,), ())


def diagnosed(strategy: Strategy = Strategy.SEARCH, task_id: str = "a", model: str = "") -> e.MissionDiagnosed:
    return e.MissionDiagnosed(task_id, Cause.CYCLE, "twice the same", strategy, model)


def test_notes_are_kept_in_their_order_and_within_bounds(story: Story) -> None:
    story.planned()
    story.note(note())
    story.note(note("all use it", task_id=""))
    assert story.mission.session_notes == [
        MissionNote("a", NoteKind.DECISION, "use tabs"),
        MissionNote("", NoteKind.DECISION, "all use it"),
    ]
    story.refuse(c.Note(note(task_id="z")), "unknown_task")
    story.refuse(c.Note(note("x" * (MAX_NOTE_CHARACTERS + 1))), "note_too_long")
    story.mission.session_notes *= MAX_SESSION_NOTES
    story.refuse(c.Note(note()), "too_many_notes")


def test_the_whole_work_is_reviewed_a_bounded_number_of_times(story: Story) -> None:
    story.planned()
    story.note(review(Stage.ATTEMPT, "a"))
    assert (story.mission.review_count, story.mission.reviewed_tree) == (0, "")
    for _ in range(MAX_REVIEWS):
        story.note(review())
    assert (story.mission.review_count, story.mission.reviewed_tree) == (MAX_REVIEWS, "t1")
    story.refuse(c.Note(review()), "reviews_exhausted")
    story.note(review(Stage.ATTEMPT, "a"))


def test_diagnoses_are_bounded_but_a_stop_can_always_be_said(story: Story) -> None:
    story.planned()
    story.note(diagnosed(Strategy.OTHER_MODEL, model="p/b"))
    assert story.mission.tasks["a"].model == "p/b"
    story.note(diagnosed(Strategy.OTHER_MODEL, task_id="", model="p/c"))
    assert story.mission.models["fixer"] == "p/c"
    for _ in range(MAX_DIAGNOSES - 2):
        story.note(diagnosed())
    assert story.mission.tasks["a"].model == "p/b"
    assert story.mission.diagnoses[-1] == Diagnosis("a", Cause.CYCLE, Strategy.SEARCH)
    story.refuse(c.Note(diagnosed()), "diagnoses_exhausted")
    story.note(diagnosed(Strategy.STOP, task_id=""))
    story.note(review())
    story.do(c.EndMission(MissionStatus.FAILED, "stagnated", "nothing helped"))
    story.do(c.Reopen("me"))
    assert (story.mission.diagnoses, story.mission.review_count) == ([], 0)


def test_an_added_task_carries_what_a_plan_says_of_it(story: Story) -> None:
    story.planned()
    add = PlanEdit(EditKind.ADD, "b", "B", ("b.py",), ("a",), "do it", why="a is too large", acceptance=("it runs",))
    story.do(c.RevisePlan(1, "server", (add,)))
    assert story.mission.tasks["b"].spec == TaskSpec(
        "b", "B", "a is too large", ("b.py",), ("a",), "do it", ("it runs",), size="medium"
    )
    known = story.mission.checks[0].name
    checked = PlanEdit(EditKind.ADD, "c", "C", ("c.py",), checks=(known,))
    story.do(c.RevisePlan(2, "server", (checked,)))
    assert story.mission.tasks["c"].spec.checks == (known,)
    unknown = PlanEdit(EditKind.ADD, "d", "D", ("d.py",), checks=("nope",))
    story.refuse(c.RevisePlan(3, "server", (unknown,)), "unknown_check")
