"""The example in docs/scripted-host.md is valid and does what the text says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.agents.plan_format import PlanFormatError, parse_plan
from orchestrator.domain.plan import validate
from orchestrator.domain.words import Role
from orchestrator.hosts.scripted_choice import behaviour
from orchestrator.hosts.scripted_file import ScriptError, parse_script
from orchestrator.hosts.scripted_models import FaultKind, Script
from orchestrator.testing import make_brief

PAGE = (Path(__file__).resolve().parents[3] / "docs/scripted-host.md").read_text()
EXAMPLE = re.findall(r"```jsonc\n(.*?)```", PAGE, re.DOTALL)[0]


def test_the_example_plays() -> None:
    script = parse_script(EXAMPLE)
    with pytest.raises(PlanFormatError):
        parse_plan(behaviour(script, make_brief(Role.PLANNER)).reply)
    tasks = parse_plan(behaviour(script, make_brief(Role.PLANNER, turn=2)).reply)
    assert not validate(tasks, [])
    for task in tasks:
        assert behaviour(script, make_brief(task=task), struck=2).fault is None
        assert behaviour(script, make_brief(task=task), struck=2).actions


def test_the_quoted_error_is_real() -> None:
    wrong = EXAMPLE.replace('"say": "Wrote the greeting."', '"says": "Wrote the greeting."')
    with pytest.raises(ScriptError, match=r"tasks\.greet-\*\.worker\[0\]\.says: Extra inputs are not permitted"):
        parse_script(wrong, "hello.json")


def test_every_field_and_fault_is_described() -> None:
    for name in (*Script.model_fields, *FaultKind.__args__, "may_fail", "is_template", "content_file", "after_s"):
        assert f"`{name}`" in PAGE or f'"{name}"' in PAGE, name
