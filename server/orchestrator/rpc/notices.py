"""What a person should see once of what missions do: `host/notify`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from orchestrator.domain.budget import Limit
from orchestrator.domain.events import BudgetWarned, MissionEnded, MissionSealed, QuestionAsked
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import MissionStatus
from orchestrator.ports.journal import Recorded
from orchestrator_protocol.session import HostNotify

Notify = Callable[[str, Any], None]
Level = Literal["info", "success", "warning", "error"]
MAX_TEXT_CHARACTERS = 500
_LEVELS: dict[MissionStatus, Level] = {MissionStatus.FAILED: "error", MissionStatus.UNVERIFIED: "warning"}
_UNITS = {"tokens": "tokens", "turns": "turns", "tool_calls": "calls of tools"}


class Notices:
    """Tells one client. A question that was answered meanwhile is not worth a person's eyes."""

    def __init__(self, notify: Notify, mission_of: Callable[[str], Mission]) -> None:
        """`mission_of` answers the mission as it is now."""
        self._notify = notify
        self._mission_of = mission_of

    def note(self, recorded: Recorded) -> None:
        """Tell what this event means for a person, if anything."""
        match recorded.event:
            case BudgetWarned(limit):
                self._tell(recorded, "warning", "most of a limit is used", _of_limit(limit))
            case QuestionAsked(question):
                if question.id in self._mission_of(recorded.mission_id).questions:
                    self._tell(recorded, "warning", "waits for you", question.text)
            case MissionSealed(seal):
                done = f"{seal.task_count} tasks done, {len(seal.receipts)} receipts"
                self._tell(recorded, "success", "sealed", done)
            case MissionEnded(status, _, reason, hint):
                said = f"{reason} ({hint})" if reason and hint else reason or hint
                self._tell(recorded, _LEVELS.get(status, "info"), status.value, said)
            case _:
                return

    def _tell(self, recorded: Recorded, level: Level, title: str, text: str) -> None:
        said = HostNotify(mission_id=recorded.mission_id, level=level, title=title, text=text[:MAX_TEXT_CHARACTERS])
        self._notify("host/notify", said)


def _of_limit(limit: Limit) -> str:
    amount = f"{limit.amount:,} {_UNITS[limit.resource]}" if limit.resource in _UNITS else f"{limit.amount / 1e6:g} USD"
    return f"four fifths of the limit of {amount} are used"
