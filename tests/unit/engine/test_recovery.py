"""Every class of session failure is answered as the table says, and only so often."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from orchestrator.domain.events import Event
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import FailureKind, Role
from orchestrator.engine.hold import Hold
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.publisher import Publisher
from orchestrator.engine.recovery import MAX_WAIT_S, TABLE, Action, Recovery, ResilientSession, backoff_s, recovery_of
from orchestrator.engine.slots import Lane
from orchestrator.ports.host import Brief, Containment, HostError, Reply, Session, SessionRoom, SessionSpec
from orchestrator.ports.journal import MissionSummary, Recorded, Restored
from orchestrator.testing.toolboxes import RecordingToolbox

pytestmark = pytest.mark.anyio

BRIEF = Brief("do it", "do it", Role.WORKER, 1)
SPEC = SessionSpec("s-1", "m-1", Role.WORKER, "t1", "t1")


class FailingHost:
    """Fails as told, then answers; remembers what it was told and how many sessions it holds."""

    name = "failing"
    containment: Containment = "contained"

    def __init__(self, failures: Sequence[Exception]) -> None:
        self.failures = list(failures)
        self.opened: list[str] = []
        self.closed = 0
        self.briefs: list[Brief] = []

    place = ""

    async def open(self, spec: SessionSpec, tools: SessionRoom) -> Session:
        self.opened.append(spec.session_id)
        return self

    async def attach(self, spec: SessionSpec, tools: SessionRoom, place: str) -> Session | None:
        return None

    async def prompt(self, brief: Brief) -> Reply:
        self.briefs.append(brief)
        if self.failures:
            raise self.failures.pop(0)
        return Reply("done")

    async def close(self) -> None:
        self.closed += 1


class KeptDiary:
    """Keeps the steps."""

    def __init__(self) -> None:
        self.steps: list[Recovery] = []

    async def recovering(self, step: Recovery) -> None:
        self.steps.append(step)

    async def opened(self, session_id: str, place: str) -> None:
        raise AssertionError((session_id, place))


class NoJournal:
    """Nothing is written here."""

    async def append(self, mission_id: str, events: Sequence[Event]) -> list[Recorded]:
        raise AssertionError(events)

    async def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        return []

    async def mission_ids(self) -> list[str]:
        return []

    async def load(self, *, max_finished_tasks: int = 1_000) -> Restored:
        return Restored(0, [])

    async def mission(self, mission_id: str) -> Mission:
        return Mission()

    async def summaries(self, *, limit: int = 1_000) -> list[MissionSummary]:
        return []


async def converse(host: FailingHost, lane: Lane | None = None) -> tuple[Reply, list[Recovery]]:
    diary = KeptDiary()
    hold = Hold(Ledger(NoJournal(), Publisher(0), Mission()))
    tools = RecordingToolbox()
    session = ResilientSession(host, lane or Lane(), hold, SPEC, tools, timeout_s=5, diary=diary)
    try:
        return await session.prompt(BRIEF), diary.steps
    finally:
        await session.close()


def test_every_failure_has_a_row() -> None:
    assert set(TABLE) == set(FailureKind)


async def test_a_crash_gets_a_new_session_and_the_old_one_is_closed() -> None:
    host = FailingHost([HostError(FailureKind.CRASHED, "gone")])
    reply, told = await converse(host)
    assert reply.text == "done"
    assert host.opened == ["s-1", "s-1-2"]
    assert host.closed == 2
    assert [(step.failure, step.action) for step in told] == [(FailureKind.CRASHED, Action.NEW_SESSION)]


async def test_a_malformed_answer_goes_back_with_the_reason() -> None:
    host = FailingHost([HostError(FailureKind.MALFORMED, "no JSON at line 3")])
    await converse(host)
    assert host.opened == ["s-1"]
    assert host.briefs[1].problems == ("no JSON at line 3",)


async def test_the_bound_is_kept_and_the_last_error_arrives() -> None:
    host = FailingHost([HostError(FailureKind.CRASHED, f"gone {n}") for n in range(9)])
    with pytest.raises(HostError, match="gone 3"):
        await converse(host)
    assert host.closed == len(host.opened) == 4


async def test_what_can_not_be_healed_is_not_tried_again() -> None:
    host = FailingHost([HostError(FailureKind.UNSUPPORTED, "no")])
    with pytest.raises(HostError, match="no"):
        await converse(host)
    assert len(host.briefs) == 1


async def test_an_undeclared_failure_is_a_class_of_its_own() -> None:
    reply, told = await converse(FailingHost([ValueError("odd")]))
    assert reply.text == "done"
    assert told[0].failure is FailureKind.UNKNOWN
    assert "ValueError: odd" in told[0].detail


async def test_one_refusal_holds_all_sessions_of_the_provider_back() -> None:
    lane = Lane()
    begin = anyio.current_time()
    ends: list[float] = []

    async def one(failures: Sequence[Exception]) -> None:
        await converse(FailingHost(failures), lane)
        ends.append(anyio.current_time() - begin)

    async with anyio.create_task_group() as group:
        group.start_soon(one, [HostError(FailureKind.RATE_LIMITED, "slow down", retry_after_s=0.3)])
        await anyio.sleep(0.05)
        group.start_soon(one, [])
    assert all(end >= 0.3 for end in ends)


def test_a_provider_can_not_ask_for_days() -> None:
    error = HostError(FailureKind.RATE_LIMITED, "slow down", retry_after_s=1e9)
    step = recovery_of(error, 1)
    assert step is not None
    assert step.wait_s == MAX_WAIT_S
    odd = recovery_of(HostError(FailureKind.RATE_LIMITED, "odd", retry_after_s=-5.0), 1)
    assert odd is not None
    assert odd.wait_s == 0.0


def test_backoff_grows_and_is_bounded() -> None:
    assert 1.0 <= backoff_s(1) <= 2.0
    assert 8.0 <= backoff_s(4) <= 9.0
    assert backoff_s(50) <= 61.0
