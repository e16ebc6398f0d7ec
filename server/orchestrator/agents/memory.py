"""What is remembered when a conversation or a mission grows: four tiers, each with a budget, old things fading.

A memo's relevance halves with every HALF_LIFE turns since it was last of use. Plans, decisions, open work and failed
approaches are pinned: they go in before anything else. What does not fit is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

HALF_LIFE: Final = 12
"""Turns."""
MAX_MEMOS: Final = 2_000
"""Most that are kept at all; the least relevant unpinned ones go."""
MAX_MEMO_CHARACTERS: Final = 600


class Tier(StrEnum):
    """How long and for whom something matters."""

    SYSTEM = "system"
    PROJECT = "project"
    MISSION = "mission"
    TASK = "task"


class Kind(StrEnum):
    """What a memo is about."""

    PLAN = "plan"
    DECISION = "decision"
    OPEN_WORK = "open work"
    FAILED = "failed approach"
    FACT = "fact"
    ACTION = "action"


PINNED: Final = frozenset({Kind.PLAN, Kind.DECISION, Kind.OPEN_WORK, Kind.FAILED})
WEIGHTS: Final = {
    Kind.PLAN: 8.0,
    Kind.OPEN_WORK: 6.0,
    Kind.DECISION: 5.0,
    Kind.FAILED: 4.0,
    Kind.FACT: 2.0,
    Kind.ACTION: 1.0,
}
BUDGET_CHARACTERS: Final = {Tier.SYSTEM: 2_000, Tier.PROJECT: 4_000, Tier.MISSION: 6_000, Tier.TASK: 6_000}
"""What each tier may take of a brief."""


@dataclass(slots=True)
class Memo:
    """One thing worth remembering. `turn` is when it was last of use; `page` names the page with the whole of it."""

    tier: Tier
    kind: Kind
    text: str
    turn: int = 0
    page: str = ""

    def relevance(self, now: int) -> float:
        """How much it matters at turn `now`."""
        return WEIGHTS[self.kind] * 0.5 ** (max(now - self.turn, 0) / HALF_LIFE)

    def line(self) -> str:
        """As a brief shows it."""
        where = f" [page {self.page}]" if self.page else ""
        return f"- {self.kind.value}: {self.text}{where}"


@dataclass(slots=True)
class Memory:
    """Memos by what they say: the same thing is remembered once, as of its latest turn."""

    _memos: dict[tuple[Tier, str], Memo] = field(default_factory=dict[tuple[Tier, str], Memo])
    _dropped: int = 0

    def add(self, memo: Memo) -> None:
        """Remember; text is cut to MAX_MEMO_CHARACTERS."""
        text = " ".join(memo.text.split())
        memo.text = text if len(text) <= MAX_MEMO_CHARACTERS else f"{text[: MAX_MEMO_CHARACTERS - 2]} …"
        self._memos.pop((memo.tier, memo.text), None)
        self._memos[memo.tier, memo.text] = memo
        if len(self._memos) > MAX_MEMOS:
            self._forget(memo.turn)

    def extend(self, memos: Iterable[Memo]) -> None:
        """Remember several."""
        for memo in memos:
            self.add(memo)

    def render(self, now: int, tiers: Iterable[Tier] = tuple(Tier)) -> str:
        """The most relevant memos of each tier within its budget, in the order in which they were made."""
        parts: list[str] = []
        for tier in tiers:
            shown, left_out = self._select(tier, now)
            if shown:
                parts.append("\n".join(memo.line() for memo in shown))
            if left_out:
                parts.append(f"[… {left_out} older things of this {tier.value} are left out …]")
        return "\n".join(parts)

    def _select(self, tier: Tier, now: int) -> tuple[list[Memo], int]:
        of_tier = [memo for memo in self._memos.values() if memo.tier is tier]
        ranked = sorted(of_tier, key=lambda memo: (memo.kind not in PINNED, -memo.relevance(now)))
        left = BUDGET_CHARACTERS[tier]
        chosen: set[int] = set()
        for memo in ranked:
            size = len(memo.line()) + 1
            if size <= left:
                left -= size
                chosen.add(id(memo))
        shown = [memo for memo in of_tier if id(memo) in chosen]
        dropped = self._dropped if tier is Tier.TASK else 0
        return shown, len(of_tier) - len(shown) + dropped

    def _forget(self, now: int) -> None:
        """Let a tenth go, the least relevant first."""
        order = sorted(self._memos, key=lambda key: (self._memos[key].kind in PINNED, self._memos[key].relevance(now)))
        for key in order[: MAX_MEMOS // 10]:
            del self._memos[key]
            self._dropped += 1
