"""The allow-lists of roles, and that the tool room enforces the same ones."""

from __future__ import annotations

import pytest

from orchestrator.agents.roles import (
    CHECK_TOOLS,
    DUTIES,
    HARMLESS_TOOLS,
    READING_TOOLS,
    ROLE_TOOLS,
    SEARCH,
    TALKING_TOOLS,
    WEB_TOOLS,
    WRITING_TOOLS,
)
from orchestrator.domain.words import Role
from orchestrator.tools.catalogue import TOOLS, allowed


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_a_duty_and_the_tools_that_are_enforced(role: Role) -> None:
    assert DUTIES[role]
    assert set(ROLE_TOOLS[role]) - {*TALKING_TOOLS, SEARCH} == set(allowed(role))


@pytest.mark.parametrize("role", [Role.PLANNER, Role.SEARCHER, Role.REVIEWER])
def test_roles_that_look_can_not_change_anything(role: Role) -> None:
    assert not set(ROLE_TOOLS[role]) & set(WRITING_TOOLS)
    assert set(ROLE_TOOLS[role]) <= HARMLESS_TOOLS


def test_pages_of_the_web_are_for_those_who_look_before_work_begins() -> None:
    assert {role for role in Role if "web_fetch" in ROLE_TOOLS[role]} == {Role.PLANNER, Role.SEARCHER}


def test_a_searcher_sends_no_searcher() -> None:
    assert {role for role in Role if SEARCH in ROLE_TOOLS[role]} == {Role.PLANNER}


def test_every_tool_is_either_reading_or_writing() -> None:
    assert set(TOOLS) == {*READING_TOOLS, *WEB_TOOLS, *CHECK_TOOLS, *WRITING_TOOLS}
    assert {name for name, tool in TOOLS.items() if tool.is_writing} == set(WRITING_TOOLS)
