"""The typical ways in which a model's code is wrong, made from code that is right."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Mistake(StrEnum):
    """What kind of wrong."""

    HALLUCINATED_IMPORT = "hallucinated import"
    OFF_BY_ONE = "off by one"
    STUB = "stub"
    BROKEN_SYNTAX = "broken syntax"
    OTHER_FILE = "edit of another file"
    WEAKENED_TEST = "weakened test"


MAX_SLIPS: Final = 6
"""Places of one function at which it can be off by one."""
_FLIPPED: Final = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "is not": "is", "is": "is not"}
_OPERATORS: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
}


@dataclass(frozen=True, slots=True)
class Skill:
    """One function that a model may know how to write.

    `body` is what stands below its docstring, indented as in the file; `test_path` where its visible tests are.
    """

    path: str
    function: str
    body: str
    test_path: str

    @property
    def blank(self) -> str:
        """What stands in the file instead of the body, before any work."""
        return f'    raise NotImplementedError("{self.function}")'

    @property
    def name(self) -> str:
        """How a mission's words name it."""
        return f"`{self.function}` in {self.path}"

    @property
    def other_path(self) -> str:
        """A file beside the right one."""
        return f"{self.path.rpartition('/')[0]}/{self.function}_impl.py".lstrip("/")


def wrong_bodies(skill: Skill) -> dict[Mistake, tuple[str, ...]]:
    """For each mistake that shows in the function itself, the bodies that it can lead to."""
    package = skill.path.split("/", maxsplit=1)[0]
    fast = f"    from {package}._speedups import fast_{skill.function}\n"
    return {
        Mistake.HALLUCINATED_IMPORT: (fast + skill.body,),
        Mistake.OFF_BY_ONE: slips(skill.body),
        Mistake.STUB: ("    return None",),
        Mistake.BROKEN_SYNTAX: (_broken(skill.body),),
    }


def slips(body: str) -> tuple[str, ...]:
    """Bodies with one number, comparison or condition that is not quite right; at least one."""
    source = f"def _():\n{body}\n"
    lines = source.splitlines(keepends=True)
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        changed = _slipped(node, source)
        if changed is None or not isinstance(node, ast.expr):
            continue
        if node.lineno != node.end_lineno:
            continue
        line = lines[node.lineno - 1].encode()
        new = line[: node.col_offset] + changed.encode() + line[node.end_col_offset :]
        whole = "".join([*lines[: node.lineno - 1], new.decode(), *lines[node.lineno :]])
        found.append(whole.partition("\n")[2].rstrip("\n"))
    return tuple(dict.fromkeys(found))[:MAX_SLIPS] or ("    return 0",)


def _slipped(node: ast.AST, source: str) -> str | None:
    """The node's text gone slightly wrong; None where nothing typical can."""
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            return str(value + 1)
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _OPERATORS:
            parts = ast.get_source_segment(source, left), ast.get_source_segment(source, right)
            return f"{parts[0]} {_FLIPPED[_OPERATORS[type(operator)]]} {parts[1]}"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.get_source_segment(source, operand)
        case ast.Call(args=[first, second, *_], keywords=[]):
            parts = ast.get_source_segment(source, first), ast.get_source_segment(source, second)
            name = ast.get_source_segment(source, node.func)
            return f"{name}({parts[1]}, {parts[0]})" if len(node.args) == 2 else None
        case _:
            return None


def _broken(body: str) -> str:
    """The body without its last closing bracket."""
    before, bracket, after = body.rpartition(")")
    return before + after if bracket else f"{textwrap.indent('return (', '    ')}\n{body}"
