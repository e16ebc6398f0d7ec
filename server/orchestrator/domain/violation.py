"""The refusal of a command."""

from __future__ import annotations

from orchestrator.errors import OrchestratorError


class RuleViolation(OrchestratorError):
    """A command that the mission's state does not allow. Nothing happened."""
