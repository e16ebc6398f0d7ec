"""The model of a given competence: how often it is right, how it is wrong, and that it acts on what it sees alone."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from orchestrator.testing.provider import Call, Competence, Message, Mistake, Skill, wrong_bodies

BODY = "    low = 0\n    while low < len(items) and not items[low]:\n        low += 1\n    return low"
SKILL = Skill("pkg/find.py", "first_set", BODY, "tests/test_find.py")
SOURCE = f'def first_set(items):\n    """Where the first true item is."""\n{SKILL.blank}\n'
BRIEF = (
    f"## Mission\nWrite {SKILL.name}.\n\n## Code that it touches\npkg/find.py:1 (the task names it)\n{SOURCE}\n</data"
)


def call(*messages: Message, tools: tuple[str, ...] = ("edit_file", "finish_task")) -> Call:
    return Call(1, "openai", "m", "", messages, tools, True, None, "", {})


def first_edit(model: Competence) -> dict[str, object]:
    made = model(call(Message("user", BRIEF))).calls[0]
    assert isinstance(made.arguments, dict)
    return made.arguments


def test_it_is_right_as_often_as_it_should() -> None:
    model = Competence([SKILL], 0.6, 1)
    seen: Counter[Mistake | None] = Counter()
    for _ in range(2_000):
        first_edit(model)
        seen[model.mistakes(SKILL)] += 1
    assert seen[None] / 2_000 == pytest.approx(0.6, abs=0.04)
    assert set(seen) == {None, *Mistake}


def test_the_same_seed_has_the_same_luck() -> None:
    one, other = (Competence([SKILL], 0.5, 3) for _ in range(2))
    assert [first_edit(one) for _ in range(50)] == [first_edit(other) for _ in range(50)]


def test_what_is_right_is_the_body_in_place_of_the_blank() -> None:
    edit = first_edit(Competence([SKILL], 1.0, 1))
    assert SOURCE.count(str(edit["old"])) == 1
    assert SOURCE.replace(str(edit["old"]), str(edit["new"])).endswith(BODY + "\n")


def test_it_looks_before_it_writes_what_it_was_not_shown() -> None:
    model = Competence([SKILL], 1.0, 1)
    asked = Message("user", f"## Mission\nWrite {SKILL.name}.")
    assert model(call(asked)).calls[0].name == "grep"
    match = Message(
        "user", '{"matches": [{"path": "pkg/find.py", "line": 7, "text": "def first_set"}]}', results=("1",)
    )
    looked = (asked, Message("assistant", "", ("1",), called=("grep",)), match)
    reading = model(call(*looked)).calls[0]
    assert (reading.name, dict(reading.arguments)["start_line"]) == ("read_file", 7)  # type: ignore[arg-type] - a mapping


def test_each_mistake_is_wrong() -> None:
    for mistake, bodies in wrong_bodies(SKILL).items():
        assert bodies
        assert BODY not in bodies
        assert len(set(bodies)) == len(bodies)
        for body in bodies:
            text = f"def first_set(items):\n{body}\n"
            if mistake is Mistake.BROKEN_SYNTAX:
                with pytest.raises(SyntaxError):
                    ast.parse(text)
            else:
                ast.parse(text)


def test_a_planner_gets_a_plan_and_a_reviewer_a_verdict() -> None:
    model = Competence([SKILL], 0.5, 1)
    plan = model(call(Message("user", BRIEF), tools=("read_file", "submit_plan"))).calls[0]
    assert plan.name == "submit_plan"
    assert model(call(Message("user", BRIEF), tools=("submit_review",))).calls[0].name == "submit_review"
    assert "Nothing" in model(call(Message("user", "Bake bread."))).text
