"""Cutting modules down: tests to some of them, code to what a set of names needs. What stays is not changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

_XFAIL = """

import pytest

# Tests that were written ahead: what is not there yet is no failure, what is there and wrong is.
pytestmark = pytest.mark.xfail(raises=NotImplementedError, reason="not written yet")
"""
_Node = ast.FunctionDef | ast.ClassDef


@dataclass(slots=True)
class Module:
    """A module, parsed once. `uses` are the names that each definition refers to, `always` those of all else."""

    source: str
    lines: list[str] = field(init=False)
    tree: ast.Module = field(init=False)
    uses: dict[str, set[str]] = field(init=False, default_factory=dict[str, set[str]])
    always: set[str] = field(init=False, default_factory=set[str])

    def __post_init__(self) -> None:
        """Parse it."""
        self.lines = self.source.splitlines()
        self.tree = ast.parse(self.source)
        for node in self.tree.body:
            if isinstance(node, _Node):
                self.uses[node.name] = _names(node)
            elif not _is_export_list(node):
                self.always |= _names(node)

    def text(self, node: _Node) -> str:
        """A definition as it stands."""
        return "\n".join(self.lines[node.lineno - 1 : node.end_lineno])

    def without(self, gone: AbstractSet[int]) -> str:
        """The module without these lines (from 1)."""
        text = "\n".join(line for number, line in enumerate(self.lines, 1) if number not in gone)
        return re.sub(r"\n{4,}", "\n\n\n", text).rstrip() + "\n"


def tests_of(module: Module) -> dict[str, str]:
    """The source of each test by its name (`test_a` or `Class::test_a`)."""
    found: dict[str, str] = {}
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{item.name}": module.text(item) for item in _tests(node)}
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            found[node.name] = module.text(node)
    return found


def mentions(text: str, function: str) -> bool:
    """Whether a test's source calls a function."""
    return bool(re.search(rf"(?<![\w.])(?:\w+\.)?{function}\(", text))


def pruned(module: Module, kept: AbstractSet[str]) -> str:
    """The module with the kept tests alone; what helps them stays."""
    gone: set[int] = set()
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test") and node.name not in kept:
            gone |= _lines(node)
        elif isinstance(node, ast.ClassDef) and (tests := _tests(node)):
            left = [item for item in tests if f"{node.name}::{item.name}" in kept]
            unwanted = [item for item in tests if item not in left] if left else [node]
            gone |= {line for item in unwanted for line in _lines(item)}
    return module.without(gone)


def written_ahead(source: str) -> str:
    """The module, so that tests of a function that is still blank are expected to fail."""
    return source + _XFAIL


def sliced(modules: Mapping[str, Module], wanted: Iterable[str]) -> dict[str, str]:
    """Each module with the definitions that `wanted` names need, directly or by way of others."""
    needed = _closure(modules, wanted)
    return {path: module.without(_unneeded(module, needed)) for path, module in modules.items()}


def _unneeded(module: Module, needed: AbstractSet[str]) -> set[int]:
    gone: set[int] = set()
    for node in module.tree.body:
        if isinstance(node, _Node) and node.name not in needed:
            gone |= _lines(node)
        elif isinstance(node, ast.Assign) and _is_export_list(node):
            rows = [item for item in ast.walk(node.value) if isinstance(item, ast.Constant)]
            gone |= {row.lineno for row in rows if row.value in module.uses.keys() - needed}
    return gone


def _is_export_list(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"


def _closure(modules: Mapping[str, Module], wanted: Iterable[str]) -> set[str]:
    uses: dict[str, set[str]] = {}
    roots = set(wanted)
    for module in modules.values():
        uses |= module.uses
        roots |= module.always
    needed: set[str] = set()
    while roots:
        needed |= roots
        roots = {name for root in roots for name in uses.get(root, ())} - needed
    return needed


def _names(node: ast.AST) -> set[str]:
    """Everything that a statement may refer to."""
    found: set[str] = set()
    for item in ast.walk(node):
        if isinstance(item, ast.Name):
            found.add(item.id)
        elif isinstance(item, ast.Attribute):
            found.add(item.attr)
        elif isinstance(item, ast.ImportFrom):
            found |= {alias.name for alias in item.names}
    return found


def _tests(node: ast.ClassDef) -> list[ast.FunctionDef]:
    return [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name.startswith("test")]


def _lines(node: _Node) -> set[int]:
    first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
    return set(range(first, (node.end_lineno or node.lineno) + 1))
