"""The names that a Python module defines at its top level, where they can be known without running it."""

from __future__ import annotations

import ast
import warnings

_DYNAMIC_CALLS = frozenset({"globals", "vars", "locals", "setattr", "exec", "eval", "__import__"})
_ALWAYS = frozenset(
    {"__name__", "__doc__", "__file__", "__dict__", "__path__", "__spec__", "__loader__", "__package__"}
    | {"__builtins__", "__annotations__", "__cached__", "__class__"}
)


def bound_names(source: bytes) -> frozenset[str] | None:
    """All names that the module may bind, also in branches; None when it can bind names that can't be seen.

    That is the case with a star import, a module `__getattr__`, `globals()`, `setattr`, `sys.modules` and source that
    does not parse.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names: set[str] = set(_ALWAYS)
    for node in ast.walk(tree):
        if _is_dynamic(node):
            return None
        if isinstance(node, ast.Global):
            names.update(node.names)
    return frozenset(names) if _collect(tree.body, names) else None


def _is_dynamic(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _DYNAMIC_CALLS
    if not isinstance(node, ast.Attribute) or node.attr != "modules":
        return False
    return isinstance(node.value, ast.Name) and node.value.id == "sys"


def _collect(body: list[ast.stmt], names: set[str]) -> bool:
    """Add what the statements bind; False when they bind names that can't be seen."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if statement.name == "__getattr__":
                return False
            names.add(statement.name)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                if alias.name == "*":
                    return False
                names.add(alias.asname or alias.name.split(".")[0])
        else:
            names.update(_targets(statement))
            for block in _blocks(statement):
                if not _collect(block, names):
                    return False
    return True


def _targets(statement: ast.stmt) -> set[str]:
    """Names that a statement itself stores to; those in functions, lambdas and classes inside it do no harm."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
    return found


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The statement lists inside a compound statement."""
    blocks: list[list[ast.stmt]] = []
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if isinstance(block, list):
            blocks.append(block)  # pyright: ignore[reportUnknownArgumentType] - ast types these fields as statements
    for field in ("handlers", "cases"):
        blocks += [part.body for part in getattr(statement, field, [])]
    return blocks
