"""Questions of missions, put to one client that can approve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orchestrator.domain.events import QuestionAnswered, QuestionAsked
from orchestrator.domain.question import Question
from orchestrator.domain.words import QuestionKind
from orchestrator.ports.journal import Recorded
from orchestrator.rpc.mapping import question_view
from orchestrator.rpc.service import Service
from orchestrator_protocol.capabilities import ApproveCapabilities
from orchestrator_protocol.permission import PermissionRequest

Notify = Callable[[str, Any], None]


class Asking:
    """Pushes `permission/request`, once a question, for the kinds of question that the client said it can show."""

    def __init__(self, service: Service, notify: Notify, approve: ApproveCapabilities) -> None:
        """Nothing is asked yet."""
        self._service = service
        self._notify = notify
        self._approve = approve
        self._asked: set[str] = set()

    def ask_open(self) -> None:
        """Put the questions that are open already."""
        for mission in self._service.missions():
            if not mission.status.is_terminal:
                for question in list(mission.questions.values()):
                    self._ask(mission.id, question)

    def note(self, recorded: Recorded) -> None:
        """Put a question that an event asks, if it is still open; forget one that was answered."""
        match recorded.event:
            case QuestionAsked(question):
                mission = self._service.get(recorded.mission_id)
                if question.id in mission.questions and not mission.status.is_terminal:
                    self._ask(recorded.mission_id, question)
            case QuestionAnswered(question_id):
                self._asked.discard(question_id)
            case _:
                return

    def _ask(self, mission_id: str, question: Question) -> None:
        is_wanted = self._approve.plans if question.kind is QuestionKind.PLAN else self._approve.permissions
        if is_wanted and question.id not in self._asked:
            self._asked.add(question.id)
            view = question_view(question)
            self._notify("permission/request", PermissionRequest(mission_id=mission_id, question=view))
