"""Bounds of a mission, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.domain.words import ReviewMode


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a mission may do at once and how often it may try.

    `slots` sessions run side by side; a session that has not answered after `session_timeout_s` counts as failed, and
    one that called no tool for `quiet_s` as stalled;
    `plan_tries` malformed plans end the mission; events carry at most `event_findings` findings. `review` says what a
    reviewer looks at; `tools` names what a role may call, roles without an entry all that they can have;
    `is_web_allowed` is false where the project forbids pages of the web.
    """

    slots: int = 50
    session_timeout_s: float = 1_800.0
    quiet_s: float = 900.0
    plan_tries: int = 3
    max_iterations: int = 20
    event_findings: int = 200
    queued_missions: int = 100
    review: ReviewMode = ReviewMode.MISSION
    is_web_allowed: bool = True
    tools: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
