"""What is remembered fits its budget, fades, and never loses what is pinned before what is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.memory import BUDGET_CHARACTERS, HALF_LIFE, MAX_MEMOS, Kind, Memo, Memory, Tier

MEMOS = st.builds(Memo, st.sampled_from(Tier), st.sampled_from(Kind), st.text(max_size=900), st.integers(0, 500))


def test_relevance_halves() -> None:
    memo = Memo(Tier.TASK, Kind.ACTION, "x", 10)
    assert memo.relevance(10 + HALF_LIFE) == memo.relevance(10) / 2


def test_the_same_thing_is_remembered_once() -> None:
    memory = Memory()
    memory.extend(Memo(Tier.TASK, Kind.ACTION, "read a.py", turn) for turn in range(50))
    assert memory.render(50) == "- action: read a.py"


def test_plan_decisions_open_work_and_failures_outlast_a_thousand_turns() -> None:
    memory = Memory()
    pinned = [(Kind.PLAN, "the plan"), (Kind.DECISION, "use scrypt"), (Kind.FAILED, "bcrypt"), (Kind.OPEN_WORK, "docs")]
    memory.extend(Memo(Tier.TASK, kind, text, 0) for kind, text in pinned)
    memory.extend(Memo(Tier.TASK, Kind.ACTION, f"read file {turn}" + "x" * 100, turn) for turn in range(1_000))
    text = memory.render(1_000)
    for _, words in pinned:
        assert words in text
    assert "read file 999" in text
    assert "read file 1x" not in text
    assert "left out" in text


@given(st.lists(MEMOS, max_size=60), st.integers(0, 1_000))
def test_every_tier_keeps_its_budget(memos: list[Memo], now: int) -> None:
    memory = Memory()
    memory.extend(memos)
    for tier in Tier:
        assert len(memory.render(now, [tier])) <= BUDGET_CHARACTERS[tier] + 80


def test_memory_itself_has_a_cap() -> None:
    memory = Memory()
    memory.extend(Memo(Tier.TASK, Kind.ACTION, f"a {turn}", turn) for turn in range(3 * MAX_MEMOS))
    assert f"{3 * MAX_MEMOS - 2}" not in memory.render(0, [Tier.SYSTEM])
    assert len(memory._memos) <= MAX_MEMOS
