"""The tasks: functions of a real package without their bodies, and the package's own tests, split in two by seed.

To be quick, a task's workspace holds the part of the package that the function and its tests need.
"""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pruning import Module, mentions, pruned, sliced, tests_of, written_ahead

from orchestrator.testing.provider import Skill

VISIBLE: Final = "tests/test_visible.py"
HIDDEN: Final = "tests/test_hidden.py"
CONFIG: Final = ".opencode/orchestrator.jsonc"
COMMAND: Final = "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 python -m pytest -q -p no:cacheprovider tests"
PACKAGE: Final = "more_itertools"
MODULES: Final = {"more": "test_more.py", "recipes": "test_recipes.py"}
"""Where functions are taken from, and the tests of each."""
MIN_TESTS: Final = 4
MAX_TESTS: Final = 16
MIN_LINES, MAX_LINES = 3, 45
KEPT_TESTS: Final = 3
"""Tests of other functions that a task's check also runs, so that there is something to break."""


@dataclass(frozen=True, slots=True)
class Task:
    """One function to write. `files` are the workspace's; `hidden` is the module of tests that only the judge sees."""

    skill: Skill
    files: dict[str, str] = field(repr=False)
    hidden: str = field(repr=False)
    visible_count: int
    hidden_count: int

    @property
    def mission(self) -> str:
        """What a person would say."""
        return (
            f"Write the body of {self.skill.name}. Its docstring says what it does; it raises NotImplementedError now. "
            f"Some of its tests are in {VISIBLE}."
        )

    def written(self, body: str) -> dict[str, str]:
        """The files with another body."""
        return self.files | {self.skill.path: self.files[self.skill.path].replace(self.skill.blank, body)}


def tasks(folder: Path, seed: int) -> list[Task]:
    """All tasks, in an order that the seed decides. The same folder and seed give the same tasks."""
    modules = {f"{PACKAGE}/{name}.py": Module((folder / PACKAGE / f"{name}.py").read_text()) for name in MODULES}
    opening = (folder / PACKAGE / "__init__.py").read_text()
    found: list[Task] = []
    for path, test_name in zip(modules, MODULES.values(), strict=True):
        tests = Module((folder / "tests" / test_name).read_text())
        found += _of_module(path, modules, tests, opening, seed)
    random.Random(seed).shuffle(found)  # noqa: S311 - reproducible, guards nothing
    return found


def _of_module(path: str, modules: Mapping[str, Module], tests: Module, opening: str, seed: int) -> Iterator[Task]:
    texts = tests_of(tests)
    for node in modules[path].tree.body:
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            continue
        about = [name for name, text in texts.items() if mentions(text, node.name)]
        skill = _skill(modules[path], node, path)
        if skill is None or len(about) < MIN_TESTS:
            continue
        dice = random.Random(f"{seed}/{skill.name}")  # noqa: S311 - as above
        dice.shuffle(about)
        about = about[:MAX_TESTS]
        others = sorted((name for name in texts if not mentions(texts[name], node.name)), key=lambda n: len(texts[n]))
        half = len(about) // 2
        visible = pruned(tests, {*about[:half], *dice.sample(others[:40], KEPT_TESTS)})
        hidden = pruned(tests, set(about[half:]))
        wanted = {node.name, *re.findall(r"\w+", visible), *re.findall(r"\w+", hidden)}
        code = sliced(modules, wanted)
        code[path] = code[path].replace(skill.body, skill.blank, 1)
        check = {"name": "tests", "command": COMMAND, "when": "attempt", "timeout_s": 120}
        files = {
            f"{PACKAGE}/__init__.py": opening,
            **code,
            VISIBLE: written_ahead(visible),
            CONFIG: json.dumps({"checks": [check]}),
        }
        yield Task(skill, files, hidden, half, len(about) - half)


def _skill(module: Module, node: ast.FunctionDef, path: str) -> Skill | None:
    """What is taken out; None for functions that are too short, too long or not plain."""
    if len(node.body) < 2 or ast.get_docstring(node) is None:
        return None
    first, last = node.body[0].end_lineno or 0, node.end_lineno or 0
    text = "\n".join(module.lines[first:last]).strip("\n")
    is_plain = bool(re.match(r"    \S", text)) and module.source.count(text) == 1
    return Skill(path, node.name, text, VISIBLE) if is_plain and MIN_LINES <= last - first <= MAX_LINES else None
