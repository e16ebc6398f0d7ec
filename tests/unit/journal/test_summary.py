"""The summary says what happened, and what was not checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.domain.words import DeliveryMode, FailureKind, MissionStatus, Sensitivity, Stage, Verdict
from orchestrator.journal.summary import MAX_LISTED, duration, render_summary
from orchestrator.journal.timeline import timeline
from orchestrator.ports.journal import Recorded

Story = Callable[[str], list[e.Event]]


def recorded(events: list[e.Event]) -> list[Recorded]:
    return [Recorded(n, "m-1", 1_700_000_000.0 + 10 * n, event) for n, event in enumerate(events, 1)]


def summary(events: list[e.Event]) -> str:
    return render_summary(
        fold(events), [*recorded(events), Recorded(99, "m-other", 0.0, e.PlanRejected(7, ("alien",)))]
    )


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0].strip()


def test_a_sealed_mission(story: Story) -> None:
    text = summary(story("m-1"))
    assert section(text, "What was asked") == "> Add a *thing*\n> and test it"
    ending = section(text, "How it ended")
    assert ending.startswith("Sealed:")
    assert "2 of 2 tasks done, 1 of 5 iterations, accepted 2023-11-14 22:13:30 UTC, 3 min 30 s until" in ending
    tasks = section(text, "Tasks").splitlines()
    assert tasks[0].startswith(
        "- [x] a: Write it (done; 1 attempt by worker on scripted from 2023-11-14 22:14:40 UTC, 40.0 s"
    )
    assert "2 attempts by fixer on scripted" in tasks[1]
    assert "20.0 s; answers a)" in tasks[1]
    refused = section(text, "Refused")
    assert "- plan, try 1: task a: the title is empty" in refused
    assert "- a: guardian found a secret" in refused
    assert "  - src/a.py:5: a key in the code \\[no-secret\\]" in refused
    healed = section(text, "Failures of sessions")
    assert "- a: rate_limited, answered by wait (try 1, waited 2.5 s): 429" in healed
    assert "- a.fix1: interrupted, crashed: the host went away" in healed
    assert "- checks: clean" in section(text, "Gates on the final tree")
    row = section(text, "Receipts").splitlines()[-1]
    assert row == "| tests | `pytest -q \\| tee out` | clean | 0 | 3.5 s | `t2` | sensitive | landlock |"
    assert section(text, "Not checked").splitlines() == [
        "- gate imports: no rules for Cobol",
        "- lint: was found, waits for trust",
    ]
    assert section(text, "Delivery") == "Delivered as apply, 1 files.\n\n- src/a.py"
    assert "alien" not in text


def test_a_seal_says_which_tests_still_fail(story: Story) -> None:
    """They failed before the mission, so they are not held against it; a reader must not take them for mended."""
    known = "2 tests passed; 1 failed on the base already"
    events = story("m-1")
    at, judged = next(
        (n, event) for n, event in enumerate(events) if isinstance(event, e.GateJudged) and event.report.receipts
    )
    receipts = tuple(replace(receipt, exit_code=1, detail=known) for receipt in judged.report.receipts)
    events[at] = replace(judged, report=replace(judged.report, receipts=receipts))
    ending = section(summary(events), "How it ended")
    assert ending.startswith("Sealed:")
    assert f"Not all is well: tests fails as it did before the mission ({known})." in ending


def test_an_unverified_mission_is_not_dressed_up(story: Story) -> None:
    events = story("m-1")[:-5]
    events.append(e.MissionEnded(MissionStatus.UNVERIFIED, "unverified", "no check ran", "declare checks"))
    text = summary(events)
    ending = section(text, "How it ended")
    assert ending.startswith("Unverified: no check proved")
    assert "Reason: no check ran (`unverified`)." in ending
    assert "What to do: declare checks." in ending
    assert section(text, "Receipts") == "No command ran on the final tree."
    assert "- check tests: did not run" in section(text, "Not checked")
    assert section(text, "Delivery") == "Nothing was delivered."
    assert "Sealed" not in text


def test_a_mission_that_never_planned() -> None:
    accepted = e.MissionAccepted("m-1", "x", "/w", "h", DeliveryMode.PATCH, False, 5)
    text = summary([accepted])
    assert section(text, "Where it stands").startswith("Still under way (queued).")
    assert section(text, "Tasks") == "There was no plan."
    assert section(text, "Not checked") == "Everything: the final tree was not judged."
    assert render_summary(fold([accepted]), []).startswith("# Mission m-1")


def test_bad_receipts_say_so(story: Story) -> None:
    events = story("m-1")
    judged = events[18]
    assert isinstance(judged, e.GateJudged)
    receipt = replace(
        judged.report.receipts[0],
        verdict=Verdict.FLAKY,
        exit_code=None,
        sensitivity=Sensitivity.NOT_SENSITIVE,
        detail="a | b",
        command="echo `id`",
    )
    report = replace(judged.report, receipts=(receipt,), verdict=Verdict.FAILED)
    text = summary([*events[:18], e.GateJudged(Stage.SEAL, "t2", "", "", report)])
    row = section(text, "Receipts").splitlines()[-1]
    assert row.startswith("| tests | `echo 'id'` | flaky (two runs disagreed): a \\| b | none |")
    assert "not sensitive" in row
    assert "- checks: failed" in section(text, "Gates on the final tree")


def test_kept_back_files_are_named(story: Story) -> None:
    events = story("m-1")[:-1]
    events.append(e.MissionDelivered(DeliveryMode.PATCH, "/p/m-1.patch", ("a", "b"), ("b",), "apply it by hand"))
    delivery = section(summary(events), "Delivery")
    assert delivery.startswith("Delivered as patch to /p/m-1.patch, 2 files.")
    assert "(nothing was applied):\n\n- b\n\napply it by hand" in delivery


def test_markup_from_outside_stays_text(story: Story) -> None:
    events = story("m-1")
    refused = e.AttemptRefused("at-1", "a", "x\n## Sealed\n<script>[l](http://x) `c` \x1b[31m", (), "")
    text = summary([*events[:11], refused, *events[12:]])
    line = next(line for line in text.splitlines() if "<script" in line)
    assert line.startswith("- a: x \\#\\# Sealed \\<script\\>\\[l\\](http://x) \\`c\\`")
    assert "\x1b" not in text


def test_long_lists_are_cut_and_said(story: Story) -> None:
    many = [e.PlanRejected(n, ("p",)) for n in range(MAX_LISTED + 50)]
    events = story("m-1")
    text = summary([*events[:4], *many, *events[4:]])
    assert "- … and 5" in section(text, "Refused")
    assert len(section(text, "Refused").splitlines()) == MAX_LISTED + 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.04, "0.0 s"),
        (59.9, "59.9 s"),
        (60, "1 min 0 s"),
        (3_599.6, "1 h 0 min"),
        (7_800, "2 h 10 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_timeline_survives_a_clock_set_back_and_an_open_end() -> None:
    start = e.AttemptStarted("at-1", "a", 1, e.Role.WORKER, "h", 1, "c", ("x",))
    ended = e.AttemptInterrupted("at-1", "a", FailureKind.CRASHED, "")
    line = timeline([Recorded(1, "m", 100.0, start), Recorded(2, "m", 90.0, ended), Recorded(3, "m", 95.0, start)])
    assert [run.duration_s for run in line.attempts_of("a")] == [0.0, 0.0]
    assert timeline([]).first_s is None


def test_a_delivery_of_nothing_is_said_in_a_line(story: Story) -> None:
    events = [*story("m-1"), e.MissionDelivered(DeliveryMode.BRANCH, "work", (), (), "nothing differs")]
    assert section(summary(events), "Delivery") == "Delivered as branch to work, 0 files.\n\nnothing differs"


def test_an_end_without_a_beginning_is_no_run() -> None:
    line = timeline(recorded([e.AttemptInterrupted("at-1", "a", FailureKind.CRASHED, "gone")]))
    assert line.attempts_of("a") == []
