"""Missions for the tests: workspaces with work to do, and a model that does it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

from opencode_process import Json, write  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import Answer, Call, Failure, ToolCall

_CHECK = {"checks": [{"name": "tests", "command": "python -m pytest -q -p no:cacheprovider", "when": "merge"}]}
Strike = Callable[[Call, Answer], Answer | Failure]


def workspace(folder: Path, count: int) -> Path:
    """`count` functions that are wrong, each in a file with a test of its own, and a declared check."""
    files = {".opencode/orchestrator.jsonc": json.dumps(_CHECK)}
    for number in range(count):
        files[f"part{number}.py"] = (
            f'"""Part {number}."""\n\n\ndef double(value: int) -> int:\n    """Twice."""\n    return value\n'
        )
        files[f"test_part{number}.py"] = (
            f'"""Test of part {number}."""\n\nfrom part{number} import double\n\n\n'
            'def test_double() -> None:\n    """Nothing doubled is nothing."""\n    assert double(0) == 0\n'
        )
    return write(folder, files)


def plan(count: int) -> Json:
    """One task a file."""
    return {
        "tasks": [
            {
                "id": f"part{n}",
                "title": f"Mend part {n}",
                "why": "wrong",
                "write_set": [f"part{n}.py"],
                "instructions": "mend",
            }
            for n in range(count)
        ]
    }


class Model:
    """Plans one task a file; a worker edits its file, runs a command, and says so. Everything else is chat.

    `command` may have a `{name}` for the file. Files in `clumsy` are broken by the first who edits them. A worker makes
    `calls_before` other calls before its work, by way of `strike`.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.strike: Strike = lambda _call, answer: answer
        self.command = "python -c 'print(1)'"
        self.is_using_more = False
        self.calls_before = 0
        self.clumsy: set[str] = set()
        self._broken: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Answer | Failure:
        return self.strike(call, self._answer(call))

    def _answer(self, call: Call) -> Answer:
        if "orc_submit_plan" in call.tools:
            return self._planned(call)
        if "orc_edit_file" in call.tools:
            return self._worked(call)
        if "orc_submit_review" in call.tools:
            return self._reviewed(call)
        return Answer(text="Hello from the model.")

    def _planned(self, call: Call) -> Answer:
        if call.turn == 1:
            return Answer(calls=(ToolCall("orc_submit_plan", plan(self.count)),))
        return Answer(text="Planned.")

    def _reviewed(self, call: Call) -> Answer:
        if call.turn == 1:
            verdict = {"verdict": "approve", "summary": "It is right.", "findings": []}
            return Answer(calls=(ToolCall("orc_submit_review", verdict),))
        return Answer(text="Reviewed.")

    def _worked(self, call: Call) -> Answer:
        found = re.search(r"part(\d+): Mend", call.prompt)
        name = f"part{found[1]}.py" if found else "nowhere.py"
        done = sum(len(message.calls) for message in call.messages) - self.calls_before
        if done == 0:
            edit = {"path": name, **self._edit(name)}
            if self.is_using_more:
                return Answer(calls=(ToolCall("orc_more", {"tool": "edit_file", "arguments": edit}),))
            return Answer(calls=(ToolCall("orc_edit_file", edit),))
        if done == 1:
            return Answer(calls=(ToolCall("orc_shell", {"command": self.command.format(name=name)}),))
        return Answer(text=f"Mended {name}.")

    def _edit(self, name: str) -> dict[str, str]:
        with self._lock:
            if name in self.clumsy:
                self.clumsy.remove(name)
                self._broken.add(name)
                return {"old": "return value", "new": "return value +"}
            old = "return value +" if name in self._broken else "return value"
        return {"old": old, "new": "return value * 2"}
