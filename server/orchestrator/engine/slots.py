"""How many sessions may run side by side, by host and model, and why not more.

A lane is one host with one model. Hosts with a provider behind them begin with few sessions; every answer lets one more
run, and a refusal or failure halves the number (additive increase, multiplicative decrease: D.-M. Chiu and R. Jain,
1989). Failures of sessions that began before the last cut say nothing new and cut nothing. What a person stops is
neither. A lane also has a circuit breaker; lanes of one provider share its rate gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from orchestrator.domain.words import FailureKind
from orchestrator.engine.breaker import Breaker
from orchestrator.engine.rate_gate import RateGate
from orchestrator.ports.host import Host, Metered

CAP = 50
FIRST = 10
"""Where a metered host begins."""

_REFUSED = frozenset({FailureKind.RATE_LIMITED, FailureKind.OVERLOADED, FailureKind.QUOTA_EXHAUSTED})
"""A provider is there and wants fewer calls: the gate and the number of slots answer it, not the breaker."""
_BROKEN = frozenset(
    {
        FailureKind.SERVER_ERROR,
        FailureKind.UNAVAILABLE,
        FailureKind.CUT_OFF,
        FailureKind.STALLED,
        FailureKind.CRASHED,
        FailureKind.TIMED_OUT,
        FailureKind.UNKNOWN,
    }
)
"""Failures that speak against the host. All others are about what a session said or did."""


@dataclass(slots=True, eq=False)
class Lane:
    """One host with one model. `limit` is how many of its sessions may run at once."""

    name: str = ""
    gate: RateGate = field(default_factory=RateGate)
    breaker: Breaker = field(default_factory=Breaker)
    limit: int = CAP
    on_move: Callable[[], None] = lambda: None
    _cuts: int = 0

    async def enter(self) -> int:
        """Wait until a call may be made; answers what `succeeded`, `failed` or `withdrawn` must be told."""
        await self.breaker.passable()
        try:
            await self.gate.passable()
        except BaseException:
            self.breaker.withdrawn()
            raise
        return self._cuts

    def succeeded(self) -> None:
        """A call was answered."""
        self.breaker.succeeded()
        self.limit = min(CAP, self.limit + 1)
        self.on_move()

    def failed(self, kind: FailureKind, entered: int) -> None:
        """A call failed; `entered` is what `enter` answered."""
        is_news = entered == self._cuts
        # What hosts many sessions is gone once, not once for each of them.
        if kind in _BROKEN and (is_news or kind is not FailureKind.CRASHED):
            self.breaker.failed()
        else:
            self.breaker.withdrawn()
        if kind in _BROKEN | _REFUSED and is_news:
            self._cuts += 1
            self.limit = max(1, self.limit // 2)
        self.on_move()

    def withdrawn(self) -> None:
        """A call was stopped."""
        self.breaker.withdrawn()

    def trouble(self) -> str:
        """What holds its sessions back now, in words; "" for nothing."""
        who = self.name or "the host"
        if not self.breaker.is_closed:
            return f"{who} failed too often in a row; it is tried again soon"
        if self.gate.is_closed:
            return f"{who} asked everybody to wait"
        return ""


class Traffic:
    """The lanes of a server, for its whole life: a provider's refusal outlasts the mission that it was told to."""

    def __init__(self) -> None:
        """Nothing runs."""
        self._lanes: dict[tuple[str, str], Lane] = {}
        self._gates: dict[tuple[str, str], RateGate] = {}
        self.moved = anyio.Event()

    def lane(self, host: Host, model: str) -> Lane:
        """The lane of a host and a model, written PROVIDER/MODEL ("" leaves it to the host)."""
        key = host.name, model
        if key not in self._lanes:
            gate = self._gates.setdefault((host.name, model.partition("/")[0]), RateGate())
            limit = FIRST if isinstance(host, Metered) and host.is_metered else CAP
            self._lanes[key] = Lane(model or host.name, gate, Breaker(), limit, self._move)
        return self._lanes[key]

    def _move(self) -> None:
        """Wake whoever waits for a lane to change."""
        moved, self.moved = self.moved, anyio.Event()
        moved.set()
