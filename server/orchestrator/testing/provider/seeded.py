"""Faults at random, the same ones for the same seed."""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from orchestrator.testing.provider.exchange import Answer, Call, Failure
from orchestrator.testing.provider.faults import FAULTS, Fault, struck


@dataclass(frozen=True, slots=True, eq=False)
class SeededFaults:
    """Strikes a share of the calls. What strikes depends on the seed, the conversation and how often it was asked.

    Calls of different conversations may come in any order without changing what strikes each.
    """

    seed: int
    rate: float
    kinds: tuple[str, ...] = ()
    _asked: Counter[str] = field(default_factory=Counter[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, call: Call, reply: Answer | Failure) -> Answer | Failure:
        """The reply, or what a fault makes of it."""
        if self.rate <= 0 or isinstance(reply, Failure):
            return reply
        digest = hashlib.sha256(call.prompt.encode("utf-8", "replace")).hexdigest()
        with self._lock:
            self._asked[digest] += 1
            count = self._asked[digest]
        dice = random.Random(f"{self.seed}/{digest}/{count}")  # noqa: S311 - reproducible, guards nothing
        if dice.random() >= self.rate:
            return reply
        return struck(Fault(dice.choice(self.kinds or tuple(FAULTS))), call, reply)
