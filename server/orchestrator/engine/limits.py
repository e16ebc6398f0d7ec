"""Bounds of a mission, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a mission may do at once and how often it may try.

    `slots` sessions run side by side; a session that has not answered after `session_timeout_s` counts as failed, and
    one that called no tool for `quiet_s` as stalled;
    `plan_tries` malformed plans end the mission; events carry at most `event_findings` findings.
    """

    slots: int = 50
    session_timeout_s: float = 1_800.0
    quiet_s: float = 900.0
    plan_tries: int = 3
    max_iterations: int = 20
    event_findings: int = 200
    queued_missions: int = 100
