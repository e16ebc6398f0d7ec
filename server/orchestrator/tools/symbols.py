"""symbols, definition, references: what the symbol index knows of Python, JavaScript and TypeScript files."""

from __future__ import annotations

from pydantic import Field

from orchestrator import native
from orchestrator.ports.host import ToolError
from orchestrator.tools.arguments import Arguments, RelativePath
from orchestrator.tools.bench import Bench
from orchestrator.tools.limits import DEFAULT_MATCHES, MAX_MATCHES

_NAME = r"\A[^\W\d][\w$]*(\.[^\W\d][\w$]*)?\z"


class SymbolsOf(Arguments):
    """A source file."""

    path: RelativePath


class NamedSymbol(Arguments):
    """A name, `f` or `Class.f`; `path` says which file's definition is meant where several have it."""

    name: str = Field(pattern=_NAME, max_length=400)
    path: RelativePath | None = None
    max_matches: int = Field(default=DEFAULT_MATCHES, ge=1, le=MAX_MATCHES)


def symbols(bench: Bench, arguments: SymbolsOf) -> dict[str, object]:
    """What a file defines, in the order of the source, with one-based lines."""
    (path,) = bench.places([arguments.path]) or [""]
    index = bench.symbols.of(bench.root)
    if path not in index.paths:
        raise ToolError("not_indexed", f"{path} is no source file that the index knows", "read_file shows it")
    return {"path": path, "symbols": [_definition(item) for item in index.symbols(path)]}


def definition(bench: Bench, arguments: NamedSymbol) -> dict[str, object]:
    """Where a name is defined; `is_cut` when there are more places."""
    index = bench.symbols.of(bench.root)
    found = index.definition(arguments.name, _place(bench, arguments.path))
    shown = found[: arguments.max_matches]
    return {"definitions": [_definition(item) for item in shown], "is_cut": len(found) > len(shown)}


def references(bench: Bench, arguments: NamedSymbol) -> dict[str, object]:
    """Who uses a name, certain uses first; the others only have the same name."""
    index = bench.symbols.of(bench.root)
    found = index.references(arguments.name, _place(bench, arguments.path))
    shown = found[: arguments.max_matches]
    return {
        "references": [
            {
                "path": item.path,
                "line": item.start_line + 1,
                "kind": item.kind,
                "text": item.text,
                "in": item.owner,
                "is_certain": item.is_certain,
            }
            for item in shown
        ],
        "reference_count": len(found),
        "is_cut": len(found) > len(shown),
    }


def _definition(item: native.Definition) -> dict[str, object]:
    return {
        "name": item.name,
        "kind": item.kind,
        "path": item.path,
        "line": item.start_line + 1,
        "signature": item.signature,
    }


def _place(bench: Bench, path: str | None) -> str | None:
    places = bench.places([path]) if path is not None else None
    return places[0] if places else None
