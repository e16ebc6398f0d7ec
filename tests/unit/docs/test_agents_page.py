"""The tables of docs/agents.md are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.agents.roles import ROLE_TOOLS
from orchestrator.domain.words import Cause, ReviewMode, Role
from orchestrator.engine.diagnosis import MEANINGS, STRATEGIES

PAGE = (Path(__file__).resolve().parents[3] / "docs/agents.md").read_text("utf-8")


@pytest.mark.parametrize("cause", list(Cause))
def test_every_cause_has_its_strategies(cause: Cause) -> None:
    (row,) = re.findall(rf"^\| `{cause.value}` \| .+ \| (.+) \|$", PAGE, re.MULTILINE)
    assert row == ", ".join(strategy.value.replace("_", " ") for strategy in STRATEGIES[cause])
    assert MEANINGS[cause]


@pytest.mark.parametrize("mode", list(ReviewMode))
def test_every_way_of_reviewing_is_said(mode: ReviewMode) -> None:
    assert re.search(rf"^\| `{mode.value}`", PAGE, re.MULTILINE)


def test_the_table_of_tools_is_the_allow_list() -> None:
    table = PAGE.partition("## Tools by role")[2]
    columns = [(Role.PLANNER,), (Role.SEARCHER,), (Role.REVIEWER,), (Role.WORKER, Role.FIXER)]
    said: dict[Role, set[str]] = {role: set() for role in Role}
    for row in re.findall(r"^\| ([a-z_, ]+) \|(.*)\|$", table, re.MULTILINE)[1:]:
        for roles, mark in zip(columns, row[1].split("|"), strict=True):
            for role in roles if mark.strip() == "yes" else ():
                said[role] |= set(row[0].split(", "))
    assert said == {role: set(tools) for role, tools in ROLE_TOOLS.items()}
