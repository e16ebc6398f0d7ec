"""The imports gate: does every import of a changed file lead somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.review.conditional import conditional_lines
from orchestrator.review.python_imports import PythonImports, Unresolved
from orchestrator.review.script_imports import ScriptImports
from orchestrator.review.site_packages import installed_names, site_folders
from orchestrator.review.sources import Looked, Source

GATE = "imports"


@dataclass(frozen=True, slots=True)
class Missing:
    """A finding, and the key of what is missing: the same key in the base makes it an old one, in whatever file."""

    key: str
    finding: Finding


class ImportJudge:
    """The imports of one tree. Built once for a tree, then asked about files of it."""

    def __init__(self, root: str, paths: list[str], workspace: str, environment: Mapping[str, str]) -> None:
        """`root` holds the tree, `paths` its files; `workspace` is the user's own folder, perhaps set up."""
        installed = installed_names(site_folders([root, workspace], environment))
        self._python = PythonImports(root, paths, installed)
        self._script = ScriptImports(root, paths, (workspace,))

    def missing(self, sources: Iterable[Source]) -> tuple[list[Missing], Looked]:
        """The imports of these files that lead nowhere."""
        found: list[Missing] = []
        skipped: dict[str, str] = {}
        checked_count = 0
        for source in sources:
            try:
                imports = native.imports(source.path, source.content)
            except native.CoreError as error:
                skipped[source.path] = str(error)
                continue
            if imports is None:
                skipped[source.path] = "no import rules for this language"
                continue
            checked_count += 1
            found += self._missing_in(source, imports)
        return found, Looked(checked_count, skipped)

    def _missing_in(self, source: Source, imports: list[native.Import]) -> list[Missing]:
        if not source.path.endswith((".py", ".pyi")):
            gaps = [(entry, gap) for entry in imports for gap in self._script.unresolved(source.path, entry)]
        else:
            lines = source.content.splitlines()
            gaps = [
                (entry, gap)
                for entry in imports
                for gap in self._python.unresolved(source.path, entry, is_late=_is_indented(lines, entry.start_line))
            ]
            conditional = conditional_lines(source.content) if gaps else frozenset[int]()
            gaps = [(entry, gap) for entry, gap in gaps if entry.start_line not in conditional]
        return [_missing(source.path, entry, gap) for entry, gap in gaps]


def _is_indented(lines: list[bytes], number: int) -> bool:
    return number < len(lines) and lines[number][:1] in {b" ", b"\t"}


def _missing(path: str, entry: native.Import, gap: Unresolved) -> Missing:
    finding = Finding(
        gate=GATE,
        rule="unresolved-import",
        path=path,
        message=gap.message,
        severity="error" if gap.is_certain else "info",
        start_line=entry.start_line,
        start_column=entry.start_column,
        end_line=entry.end_line,
        end_column=entry.end_column,
        text=f"{'.' * entry.level}{entry.module}",
    )
    return Missing(gap.key, finding)
