"""Rules about means: reserved before a call, settled after it, never more than a limit."""

from __future__ import annotations

from orchestrator.domain import commands as c
from orchestrator.domain import events as e
from orchestrator.domain.budget import RESOURCES
from orchestrator.domain.mission import Mission
from orchestrator.domain.violation import RuleViolation


def reserve(mission: Mission, command: c.Reserve) -> list[e.Event]:
    """Hold back the worst case of a call; refused where a limit would break. Says once when a limit is nearly used."""
    reservation = command.reservation
    if reservation.id in mission.budget.open:
        raise RuleViolation("reservation_exists", f"{reservation.id} is reserved already")
    if reservation.amounts.is_negative():
        raise RuleViolation("bad_amount", "a reservation can't be negative")
    if overrun := mission.budget.overrun(reservation):
        raise RuleViolation("budget_exhausted", overrun.describe(), "raise the limit, or end the mission")
    warnings = [e.BudgetWarned(limit) for limit in mission.budget.near(reservation)]
    return [e.BudgetReserved(command.session_id, reservation), *warnings]


def settle(mission: Mission, command: c.Settle) -> list[e.Event]:
    """Replace what was held back by what was used."""
    if command.reservation_id not in mission.budget.open:
        raise RuleViolation("unknown_reservation", f"nothing is reserved as {command.reservation_id}")
    if command.used.is_negative():
        raise RuleViolation("bad_amount", "what was used can't be negative")
    return [e.BudgetSettled(command.reservation_id, command.used)]


def change(mission: Mission, command: c.ChangeBudget) -> list[e.Event]:
    """Set limits anew, never below what is used already."""
    for limit in command.limits:
        if limit.resource not in RESOURCES:
            raise RuleViolation("unknown_resource", f"{limit.resource!r} is none of {', '.join(RESOURCES)}")
        used = mission.budget.used(limit.node, limit.resource)
        if limit.amount < used:
            raise RuleViolation("limit_too_low", f"{used} {limit.resource} of {limit.node} are used already")
    return [e.BudgetChanged(command.by, command.limits)]
