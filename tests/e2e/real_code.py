"""Copies of installed packages, and what may differ after safe fixes."""

from __future__ import annotations

import ast
import importlib.util
import shutil
from pathlib import Path

SAFE_FIXES = {"assertEquals": "assertEqual", "assertNotEquals": "assertNotEqual", "assert_": "assertTrue"}


def copy_package(name: str, workspace: Path) -> Path:
    """The sources of an installed package in a new workspace."""
    found = importlib.util.find_spec(name)
    assert found is not None
    assert found.origin is not None
    target = workspace / name
    shutil.copytree(Path(found.origin).parent, target, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.exe"))
    return target


def line_count(folder: Path) -> int:
    """Lines of Python below a folder."""
    return sum(len(path.read_bytes().splitlines()) for path in folder.rglob("*.py"))


def meaning(source: bytes) -> str:
    """The syntax tree of a source in a form in which every safe fix makes no difference."""
    return ast.dump(_Plain().visit(ast.parse(source)))


class _Plain(ast.NodeTransformer):
    """Takes away what the safe fixes take away or rewrite."""

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.bases = [base for base in node.bases if not (isinstance(base, ast.Name) and base.id == "object")]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            node.args = []
        if isinstance(node.func, ast.Name) and node.func.id == "set" and len(node.args) == 1:
            (only,) = node.args
            if isinstance(only, ast.List | ast.Tuple) and only.elts:
                return ast.Set(only.elts)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        inner = node.operand
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            turned = {ast.In: ast.NotIn, ast.Is: ast.IsNot}.get(type(inner.ops[0]))
            if turned:
                return ast.Compare(inner.left, [turned()], inner.comparators)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        if all(isinstance(part, ast.Constant) for part in node.values):
            return ast.Constant("".join(str(part.value) for part in node.values if isinstance(part, ast.Constant)))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        node.attr = SAFE_FIXES.get(node.attr, node.attr)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                setattr(node, name, [part for part in body if not isinstance(part, ast.Pass)])
        return node
