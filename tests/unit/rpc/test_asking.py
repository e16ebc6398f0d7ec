"""Which questions are put to which client, each once."""

from __future__ import annotations

from typing import Any

import pytest
from fake_service import FakeService  # pyright: ignore[reportMissingImports] - the conformance tests share it

from orchestrator.domain import events as e
from orchestrator.domain.question import Question
from orchestrator.domain.words import Answer, DeliveryMode, QuestionKind
from orchestrator.rpc.asking import Asking
from orchestrator_protocol.capabilities import ApproveCapabilities

PLAN = Question("q-plan", QuestionKind.PLAN, "may it run?")
SHELL = Question("q-shell", QuestionKind.PERMISSION, "may it run npm?", "shell: npm install")


@pytest.fixture
def service() -> FakeService:
    """A mission that asks two things."""
    one = FakeService()
    one.record("m-1", e.MissionAccepted("m-1", "x", "/w", "editor", DeliveryMode.APPLY, True, 1))
    for question in (PLAN, SHELL):
        one.record("m-1", e.QuestionAsked(question))
    return one


def asking(service: FakeService, **approve: bool) -> tuple[Asking, list[str]]:
    told: list[str] = []

    def notify(_method: str, params: Any) -> None:
        told.append(params.question.id)

    return Asking(service, notify, ApproveCapabilities(**approve)), told


@pytest.mark.parametrize(
    ("approve", "expected"),
    [
        ({}, []),
        ({"plans": True}, ["q-plan"]),
        ({"permissions": True}, ["q-shell"]),
        ({"plans": True, "permissions": True}, ["q-plan", "q-shell"]),
    ],
)
def test_a_client_is_asked_what_it_can_show(service, approve, expected) -> None:
    one, told = asking(service, **approve)
    one.ask_open()
    for recorded in service.recorded:
        one.note(recorded)
    assert told == expected, "and nothing twice, though the events came after the open questions"


def test_what_was_answered_meanwhile_is_not_asked(service) -> None:
    service.record("m-1", e.QuestionAnswered("q-plan", Answer.ALLOW, "one"))
    one, told = asking(service, plans=True, permissions=True)
    for recorded in service.recorded:
        one.note(recorded)
    assert told == ["q-shell"]
