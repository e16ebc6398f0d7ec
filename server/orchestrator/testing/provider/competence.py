"""A model of a given competence: right with probability p, else wrong in a typical way.

It acts on what a model sees and on nothing else: the brief, the results of its calls, the findings that come back. Of
its own it has the code of the functions it was taught, and dice; it knows no tests. Each try throws the dice anew.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Sequence

from orchestrator.testing.provider.exchange import Answer, Call, Json, Message, ToolCall
from orchestrator.testing.provider.mistakes import Mistake, Skill, wrong_bodies
from orchestrator.testing.provider.seeing import Shown, results, shown_function, since_brief

_WRITING = frozenset({"edit_file", "write_file"})
_READ_LINES = 120


class Competence:
    """See `exchange.Policy`. The same tries of the same tasks have the same luck for the same seed, in any order."""

    def __init__(self, skills: Sequence[Skill], p: float, seed: int) -> None:
        """Know these functions; `p` is the chance that a try is right."""
        self._skills = tuple(skills)
        self._p = p
        self._seed = seed
        self._tries: Counter[str] = Counter()
        self._chosen: dict[str, tuple[Mistake | None, str]] = {}
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Answer:
        """What the model says."""
        words = "\n".join(message.text for message in call.messages if message.role == "user")
        skill = next((skill for skill in self._skills if skill.name in words), None)
        if skill is None:
            return Answer(text="Nothing in this tells me what to do.")
        if "submit_plan" in call.tools:
            return _planned(skill, call)
        if "submit_review" in call.tools:
            return _calling("submit_review", verdict="approve", summary="The change does what the task says.")
        if "report_findings" in call.tools:
            return _calling("report_findings", summary=f"{skill.function} is in {skill.path}.")
        return self._worked(skill, since_brief(call))

    def mistakes(self, skill: Skill) -> Mistake | None:
        """What the latest try at a function was; None for a right one. For those who judge the judges."""
        with self._lock:
            return self._chosen[skill.name][0]

    def _worked(self, skill: Skill, messages: Sequence[Message]) -> Answer:
        """The next step of a worker: look, change, end."""
        has_written = any(_WRITING.intersection(message.called) for message in messages)
        last = messages[-1].text
        is_stuck = "ambiguous_match" in last
        if has_written and not is_stuck:
            return _calling("finish_task", summary=f"Wrote {skill.function}.")
        shown = shown_function(messages, skill.path, skill.function)
        if shown is None:
            return _look(skill, messages)
        mistake, body = self._body(skill, is_again=is_stuck)
        return Answer(calls=tuple(_changes(skill, shown, mistake, body, is_exact=is_stuck)))

    def _body(self, skill: Skill, *, is_again: bool) -> tuple[Mistake | None, str]:
        """Throw the dice; `is_again` keeps what they said."""
        with self._lock:
            if is_again:
                return self._chosen[skill.name]
            self._tries[skill.name] += 1
            count = self._tries[skill.name]
            dice = random.Random(f"{self._seed}/{skill.name}/{count}")  # noqa: S311 - reproducible, guards nothing
            mistake = None if dice.random() < self._p else dice.choice(tuple(Mistake))
            self._chosen[skill.name] = mistake, _written(skill, mistake, dice)
            return self._chosen[skill.name]


def _written(skill: Skill, mistake: Mistake | None, dice: random.Random) -> str:
    if mistake is None or mistake is Mistake.OTHER_FILE:
        return skill.body
    # Who weakens a test does so because the code is wrong.
    kind = Mistake.OFF_BY_ONE if mistake is Mistake.WEAKENED_TEST else mistake
    return dice.choice(wrong_bodies(skill)[kind])


def _planned(skill: Skill, call: Call) -> Answer:
    """One task; the file of its tests belongs to it, as planners are told to do it."""
    named = re.search(r"^## Checks that can judge a task\n((?:- .*\n?)*)", call.messages[0].text, re.MULTILINE)
    checks = re.findall(r"^- ([^:\n]+):", named[1], re.MULTILINE) if named else []
    task: Json = {
        "id": "write",
        "title": f"Write {skill.function}",
        "why": "the mission asks for it",
        "write_set": [skill.path, skill.test_path],
        "acceptance": [f"{skill.function} does what its docstring says"],
        "checks": checks,
    }
    return _calling("submit_plan", tasks=[task])


def _look(skill: Skill, messages: Sequence[Message]) -> Answer:
    """Find the function, then read it."""
    for message in reversed(messages):
        for result in results(message):
            for match in result.get("matches", []):
                line = int(match["line"])
                return _calling("read_file", path=skill.path, start_line=line, max_lines=_READ_LINES)
    return _calling("grep", pattern=rf"^def {skill.function}\(", globs=[skill.path])


def _changes(skill: Skill, shown: Shown, mistake: Mistake | None, body: str, *, is_exact: bool) -> list[ToolCall]:
    """The calls that write a body; `is_exact` gives the whole function to be replaced, where less was not enough."""
    if mistake is Mistake.OTHER_FILE:
        head = shown.block.splitlines()[0]
        return [ToolCall("write_file", {"path": skill.other_path, "content": f"{head}\n{body}\n"})]
    above = shown.block.removesuffix(shown.tail)
    kept = above if is_exact else above.splitlines(keepends=True)[-1] if above else ""
    edit = ToolCall("edit_file", {"path": skill.path, "old": kept + shown.tail, "new": kept + body})
    if mistake is not Mistake.WEAKENED_TEST:
        return [edit]
    weak = f"def test_{skill.function}():\n    assert True\n"
    return [edit, ToolCall("write_file", {"path": skill.test_path, "content": weak})]


def _calling(tool: str, **arguments: object) -> Answer:
    return Answer(calls=(ToolCall(tool, arguments),))
