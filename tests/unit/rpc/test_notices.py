"""What a person is told once."""

from __future__ import annotations

import pytest
from fake_service import FakeService  # pyright: ignore[reportMissingImports] - the conformance tests share it

from orchestrator.domain import events as e
from orchestrator.domain.budget import Limit
from orchestrator.domain.question import Question
from orchestrator.domain.receipt import Seal
from orchestrator.domain.words import DeliveryMode, MissionStatus, QuestionKind
from orchestrator.rpc.notices import Notices
from orchestrator_protocol.session import HostNotify

QUESTION = Question("q-shell", QuestionKind.PERMISSION, "may it run npm?", "shell: npm install")


@pytest.fixture
def service() -> FakeService:
    """One mission."""
    one = FakeService()
    one.record("m-1", e.MissionAccepted("m-1", "x", "/w", "editor", DeliveryMode.APPLY, True, 1))
    return one


def told(service: FakeService) -> list[HostNotify]:
    said: list[HostNotify] = []
    notices = Notices(lambda _method, params: said.append(params), service.get)
    for recorded in service.recorded:
        notices.note(recorded)
    return said


@pytest.mark.parametrize(
    ("event", "level", "title", "words"),
    [
        (e.BudgetWarned(Limit("mission", "tokens", 10_000)), "warning", "most of a limit is used", "10,000 tokens"),
        (
            e.BudgetWarned(Limit("mission", "money_microusd", 2_500_000)),
            "warning",
            "most of a limit is used",
            "2.5 USD",
        ),
        (e.QuestionAsked(QUESTION), "warning", "waits for you", "may it run npm?"),
        (e.MissionSealed(Seal("t", "c", (), (), 0, 0, 3, 1.0)), "success", "sealed", "3 tasks done"),
        (e.MissionEnded(MissionStatus.FAILED, "x", "no plan", "say more"), "error", "failed", "no plan (say more)"),
        (e.MissionEnded(MissionStatus.UNVERIFIED, "x", "no check", ""), "warning", "unverified", "no check"),
        (e.MissionEnded(MissionStatus.STOPPED, "x", "", ""), "info", "stopped", ""),
    ],
)
def test_what_a_person_should_see(service, event, level, title, words) -> None:
    service.record("m-1", event)
    (one,) = told(service)
    assert (one.mission_id, one.level, one.title) == ("m-1", level, title)
    assert words in one.text


def test_steps_on_the_way_are_no_news(service) -> None:
    service.record("m-1", e.MissionStarted())
    assert not told(service)
