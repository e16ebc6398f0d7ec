"""How a mission ends without a seal."""

from __future__ import annotations

from typing import cast

from orchestrator.domain.words import MissionStatus
from orchestrator.errors import OrchestratorError


class MissionOver(OrchestratorError):
    """Ends the mission with this status; code, message and hint become the reason that the user reads."""

    def __init__(self, status: MissionStatus, code: str, message: str, hint: str = "") -> None:
        """`status` is one of unverified, failed, stopped."""
        super().__init__(code, message, hint)
        self.status = status


def innermost(error: BaseException) -> BaseException:
    """The first error inside groups of groups; the others follow from it, because it cancelled them."""
    while isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        error = group.exceptions[0]
    return error
