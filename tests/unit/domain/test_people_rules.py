"""What people may ask of a mission, rule by rule: each with the refusals that it knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.budget import Amounts, Limit, Reservation
from orchestrator.domain.estimate import Estimate, estimate
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission
from orchestrator.domain.question import MAX_OPEN_QUESTIONS, Question, plan_question_id
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.words import (
    Answer,
    ApprovalMode,
    DeliveryMode,
    FailureKind,
    MissionStatus,
    QuestionKind,
    Stage,
    TaskStatus,
    Verdict,
)

Story = Any
Make = Any
ME = "me"


def revised(story: Story, *edits: PlanEdit) -> c.RevisePlan:
    return c.RevisePlan(story.mission.plan_version, ME, edits)


class TestHolding:
    def test_a_pause_is_told_from_a_resume(self, story: Story) -> None:
        story.planned()
        story.refuse(c.Resume(ME), "not_paused")
        story.do(c.Pause(ME, "lunch"))
        assert "lunch" in story.refuse(c.Pause(ME, "again"), "already_paused")
        story.refuse(c.StartAttempt("at", "a", "h"), "paused")
        story.do(c.Resume(ME))
        story.start("a")

    def test_a_held_task(self, story: Story) -> None:
        story.planned()
        story.refuse(c.HoldTask("a", ME, is_held=False), "not_paused")
        story.do(c.HoldTask("a", ME, is_held=True))
        story.refuse(c.HoldTask("a", ME, is_held=True), "already_paused")
        story.refuse(c.StartAttempt("at", "a", "h"), "paused")
        story.do(c.HoldTask("a", ME, is_held=False))
        story.integrate(story.start("a"))
        story.refuse(c.HoldTask("a", ME, is_held=True), "task_closed")
        story.refuse(c.HoldTask("zz", ME, is_held=True), "unknown_task")

    def test_what_is_said_to_a_task(self, story: Story) -> None:
        story.planned()
        story.refuse(c.Steer("a", ME, "  "), "empty_text")
        for number in range(100):
            story.do(c.Steer("a", ME, f"note {number}"))
        story.refuse(c.Steer("a", ME, "one more"), "too_many_notes")
        assert story.mission.tasks["a"].notes[-1] == "note 99"


class TestApproval:
    def test_a_plan_waits_for_a_word(self, story: Story, make: Make) -> None:
        story.do(replace(make.accept, approval=ApprovalMode.PLAN))
        story.note(e.MissionStarted())
        story.note(e.SnapshotTaken("c0", "t0", 1, ()))
        story.do(c.AcceptPlan((make.task("a"),)))
        assert story.mission.standing is MissionStatus.WAITING
        story.refuse(c.StartAttempt("at", "a", "h"), "plan_not_approved")
        story.do(c.AnswerQuestion(plan_question_id("m-1", 1), Answer.DENY, ME))
        story.do(c.AcceptPlan((make.task("b"),)))
        story.do(c.AnswerQuestion(plan_question_id("m-1", 2), Answer.ALLOW, ME))
        story.start("b")
        story.refuse(c.AcceptPlan((make.task("z"),)), "plan_exists")


class TestQuestions:
    def test_an_allowed_judge_is_remembered(self, story: Story) -> None:
        story.planned()
        for name, answer in (("q1", Answer.DENY), ("q2", Answer.ALLOW)):
            story.do(c.Ask(Question(name, QuestionKind.JUDGE, "may it?", f"{name}.py\ntest.py")))
            story.do(c.AnswerQuestion(name, answer, ME))
        assert story.mission.approved_judges == {"q2.py", "test.py"}

    def test_always_answers_the_next_one(self, story: Story) -> None:
        story.planned()
        story.do(c.Ask(Question("q1", QuestionKind.PERMISSION, "may I?", "shell: make", "a")))
        assert story.mission.standing is not MissionStatus.WAITING  # it holds up its session alone
        story.refuse(c.Ask(Question("q1", QuestionKind.PERMISSION, "may I?", "other")), "question_exists")
        story.do(c.AnswerQuestion("q1", Answer.ALWAYS, ME))
        assert "me answered always" in story.refuse(c.AnswerQuestion("q1", Answer.DENY, "you"), "already_answered")
        assert story.do(c.Ask(Question("q2", QuestionKind.PERMISSION, "may I?", "shell: make"))) == []
        story.refuse(c.AnswerQuestion("q3", Answer.DENY, ME), "unknown_question")

    def test_too_many(self, story: Story) -> None:
        story.planned()
        for number in range(MAX_OPEN_QUESTIONS):
            story.do(c.Ask(Question(f"q{number}", QuestionKind.PERMISSION, "?")))
        story.refuse(c.Ask(Question("more", QuestionKind.PERMISSION, "?")), "too_many_questions")

    def test_old_answers_are_forgotten(self, story: Story) -> None:
        story.planned()
        for number in range(1_001):
            for command in (
                c.Ask(Question(f"q{number}", QuestionKind.PERMISSION, "?")),
                c.AnswerQuestion(f"q{number}", Answer.DENY, ME),
            ):
                from orchestrator.domain.decide import decide  # noqa: PLC0415 - the story folds all each time: too slow
                from orchestrator.domain.evolve import evolve  # noqa: PLC0415 - as above

                for event in decide(story.mission, command):
                    evolve(story.mission, event)
        assert "q0" not in story.mission.answers
        assert len(story.mission.answers) == 1_000


class TestBudget:
    def test_the_worst_case_is_held_back_and_warned_about_once(self, story: Story) -> None:
        story.planned()
        story.do(c.ChangeBudget(ME, (Limit("mission", "tokens", 100),)))
        first = story.do(c.Reserve("s", Reservation("r1", ("mission",), Amounts(tokens=70))))
        assert [type(event) for event in first] == [e.BudgetReserved]
        second = story.do(c.Reserve("s", Reservation("r2", ("mission",), Amounts(tokens=15))))
        assert [type(event) for event in second] == [e.BudgetReserved, e.BudgetWarned]
        third = story.do(c.Reserve("s", Reservation("r3", ("mission",), Amounts(tokens=5))))
        assert [type(event) for event in third] == [e.BudgetReserved]
        told = story.refuse(c.Reserve("s", Reservation("r4", ("mission",), Amounts(tokens=11))), "budget_exhausted")
        assert told == "the budget of mission allows 100 tokens: 10 left, 11 asked"
        story.do(c.Settle("r1", Amounts(tokens=20)))
        story.do(c.Reserve("s", Reservation("r4", ("mission",), Amounts(tokens=11))))
        assert story.mission.budget.total() == Amounts(tokens=20)

    def test_refusals(self, story: Story) -> None:
        story.planned()
        story.do(c.Reserve("s", Reservation("r1", ("mission",), Amounts(tokens=70))))
        story.refuse(c.Reserve("s", Reservation("r1", ("mission",), Amounts())), "reservation_exists")
        story.refuse(c.Reserve("s", Reservation("r2", ("mission",), Amounts(turns=-1))), "bad_amount")
        story.refuse(c.Settle("r1", Amounts(tokens=-1)), "bad_amount")
        story.refuse(c.ChangeBudget(ME, (Limit("mission", "hugs", 1),)), "unknown_resource")
        story.refuse(c.ChangeBudget(ME, (Limit("mission", "tokens", 69),)), "limit_too_low")
        story.refuse(c.Settle("r9", Amounts()), "unknown_reservation")

    def test_a_settlement_of_nothing_changes_nothing(self) -> None:
        mission = Mission()
        mission.budget.settle("unknown", Amounts(tokens=5))
        assert mission.budget.total() == Amounts()


class TestTakingUp:
    def test_what_ran_is_interrupted_and_what_was_open_is_lost(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b"))
        first, second = story.start("a"), story.start("b")
        story.note(e.SessionOpened("s1", "a", first.attempt_id, first.role, "place", "/w", "c0"))
        story.note(e.SessionOpened("s2", "b", second.attempt_id, second.role, "place", "/w2", "c0"))
        assert set(story.mission.sessions) == {"a", "b"}
        story.note(e.AttemptCommitted(second.attempt_id, "b", "c5", "t5", ("src/b.py",)))
        story.do(c.Reserve("s", Reservation("r1", ("mission",), Amounts(tokens=7))))
        story.do(c.Ask(Question("q1", QuestionKind.PERMISSION, "?", "x", "a", first.attempt_id)))
        story.do(c.TakeUp("gone", kept_attempts=(second.attempt_id,)))
        assert set(story.mission.leases) == {"b"}
        assert story.mission.sessions == {}
        assert story.mission.budget.total() == Amounts(tokens=7)
        assert story.mission.answers["q1"].answer is Answer.DENY
        story.do(c.TakeUp("gone again"))
        task = story.mission.tasks["b"]
        assert (task.status, task.checkpoint, task.checkpoint_base) == (TaskStatus.OPEN, "c5", "c0")
        again = story.start("b")
        story.refused(again)
        assert story.mission.tasks["b"].checkpoint == ""
        interrupted = e.AttemptInterrupted(again.attempt_id, "b", FailureKind.CRASHED, "late")
        story.refuse(c.Note(interrupted), "stale_token")
        story.note(e.SessionOpened("s", "", "", again.role, "place", "/w", "c0"))
        late = e.AttemptCommitted(again.attempt_id, "b", "c6", "t6", ())
        story.refuse(c.Note(late), "stale_token")


class TestReopening:
    def test_failed_tasks_are_open_again(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b"))
        story.integrate(story.start("a"))
        story.refused(story.start("b"))
        story.do(make.fix("b"))
        story.note(e.TaskFailed("b.fix1", "could not"))
        story.refuse(c.Reopen(ME), "mission_active")
        story.do(c.EndMission(MissionStatus.FAILED, "task_failed", "b"))
        story.do(c.Reopen(ME))
        assert story.mission.status is MissionStatus.RUNNING
        assert story.mission.tasks["a"].status is TaskStatus.DONE
        assert story.mission.tasks["b"].status is TaskStatus.OPEN
        assert story.mission.failed_tasks() == []

    def test_one_that_never_planned_begins_anew(self, story: Story, make: Make) -> None:
        story.do(make.accept)
        story.do(c.EndMission(MissionStatus.FAILED, "plan_rejected", "no"))
        story.do(c.Reopen(ME))
        assert story.mission.status is MissionStatus.QUEUED

    def test_sealed_and_undone_ones_stay_closed(self, story: Story) -> None:
        story.planned()
        story.integrate(story.start("a"))
        story.judged()
        story.do(story.seal())
        assert "sealed" in story.refuse(c.Reopen(ME), "mission_closed")
        story.do(c.RecordDelivery(e.MissionUndone(ME, ())))
        assert "undone" in story.refuse(c.Reopen(ME), "mission_closed")


class TestUndo:
    def test_merged_work_is_taken_back(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b"))
        story.refuse(c.UndoTask("a", ME, "c0", "c9", "t9", ()), "nothing_to_undo")
        story.integrate(story.start("a"))
        story.refuse(c.UndoTask("a", ME, "c0", "c9", "t9", ()), "tip_moved")
        story.do(c.UndoTask("a", ME, "c1", "c9", "t9", ("src/a.py",)))
        assert story.mission.tip == "c9"
        assert story.mission.tasks["a"].status is TaskStatus.STRUCK
        assert story.mission.delivered_tip == ""

    def test_delivered_work_is_taken_back_from_the_user_too(self, story: Story) -> None:
        story.planned()
        story.integrate(story.start("a"))
        story.do(c.EndMission(MissionStatus.STOPPED, "", ""))
        story.do(c.RecordDelivery(e.DeliveryStarted(DeliveryMode.APPLY, "c1")))
        story.do(c.RecordDelivery(e.MissionDelivered(DeliveryMode.APPLY, "/w", ("src/a.py",), (), "")))
        assert story.mission.delivered_tip == "c1"
        story.do(c.RecordDelivery(e.DeliveryStarted(DeliveryMode.APPLY, "c9")))
        assert story.mission.delivered_tip == "c1"
        story.do(c.UndoTask("a", ME, "c1", "c9", "t9", ("src/a.py",)))
        assert story.mission.delivered_tip == "c9"


class TestRevisions:
    def test_needs_a_plan_and_its_version(self, story: Story, make: Make) -> None:
        story.accept()
        story.refuse(revised(story, PlanEdit(EditKind.TICK, "a")), "no_plan")
        story.do(c.AcceptPlan((make.task("a"),)))
        story.refuse(c.RevisePlan(7, ME, (PlanEdit(EditKind.TICK, "a"),)), "plan_conflict")
        story.refuse(revised(story, PlanEdit(EditKind.TICK, "zz")), "unknown_task")

    def test_closing_a_task_closes_what_was_to_mend_it(self, story: Story, make: Make) -> None:
        story.planned()
        story.refused(story.start("a"))
        story.do(make.fix("a"))
        fixing = story.start("a.fix1")
        assert "a.fix1 is running" in story.refuse(revised(story, PlanEdit(EditKind.STRIKE, "a")), "task_running")
        story.refused(fixing)
        story.do(make.fix("a.fix1"))
        story.do(revised(story, PlanEdit(EditKind.TICK, "a")))
        assert {t.spec.id: t.status for t in story.mission.tasks.values()} == {
            "a": TaskStatus.DONE,
            "a.fix1": TaskStatus.STRUCK,
            "a.fix2": TaskStatus.STRUCK,
        }

    def test_a_mended_task_keeps_its_fixer(self, story: Story, make: Make) -> None:
        story.planned()
        story.refused(story.start("a"))
        story.do(make.fix("a"))
        story.integrate(story.start("a.fix1"))
        story.do(revised(story, PlanEdit(EditKind.REOPEN, "a")))
        assert story.mission.tasks["a.fix1"].status is TaskStatus.DONE
        assert story.mission.tasks["a"].status is TaskStatus.OPEN

    def test_a_failed_task_can_be_struck_and_then_blocks_no_seal(self, story: Story, make: Make) -> None:
        story.planned()
        story.refused(story.start("a"))
        story.do(make.fix("a"))
        story.note(e.TaskFailed("a.fix1", "could not"))
        story.do(revised(story, PlanEdit(EditKind.STRIKE, "a")))
        assert story.mission.tasks["a"].status is TaskStatus.STRUCK
        assert story.mission.failed_tasks() == []

    def test_a_part_is_waited_for(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b", after=("a",)), make.task("c"), make.task("d", after=("c",)))
        story.do(revised(story, PlanEdit(EditKind.ADD, "a1", title="A part", write_set=("p",), group_id="a")))
        story.integrate(story.start("a"))
        assert "a1" in story.refuse(c.StartAttempt("at", "b", "h"), "task_not_ready")
        story.integrate(story.start("a1"))
        story.start("b")
        story.integrate(story.start("c"))
        story.start("d")

    def test_parts_nest_only_so_deep(self, story: Story) -> None:
        story.planned()
        above = "a"
        for number in range(6):
            name = f"p{number}"
            story.do(revised(story, PlanEdit(EditKind.ADD, name, title="deeper", write_set=(name,), group_id=above)))
            above = name
        deepest = PlanEdit(EditKind.ADD, "deepest", title="deepest", write_set=("q",), group_id=above)
        story.do(revised(story, deepest))
        story.refuse(revised(story, replace(deepest, task_id="too-deep", group_id="deepest")), "bad_place")

    def test_every_kind_of_edit_in_one(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b"), make.task("x"))
        story.do(
            revised(
                story,
                PlanEdit(EditKind.ADD, "n", title="New", after_id="a"),
                PlanEdit(EditKind.RETITLE, "b", title="Better"),
                PlanEdit(EditKind.MOVE, "b"),
                PlanEdit(EditKind.STRIKE, "x"),
            )
        )
        assert list(story.mission.tasks) == ["b", "a", "n", "x"]
        story.do(revised(story, PlanEdit(EditKind.REOPEN, "x")))
        assert story.mission.tasks["x"].status is TaskStatus.OPEN
        assert story.mission.tasks["b"].spec.title == "Better"

    def test_a_part_can_not_wait_for_what_waits_for_its_whole(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b", after=("c",)), make.task("c", after=("a",)))
        story.refuse(revised(story, PlanEdit(EditKind.MOVE, "b", group_id="a")), "cycle")

    def test_a_plan_has_its_cap(self, story: Story, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("orchestrator.domain.revision.MAX_TASKS", 1)
        story.planned(make.task("a"))
        story.refuse(revised(story, PlanEdit(EditKind.ADD, "n", title="New")), "too_many_tasks")


def test_the_newest_reports_of_a_task_are_kept(story: Story) -> None:
    story.planned()
    started = story.start("a")
    finding = Finding("style", "r", "src/a.py", "no\nmore")
    report = GateReport("style", Verdict.FAILED, (finding,))
    story.note(e.GateJudged(Stage.ATTEMPT, "t5", "a", started.attempt_id, report))
    assert story.mission.tasks["a"].reports == {"style": report}
    assert finding.headline() == "src/a.py:1: no [r]"
    story.refused(started)
    story.start("a")
    assert story.mission.tasks["a"].reports == {}


class TestEstimate:
    def sealed(self, story: Story, host: str = "scripted", spent: int = 0) -> Mission:
        story.do(
            replace(c.AcceptMission("m-1", "x", "/w", host, DeliveryMode.APPLY, is_trusted=False, max_iterations=3))
        )
        story.note(e.MissionStarted())
        story.note(e.SnapshotTaken("c0", "t0", 1, ()))
        from .conftest import task  # noqa: PLC0415 - the maker of tasks

        story.do(c.AcceptPlan((task("a"),)))
        story.do(c.Reserve("s", Reservation("r", ("mission",), Amounts(tokens=spent))))
        story.do(c.Settle("r", Amounts(tokens=spent)))
        story.integrate(story.start("a"))
        story.judged()
        story.do(story.seal())
        return story.mission

    def test_without_history_the_plan_tells(self, story: Story, make: Make) -> None:
        assert estimate([], None, "builtin").based_on == 0
        story.planned(make.task("a"), make.task("b"))
        assert estimate([], story.mission, "scripted") == Estimate(0, (2, 4), (0, 0), (0, 0), (6.0, 60.0))

    def test_like_missions_tell_what_is_needed(self) -> None:
        from .conftest import Story as Told  # noqa: PLC0415 - more than one mission

        like = [self.sealed(Told(), spent=tokens) for tokens in (100, 200, 300)]
        other = self.sealed(Told(), host="builtin", spent=9_999)
        found = estimate([*like, other], None, "scripted:else.json")
        assert (found.based_on, found.sessions, found.tokens) == (3, (2, 2), (150, 250))
        assert found.duration_s == (5.0, 5.0)
        assert estimate(like[:1], None, "scripted").tokens == (100, 100)

    def test_of_a_running_mission_what_is_left_counts(self, story: Story, make: Make) -> None:
        from .conftest import Story as Told  # noqa: PLC0415 - more than one mission

        story.planned(make.task("a"), make.task("b"), make.task("c"))
        assert estimate([self.sealed(Told(), spent=100)], story.mission, "scripted").tokens == (300, 300)
