"""Lines of a Python file that only run on some versions or platforms: an import there may lead nowhere here."""

from __future__ import annotations

import ast

from orchestrator.review.python_ast import parse

_CONDITIONS = frozenset({"version_info", "platform", "hexversion", "implementation", "name", "system", "PY2", "PY3"})
_OWNERS = frozenset({"sys", "os", "platform", "six"})


def conditional_lines(source: bytes) -> frozenset[int]:
    """Zero-based lines inside an `if` over the version or the platform, both branches; none when it does not parse."""
    try:
        tree = parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and any(_asks_where_it_runs(part) for part in ast.walk(node.test)):
            lines.update(range(node.lineno - 1, node.end_lineno or node.lineno))
    return frozenset(lines)


def _asks_where_it_runs(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr not in _CONDITIONS:
        return False
    return isinstance(node.value, ast.Name) and node.value.id in _OWNERS
