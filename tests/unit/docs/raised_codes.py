"""Collects from the source every error code that the product can raise or send."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.domain.words import FailureKind
from orchestrator_protocol.errors import ERRORS

ROOT = Path(__file__).resolve().parents[3]
SERVER = ROOT / "server/orchestrator"
LEFT_OUT = frozenset({"demo", "testing"})
BASE = "OrchestratorError"
CODE_ARGUMENT = {"MissionOver": 1}
"""Error classes that take their code in another place than the first."""
OWN_CODE = frozenset({"PlanFormatError", "ConfigError", "ServerGoneError"})
"""Error classes that bring their code themselves."""
CARRIERS = {
    "encode_error": 1, "_refuse": 1, "_answer_error": 1, "_errors": 1, "_parent": 1, "Invalid": 1, "EndMission": 1,
    "_Problem": 0, "EditProblem": 0, "PlanProblem": 0,
}  # fmt: skip
"""Calls that take a code on its way to an error, and in which place."""
TUPLE_MAKERS = frozenset({"unsealable", "_refusal"})
"""Functions that answer (code, message, hint)."""
PASSED_ON = frozenset(
    {
        "error.code", "*problem", "fault.failure", "code", "problem.code", "fault.code", "end.failure", "kind",
        "str(fields['code'])", "welcome.code or 'server_unreachable'",
    }
)  # fmt: skip
"""Expressions that hand on a code which is found elsewhere."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Codes:
    """`places` are the files of each code; `unresolved` the code arguments that this collector can't follow."""

    places: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unresolved: list[str] = field(default_factory=list)


def collect() -> Codes:
    """All codes of the server's source, of the registry, and of the failures that a host can report."""
    trees = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SERVER.rglob("*.py"))
        if path.relative_to(SERVER).parts[0] not in LEFT_OUT
    }
    errors = _error_classes(trees.values())
    codes = Codes()
    for path, tree in trees.items():
        for function in _scopes(tree):
            _Reader(codes, errors, str(path.relative_to(ROOT)), function).read()
    for name in ERRORS:
        codes.places[name].add("protocol/orchestrator_protocol/errors.py")
    for kind in FailureKind:
        codes.places[kind.value].add("server/orchestrator/domain/words.py")
    return codes


def _error_classes(trees: Iterable[ast.Module]) -> set[str]:
    bases: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {_name(base) for base in node.bases}
    found = {BASE}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found


def _scopes(tree: ast.Module) -> list[Function]:
    """Every function, nested ones too: a call in a nested one is read twice, which does no harm."""
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@dataclass
class _Reader:
    """Reads one function."""

    codes: Codes
    errors: set[str]
    place: str
    function: Function

    def read(self) -> None:
        for node in ast.walk(self.function):
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Return) and self.function.name in TUPLE_MAKERS:
                self._tuple(node.value)

    def _call(self, call: ast.Call) -> None:
        name = _name(call.func)
        if name in self.errors and name not in OWN_CODE:
            self._argument(call, CODE_ARGUMENT.get(name, 0), is_required=True)
        elif name in CARRIERS:
            self._argument(call, CARRIERS[name], is_required=False)
        elif name == "__init__" and isinstance(call.func, ast.Attribute) and _is_super(call.func.value):
            self._argument(call, 0, is_required=False)

    def _argument(self, call: ast.Call, place: int, *, is_required: bool) -> None:
        if len(call.args) <= place:
            return
        found = self._constants(call.args[place])
        for code in found:
            self.codes.places[code].add(self.place)
        text = ast.unparse(call.args[place])
        if not found and is_required and text not in PASSED_ON and not text.startswith("FailureKind."):
            self.codes.unresolved.append(f"{self.place}:{call.lineno}: {text}")

    def _tuple(self, value: ast.expr | None) -> None:
        if isinstance(value, ast.Tuple):
            for code in self._constants(value.elts[0]):
                self.codes.places[code].add(self.place)

    def _constants(self, node: ast.expr) -> list[str]:
        """The codes that an expression can be: a word, a choice of words, or a name that was given one before."""
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) and _is_code(node.value) else []
        if isinstance(node, ast.IfExp):
            return self._constants(node.body) + self._constants(node.orelse)
        if isinstance(node, ast.Name):
            assigned = [n.value for n in ast.walk(self.function) if isinstance(n, ast.Assign) and _gives(n, node.id)]
            return [code for value in assigned for code in self._constants(value)]
        return []


def _gives(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) == "super"


def _is_code(text: str) -> bool:
    return text.isidentifier() and text == text.lower()
