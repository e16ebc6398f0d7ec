"""Budgets: what a mission may use, what it has used, and what is held back for calls under way.

spent + reserved never exceeds a limit: the worst case of a call is reserved before it and settled after it. A node is a
part of the mission that has a limit of its own: "mission", "role:worker", "task:api", or a phase ("phase:planning").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Final

MISSION: Final = "mission"
WARN_SHARE: Final = 0.8
"""The share of a limit at which the client is told."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Countable means. `money_microusd` is in millionths of a US dollar, so that sums are exact."""

    tokens: int = 0
    money_microusd: int = 0
    turns: int = 0
    tool_calls: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        """The sum, field by field."""
        return Amounts(*(getattr(self, name) + getattr(other, name) for name in RESOURCES))

    def __sub__(self, other: Amounts) -> Amounts:
        """The difference, field by field; may be negative."""
        return Amounts(*(getattr(self, name) - getattr(other, name) for name in RESOURCES))

    def is_negative(self) -> bool:
        """Whether any field is below zero."""
        return any(getattr(self, name) < 0 for name in RESOURCES)


RESOURCES: Final = tuple(f.name for f in fields(Amounts))
"""The names of what can be limited."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` of `resource` (a field of `Amounts`) for a node."""

    node: str
    resource: str
    amount: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """The worst case of one call, held back for every node that it belongs to."""

    id: str
    nodes: tuple[str, ...]
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Overrun:
    """Why a reservation does not fit: granting it would need `wanted` of `limit`, of which `left` is left."""

    limit: Limit
    wanted: int
    left: int

    def describe(self) -> str:
        """One sentence for a person."""
        what = self.limit.resource.replace("_microusd", " (µUSD)").replace("_", " ")
        return (
            f"the budget of {self.limit.node} allows {self.limit.amount} {what}: {self.left} left, {self.wanted} asked"
        )


@dataclass(slots=True)
class Budget:
    """The account of one mission. Changed by its methods alone."""

    limits: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    spent: dict[str, Amounts] = field(default_factory=dict[str, Amounts])
    reserved: dict[str, Amounts] = field(default_factory=dict[str, Amounts])
    open: dict[str, Reservation] = field(default_factory=dict[str, Reservation])
    warned: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def limit(self, limits: Iterable[Limit]) -> None:
        """Set limits; one that is set again replaces the old and may be warned about again."""
        for limit in limits:
            self.limits[limit.node, limit.resource] = limit.amount
            self.warned.discard((limit.node, limit.resource))

    def overrun(self, reservation: Reservation) -> Overrun | None:
        """The first limit that the reservation would break; None when it fits."""
        for limit in self._limits_of(reservation.nodes):
            wanted = getattr(reservation.amounts, limit.resource)
            left = limit.amount - self.used(limit.node, limit.resource)
            if wanted > left:
                return Overrun(limit, wanted, left)
        return None

    def reserve(self, reservation: Reservation) -> None:
        """Hold the worst case back. The caller has asked `overrun`."""
        self.open[reservation.id] = reservation
        _add(self.reserved, reservation.nodes, reservation.amounts)

    def settle(self, reservation_id: str, used: Amounts) -> None:
        """Replace what was held back by what was used; of an unknown reservation nothing happens."""
        reservation = self.open.pop(reservation_id, None)
        if reservation is not None:
            _add(self.reserved, reservation.nodes, Amounts() - reservation.amounts)
            _add(self.spent, reservation.nodes, used)

    def near(self, reservation: Reservation) -> list[Limit]:
        """Limits of which WARN_SHARE is used once this reservation stands, and that nobody was told about yet."""
        return [
            limit
            for limit in self._limits_of(reservation.nodes)
            if (limit.node, limit.resource) not in self.warned
            and self.used(limit.node, limit.resource) + getattr(reservation.amounts, limit.resource)
            >= WARN_SHARE * limit.amount
        ]

    def total(self) -> Amounts:
        """All that the mission has spent."""
        return self.spent.get(MISSION, Amounts())

    def used(self, node: str, resource: str) -> int:
        """Spent and reserved together."""
        none = Amounts()
        return getattr(self.spent.get(node, none), resource) + getattr(self.reserved.get(node, none), resource)

    def _limits_of(self, nodes: Iterable[str]) -> list[Limit]:
        return [
            Limit(node, resource, amount)
            for node in nodes
            for resource in RESOURCES
            if (amount := self.limits.get((node, resource))) is not None
        ]


def nodes_of(role: str, task_id: str, phase: str) -> tuple[str, ...]:
    """The nodes that a call of this role for this task ("" for none) in this phase belongs to."""
    return (MISSION, f"phase:{phase}", f"role:{role}", *((f"task:{task_id}",) if task_id else ()))


def _add(accounts: dict[str, Amounts], nodes: Iterable[str], amounts: Amounts) -> None:
    for node in nodes:
        accounts[node] = accounts.get(node, Amounts()) + amounts
