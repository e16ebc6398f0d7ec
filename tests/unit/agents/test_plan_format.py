"""A planner's answer is read strictly, but not pedantically."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.agents.plan_format import PlanFormatError, parse_plan, render_plan
from orchestrator.domain.plan import TaskSpec

TASK = {"id": "a", "title": "A", "why": "because", "write_set": ["a.py"]}
PLAN = json.dumps({"tasks": [TASK]})


@pytest.mark.parametrize(
    "text",
    [
        PLAN,
        f"\n  {PLAN}\n",
        f"```json\n{PLAN}\n```",
        f"Here is the plan:\n```JSON\r\n{PLAN}\n```\nI hope it helps {{you}}.",
        f"I would do {{this}}: {PLAN} and be done.",
        f'First an example {{"x": 1}}, then the plan {PLAN}',
    ],
)
def test_one_object_is_found_in_prose_and_fences(text: str) -> None:
    assert parse_plan(text) == (TaskSpec("a", "A", "because", ("a.py",)),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't do that.", "no JSON object was found"),
        ("", "no JSON object was found"),
        ("[1]", "the answer: "),
        ("{}", "tasks: Field required"),
        ('{"tasks": {}}', "tasks: "),
        (json.dumps({"tasks": [{**TASK, "extra": 1}]}), "tasks[0].extra: "),
        (json.dumps({"tasks": [TASK, {**TASK, "write_set": "a.py"}]}), "tasks[1].write_set: "),
        (json.dumps({"tasks": [{**TASK, "id": 7}]}), "tasks[0].id: "),
        (json.dumps({"tasks": [{**TASK, "size": "huge"}]}), "tasks[0].size: "),
        (json.dumps({"tasks": [{**TASK, "depends_on": [1]}]}), "tasks[0].depends_on[0]: "),
        (json.dumps({"tasks": [{"id": "a"}]}), "tasks[0].title: Field required"),
        ("[" * 100_000, "no JSON object was found"),
    ],
)
def test_problems_name_the_field(text: str, expected: str) -> None:
    with pytest.raises(PlanFormatError) as caught:
        parse_plan(text)
    assert any(problem.startswith(expected) for problem in caught.value.problems), caught.value.problems
    assert caught.value.hint


def test_problems_are_bounded() -> None:
    with pytest.raises(PlanFormatError) as caught:
        parse_plan(json.dumps({"tasks": [{}] * 100}))
    assert len(caught.value.problems) == 21
    assert "more problems" in caught.value.problems[-1]


def test_an_answer_that_is_too_long_is_not_parsed() -> None:
    with pytest.raises(PlanFormatError, match="characters"):
        parse_plan(" " * 8_000_001)


_names = st.text(max_size=20)
_tasks = st.builds(
    TaskSpec,
    id=_names,
    title=_names,
    why=_names,
    write_set=st.lists(_names, max_size=3).map(tuple),
    depends_on=st.lists(_names, max_size=3).map(tuple),
    instructions=_names,
    acceptance=st.lists(_names, max_size=3).map(tuple),
    checks=st.lists(_names, max_size=3).map(tuple),
    size=st.sampled_from(["small", "medium", "large"]),
)


@given(st.lists(_tasks, max_size=4))
def test_what_is_rendered_is_read_back(tasks: list[TaskSpec]) -> None:
    assert parse_plan(render_plan(tasks)) == tuple(tasks)


@given(st.text(max_size=300))
def test_any_text_gives_a_plan_or_its_problems(text: str) -> None:
    try:
        parse_plan(text)
    except PlanFormatError as error:
        assert error.problems
