"""Every rule of `decide`, on the side where it allows and on the side where it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.decide import MAX_FIXES, unsealable
from orchestrator.domain.receipt import GateReport
from orchestrator.domain.words import (
    DeliveryMode,
    FailureKind,
    MissionStatus,
    Role,
    Sensitivity,
    Stage,
    TaskStatus,
    Verdict,
)

# The fixtures `story` and `make` are the classes Story and Words of conftest.py; without packages they have no import.
Story = Any
Make = Any
DELIVERED = e.MissionDelivered(DeliveryMode.APPLY, "", ("a",), (), "")


class TestAccepting:
    def test_a_mission_is_accepted_once(self, story: Story, make: Make) -> None:
        story.do(make.accept)
        assert (story.mission.id, story.mission.status) == ("m-1", MissionStatus.QUEUED)
        story.refuse(make.accept, "mission_exists")

    @pytest.mark.parametrize("text", ["", " \n\t"])
    def test_an_empty_mission_is_refused(self, story: Story, make: Make, text: str) -> None:
        story.refuse(replace(make.accept, text=text), "empty_mission")

    def test_a_mission_needs_an_id(self, story: Story, make: Make) -> None:
        story.refuse(replace(make.accept, mission_id=""), "bad_mission_id")

    def test_nothing_happens_before_acceptance(self, story: Story, make: Make) -> None:
        for command in (
            c.AcceptPlan((make.task("a"),)),
            c.StartAttempt("at", "a", "h"),
            c.SealMission("t", 1.0),
            c.EndMission(MissionStatus.FAILED, "x", "y"),
            c.Note(e.MissionStarted()),
            make.fix(""),
        ):
            story.refuse(command, "mission_not_active")


class TestPlanning:
    def test_a_valid_plan_is_installed_once(self, story: Story, make: Make) -> None:
        story.accept()
        story.do(c.AcceptPlan((make.task("a"), make.task("b"))))
        assert list(story.mission.tasks) == ["a", "b"]
        assert story.mission.plan_version == 1
        story.refuse(c.AcceptPlan((make.task("c"),)), "plan_exists")

    def test_an_invalid_plan_is_refused_with_its_problems(self, story: Story, make: Make) -> None:
        story.accept()
        bad = replace(make.task("a", "../x"), checks=("nope",))
        message = story.refuse(c.AcceptPlan((bad,)), "invalid_plan")
        assert "'..'" in message
        assert "nope" in message
        assert story.mission.plan_version == 0

    def test_the_base_is_fixed_once_the_plan_is_there(self, story: Story) -> None:
        story.planned()
        story.refuse(c.Note(e.SnapshotTaken("c9", "t9", 1, ())), "base_is_fixed")
        story.refuse(c.Note(e.ChecksChosen((), (), ())), "base_is_fixed")


class TestAttempts:
    def test_an_attempt_leases_its_write_set(self, story: Story, make: Make) -> None:
        story.planned(make.task("a", "src/"), make.task("b", "src/b.py"), make.task("c", "docs/"))
        first = story.start("a")
        assert (first.number, first.token, first.base_commit, first.write_set) == (1, 1, "c0", ("src/",))
        story.refuse(c.StartAttempt("at", "b", "h"), "write_set_leased")
        assert story.start("c").token == 2
        story.integrate(first)
        assert story.start("b").base_commit == "c1"

    def test_a_task_runs_once_at_a_time(self, story: Story) -> None:
        story.planned()
        story.start("a")
        story.refuse(c.StartAttempt("at", "a", "h"), "task_not_open")

    def test_dependencies_come_first(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b", after=("a",)))
        assert "waits for a" in story.refuse(c.StartAttempt("at", "b", "h"), "task_not_ready")
        started = story.start("a")
        story.refuse(c.StartAttempt("at", "b", "h"), "task_not_ready")
        story.integrate(started)
        story.start("b")

    def test_an_unknown_task_and_a_missing_base(self, story: Story, make: Make) -> None:
        story.do(make.accept)
        story.do(c.AcceptPlan((make.task("a"),)))
        story.refuse(c.StartAttempt("at", "z", "h"), "unknown_task")
        story.refuse(c.StartAttempt("at", "a", "h"), "no_snapshot")

    @pytest.mark.parametrize("ending", ["refused", "interrupted"])
    def test_a_stale_owner_is_refused(self, story: Story, ending: str) -> None:
        story.planned()
        old = story.start("a")
        if ending == "refused":
            story.refused(old)
        else:
            story.note(e.AttemptInterrupted(old.attempt_id, "a", FailureKind.CRASHED, "gone"))
        story.refuse(story.integration(old), "stale_token")
        new = story.start("a")
        assert (new.token, new.number) == (2, 2)
        story.refuse(story.integration(old), "stale_token")
        story.refuse(replace(story.integration(new), token=old.token), "stale_token")
        story.refuse(replace(story.integration(new), attempt_id=old.attempt_id), "stale_token")
        story.refuse(c.Note(e.AttemptRefused(old.attempt_id, "a", "late", (), "")), "stale_token")
        story.refuse(c.Note(e.AttemptInterrupted(old.attempt_id, "a", FailureKind.CRASHED, "")), "stale_token")
        story.integrate(new)
        story.refuse(story.integration(new), "stale_token")

    def test_only_leased_paths_are_integrated(self, story: Story, make: Make) -> None:
        story.planned(make.task("a", "src/", "README.md"))
        command = story.integration(story.start("a"))
        message = story.refuse(replace(command, paths=("src/x.py", "README.md.bak", "srcx")), "outside_write_set")
        assert "README.md.bak, srcx" in message
        story.do(replace(command, paths=("src/deep/x.py", "README.md")))

    def test_the_ref_must_not_have_moved(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b"))
        one, other = story.start("a"), story.start("b")
        late = story.integration(other, "c2", "t2")
        story.integrate(one)
        story.refuse(late, "tip_moved")
        story.integrate(other, "c2", "t2")
        assert (story.mission.tip, story.mission.tip_tree) == ("c2", "t2")
        merged = [(t.merged_from, t.merged_to) for t in story.mission.tasks.values()]
        assert merged == [("c0", "c1"), ("c1", "c2")]


class TestFixing:
    def test_a_fixer_takes_the_place_of_its_parent(self, story: Story, make: Make) -> None:
        story.planned(replace(make.task("a"), checks=("tests",)), make.task("b", after=("a",)))
        story.refused(story.start("a"))
        (added,) = story.do(make.fix("a"))
        assert (added.task.id, added.task.role, added.task.checks) == ("a.fix1", Role.FIXER, ("tests",))
        assert story.mission.tasks["a"].status is TaskStatus.FIXING
        story.refuse(c.StartAttempt("at", "a", "h"), "task_not_open")
        story.refuse(c.StartAttempt("at", "b", "h"), "task_not_ready")
        story.integrate(story.start("a.fix1"))
        assert {t.status for t in story.mission.tasks.values() if t.spec.id != "b"} == {TaskStatus.DONE}
        story.start("b")

    def test_fixers_of_fixers_are_bounded(self, story: Story, make: Make) -> None:
        story.planned()
        current = "a"
        for number in range(1, MAX_FIXES + 1):
            story.refused(story.start(current))
            (added,) = story.do(make.fix(current))
            current = added.task.id
            assert current == f"a.fix{number}"
        story.refused(story.start(current))
        story.refuse(make.fix(current), "fixes_exhausted")
        story.note(e.TaskFailed(current, "in vain"))
        assert {t.status for t in story.mission.tasks.values()} == {TaskStatus.FAILED}
        assert story.mission.tasks["a"].reason == "in vain"

    def test_only_an_open_task_gets_a_fixer(self, story: Story, make: Make) -> None:
        story.planned()
        started = story.start("a")
        story.refuse(make.fix("a"), "task_not_open")
        story.integrate(started)
        story.refuse(make.fix("a"), "task_not_open")
        story.refuse(make.fix("z"), "unknown_task")
        story.refuse(replace(make.fix("a"), write_set=()), "bad_write_set")

    def test_work_is_added_to_a_plan_only(self, story: Story, make: Make) -> None:
        story.accept()
        story.refuse(make.fix(""), "no_plan")

    def test_a_new_task_never_takes_a_planned_ones_name(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("a.fix1"), make.task("review-1"), make.task("review-3"))
        story.refused(story.start("a"))
        ids = [story.do(command)[0].task.id for command in (make.fix("a"), make.fix(""), make.fix(""))]
        assert ids == ["a.fix2", "review-2", "review-4"]
        assert len(story.mission.tasks) == 7


class TestNotes:
    def test_iterations_are_bounded(self, story: Story) -> None:
        story.planned()
        story.note(e.IterationStarted(3))
        story.refuse(c.Note(e.IterationStarted(4)), "iterations_exhausted")

    def test_a_closed_task_does_not_fail(self, story: Story) -> None:
        story.planned()
        story.refuse(c.Note(e.TaskFailed("z", "")), "unknown_task")
        story.integrate(story.start("a"))
        story.refuse(c.Note(e.TaskFailed("a", "too late")), "task_closed")

    def test_a_failing_task_frees_its_lease(self, story: Story, make: Make) -> None:
        story.planned(make.task("a", "x"), make.task("b", "x"))
        story.start("a")
        story.note(e.TaskFailed("a", "no"))
        assert story.mission.leases == {}
        story.start("b")

    def test_counts(self, story: Story) -> None:
        story.planned()
        started = story.start("a")
        story.note(e.SessionRecovering("a", started.attempt_id, FailureKind.CRASHED, "again", 1, 0.0, ""))
        story.note(e.PlanRejected(1, ("p",)))
        story.note(e.AttemptCommitted(started.attempt_id, "a", "c", "t", ()))
        story.refused(started)
        assert (story.mission.recovered_count, story.mission.refused_count) == (1, 1)
        assert story.mission.version == len(story.events)


class TestSealing:
    def done(self, story: Story) -> None:
        story.planned()
        story.integrate(story.start("a"))

    def test_proven_work_is_sealed(self, story: Story) -> None:
        self.done(story)
        story.judged()
        (event,) = story.do(story.seal())
        assert story.mission.status is MissionStatus.SEALED
        assert (event.seal.tree, event.seal.commit, event.seal.task_count) == ("t1", "c1", 1)
        assert [r.check for r in event.seal.receipts] == ["tests"]

    def test_it_is_over_when_the_work_has_reached_the_user(self, story: Story) -> None:
        story.planned()
        story.integrate(story.start("a"))
        story.do(c.EndMission(MissionStatus.FAILED, "x", "y"))
        assert story.mission.is_over
        story.do(c.RecordDelivery(DELIVERED))  # by hand, as it stood
        story.do(c.Reopen("me"))
        assert not story.mission.is_over
        story.judged()
        story.do(story.seal())
        assert not story.mission.is_over
        story.do(c.RecordDelivery(DELIVERED))
        assert story.mission.is_over

    def test_what_was_not_checked_is_in_the_seal(self, story: Story, make: Make) -> None:
        self.done(story)
        story.judged(make.checks(make.receipt("t1")), GateReport("imports", Verdict.NOT_CHECKED))
        (event,) = story.do(story.seal())
        assert event.seal.not_checked == ("imports",)

    def test_no_plan_no_seal(self, story: Story) -> None:
        story.accept()
        story.judged()
        story.refuse(story.seal(), "no_plan")

    def test_open_or_failed_work_is_never_sealed(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b"))
        story.integrate(story.start("a"))
        story.judged()
        assert "not done: b" in story.refuse(story.seal(), "work_left")
        started = story.start("b")
        story.refuse(story.seal(), "work_left")
        story.note(e.AttemptInterrupted(started.attempt_id, "b", FailureKind.CRASHED, ""))
        story.note(e.TaskFailed("b", "no"))
        story.refuse(story.seal(), "work_left")

    def test_the_judged_tree_is_the_sealed_tree(self, story: Story, make: Make) -> None:
        story.planned(make.task("a"), make.task("b"))
        story.integrate(story.start("a"))
        story.judged()
        story.integrate(story.start("b"), "c2", "t2")
        story.refuse(c.SealMission("t1", 1.0), "tree_moved")
        story.refuse(c.SealMission("t2", 1.0), "tree_moved")
        story.judged()
        story.refuse(c.SealMission("t1", 1.0), "tree_moved")
        story.do(story.seal())

    def test_reports_of_another_tree_or_stage_do_not_count(self, story: Story, make: Make) -> None:
        self.done(story)
        story.note(e.SealingStarted("t1"))
        good = make.checks(make.receipt("t1"))
        story.note(e.GateJudged(Stage.SEAL, "t0", "", "", good))
        story.note(e.GateJudged(Stage.MERGE, "t1", "", "", good))
        assert story.mission.seal_reports == {}
        story.refuse(story.seal(), "unverified")

    def test_a_new_round_forgets_the_last_ones_reports(self, story: Story) -> None:
        self.done(story)
        story.judged()
        story.note(e.SealingStarted("t1"))
        story.refuse(story.seal(), "unverified")

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"sensitivity": Sensitivity.NOT_SENSITIVE}, "unverified"),
            ({"sensitivity": Sensitivity.NOT_PROBED}, "unverified"),
            ({"verdict": Verdict.FAILED}, "unverified"),
            ({"verdict": Verdict.FLAKY}, "unverified"),
            ({"verdict": Verdict.NOT_CHECKED, "exit_code": None}, "unverified"),
            ({"tree": "t0"}, "tree_moved"),
        ],
        ids=str,
    )
    def test_a_receipt_that_proves_nothing(self, story: Story, make: Make, changes: dict[str, Any], code: str) -> None:
        self.done(story)
        story.judged(make.checks(replace(make.receipt("t1"), **changes)))
        story.refuse(story.seal(), code)
        assert unsealable(story.mission, "t1") is not None

    def test_one_failed_gate_is_enough(self, story: Story, make: Make) -> None:
        self.done(story)
        story.judged(make.checks(make.receipt("t1")), GateReport("guardian", Verdict.FAILED))
        story.refuse(story.seal(), "gate_failed")

    def test_a_sensitive_check_that_failed_does_not_lend_its_sensitivity(self, story: Story, make: Make) -> None:
        self.done(story)
        passed = make.receipt("t1", sensitivity=Sensitivity.NOT_SENSITIVE)
        story.judged(make.checks(passed, make.receipt("t1", verdict=Verdict.FAILED)))
        story.refuse(story.seal(), "unverified")


class TestEnding:
    @pytest.mark.parametrize("status", [MissionStatus.UNVERIFIED, MissionStatus.FAILED, MissionStatus.STOPPED])
    def test_an_end_frees_every_lease_and_is_final(self, story: Story, make: Make, status: MissionStatus) -> None:
        story.planned(make.task("a"), make.task("b"))
        started = story.start("a")
        story.start("b")
        events = story.do(c.EndMission(status, "why", "because", "so"))
        assert [type(event) for event in events] == [e.AttemptInterrupted, e.AttemptInterrupted, e.MissionEnded]
        assert story.mission.leases == {}
        assert story.mission.status is status
        assert (story.mission.end_code, story.mission.end_hint) == ("why", "so")
        for command in (
            c.EndMission(MissionStatus.STOPPED, "", ""),
            c.StartAttempt("at", "a", "h"),
            story.integration(started),
            make.fix("a"),
            c.SealMission("t0", 1.0),
            c.Note(e.IterationStarted(1)),
            c.AcceptPlan((make.task("z"),)),
        ):
            story.refuse(command, "mission_not_active")
        story.refuse(make.accept, "mission_exists")

    @pytest.mark.parametrize("status", [s for s in MissionStatus if not s.is_terminal] + [MissionStatus.SEALED])
    def test_other_states_are_no_ending(self, story: Story, status: MissionStatus) -> None:
        story.planned()
        story.refuse(c.EndMission(status, "", ""), "bad_ending")

    def test_delivery_needs_work_and_outlives_the_end(self, story: Story, make: Make) -> None:
        story.refuse(c.RecordDelivery(DELIVERED), "nothing_to_deliver")
        story.do(make.accept)
        story.refuse(c.RecordDelivery(DELIVERED), "nothing_to_deliver")
        story.note(e.SnapshotTaken("c0", "t0", 1, ()))
        story.do(c.EndMission(MissionStatus.STOPPED, "", ""))
        story.do(c.RecordDelivery(replace(DELIVERED, kept_back=("a",))))
        assert not story.mission.is_delivered
        story.do(c.RecordDelivery(DELIVERED))
        assert story.mission.is_delivered
        assert story.mission.status is MissionStatus.STOPPED
