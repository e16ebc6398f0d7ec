"""What pydantic does not see of the models' source: names of unions of words, and docs below an attribute."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Literal, get_args, get_origin

from pydantic import BaseModel

import orchestrator_protocol

_NO_NOUNS = frozenset({"codegen", "wire", "plain"})


@dataclass(frozen=True, slots=True)
class Words:
    """A named set of words, such as MissionStatus. `noun` is the module it stands in."""

    name: str
    values: tuple[str, ...]
    doc: str
    noun: str


@dataclass(frozen=True, slots=True)
class SourceDocs:
    """`words` by their values, `models` and their `nouns` (modules) by name, docs of `fields` by model and field."""

    words: dict[tuple[str, ...], Words] = field(default_factory=dict[tuple[str, ...], Words])
    models: dict[str, type[BaseModel]] = field(default_factory=dict[str, type[BaseModel]])
    nouns: dict[str, str] = field(default_factory=dict[str, str])
    fields: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])


@cache
def read_source_docs() -> SourceDocs:
    """Read every module of the contract. Raises ValueError for two models of one name."""
    docs = SourceDocs()
    for info in sorted(pkgutil.iter_modules(orchestrator_protocol.__path__), key=lambda info: info.name):
        if info.name in _NO_NOUNS:
            continue
        module = import_module(f"{orchestrator_protocol.__name__}.{info.name}")
        tree = ast.parse(inspect.getsource(module))
        _read_words(module, info.name, dict(_docs_below(tree.body)), docs)
        for node in tree.body:
            model = getattr(module, node.name) if isinstance(node, ast.ClassDef) else None
            if isinstance(node, ast.ClassDef) and isinstance(model, type) and issubclass(model, BaseModel):
                if node.name in docs.models:
                    raise ValueError(f"two models are called {node.name}; definitions need names of their own")
                docs.models[node.name] = model
                docs.nouns[node.name] = info.name
                docs.fields.update({(node.name, name): doc for name, doc in _docs_below(node.body)})
    return docs


def _read_words(module: ModuleType, noun: str, said: dict[str, str], docs: SourceDocs) -> None:
    for name, value in vars(module).items():
        if get_origin(value) is Literal and name.isidentifier() and not name.startswith("_"):
            values = tuple(str(word) for word in get_args(value))
            is_new = values not in docs.words and len(values) > 1
            if is_new:
                docs.words[values] = Words(name, values, said.get(name, ""), noun)
            elif name in said and values in docs.words:
                known = docs.words[values]
                docs.words[values] = Words(known.name, values, known.doc or said[name], known.noun)


def _docs_below(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Each assigned name that has a string right below it, and that string."""
    for node, after in pairwise(body):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0]
        said = after.value if isinstance(after, ast.Expr) else None
        if isinstance(target, ast.Name) and isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield target.id, inspect.cleandoc(said.value)
