"""How long a mission has run, over all servers that it had."""

from __future__ import annotations

import pytest

from orchestrator.domain import events as e
from orchestrator.domain.words import FailureKind, MissionStatus
from orchestrator.engine.wall_time import BY, worked_s
from orchestrator.ports.journal import Recorded

STARTED, RESUMED = e.MissionStarted(), e.MissionResumed("user")
TAKEN_UP = e.MissionTakenUp("the server ended", ())
CUT = e.AttemptInterrupted("at-1", "a", FailureKind.INTERRUPTED, "gone")
FACT = e.IterationStarted(1)
ENDED = e.MissionEnded(MissionStatus.FAILED, "x", "x", "")


def paused(by: str) -> e.Event:
    return e.MissionPaused(by, "x")


@pytest.mark.parametrize(
    ("story", "wanted_s"),
    [
        ([], 0.0),
        ([(5, STARTED), (9, FACT), (15, FACT)], 10.0),
        # While the server was down nothing counts, nor what the dead one did after its last event.
        ([(0, STARTED), (10, FACT), (1_000, CUT), (1_000, TAKEN_UP), (1_005, FACT)], 15.0),
        # A pause does not count, over a restart either.
        ([(0, STARTED), (10, paused("user")), (500, RESUMED), (505, FACT)], 15.0),
        ([(0, STARTED), (10, paused("user")), (500, TAKEN_UP), (600, FACT), (700, RESUMED), (701, FACT)], 11.0),
        # A resume after the time was used up gives it anew.
        ([(0, STARTED), (100, paused(BY)), (200, RESUMED), (207, FACT)], 7.0),
        ([(0, STARTED), (100, ENDED), (500, e.MissionReopened("user", ())), (503, FACT)], 103.0),
        # A clock that was set back takes nothing away.
        ([(50, STARTED), (40, FACT), (45, FACT)], 5.0),
    ],
)
def test_only_time_with_a_server_and_without_a_pause_counts(
    story: list[tuple[float, e.Event]], wanted_s: float
) -> None:
    recorded = [Recorded(n, "m-1", at_s, event) for n, (at_s, event) in enumerate(story, start=1)]
    assert worked_s(recorded) == wanted_s
