"""The sync gate: does what one file uses of another still fit, in the whole tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.review.base import by_path
from orchestrator.review.compare import MESSAGE_CHARACTERS, TEXT_CHARACTERS, fresh
from orchestrator.review.declared import declared_distributions, provides
from orchestrator.review.python_imports import STANDARD
from orchestrator.review.script_project import read_projects
from orchestrator.review.site_packages import installed_names, site_folders, standard_folders
from orchestrator.review.sources import Looked, all_paths

GATE = "sync"


def build_index(
    root: str,
    paths: list[str],
    workspace: str,
    environment: Mapping[str, str],
    previous: native.SymbolIndex | None = None,
) -> native.SymbolIndex:
    """The symbol index of a tree, with what can be imported around it. Unchanged files come from `previous`."""
    folders = site_folders([root, workspace], environment)
    installed = installed_names(folders)
    declared = declared_distributions(root, paths)
    tops = {part for path in paths if path.endswith((".py", ".pyi")) for part in _parts(path)}
    return native.SymbolIndex.build(
        root,
        paths,
        previous=previous,
        standard=sorted(STANDARD),
        outside=sorted(installed | {top for top in tops if provides(declared, top)}),
        search_folders=[str(folder) for folder in [*standard_folders(folders), *folders]],
        aliases=read_projects(root, paths).targets,
    )


class SyncGate:
    """Holds the base of a mission and judges later trees against it."""

    def __init__(self, root: str, workspace: str, environment: Mapping[str, str]) -> None:
        """Index and check the base. Takes about half a millisecond a file; call it in a thread."""
        self._workspace = workspace
        self._environment = environment
        paths = all_paths(root)
        self._paths = frozenset(paths)
        self._index = build_index(root, paths, workspace, environment)
        self.findings = tuple(_findings(self._index.check()))
        self._findings = by_path(self.findings)

    @property
    def looked(self) -> Looked:
        """What was looked at on the base."""
        return Looked(len(self._index), {skipped.path: skipped.reason for skipped in self._index.skipped})

    def dependents(self, paths: Iterable[str]) -> list[str]:
        """Files of the base that import one of these files."""
        return self._index.dependents(list(paths))

    def judge(self, root: str, changed: Iterable[str]) -> tuple[list[Finding], Looked]:
        """What does not fit in a tree and did on the base, in any of its files, changed or not."""
        paths = all_paths(root)
        index = build_index(root, paths, self._workspace, self._environment, self._index)
        looked = self._look(index, changed)
        if not looked.checked_count:
            return [], looked
        gone = sorted(self._paths.difference(paths))
        found = _findings(index.check(self._index))
        return fresh(found, self._findings, self._paths, gone), looked

    def _look(self, index: native.SymbolIndex, changed: Iterable[str]) -> Looked:
        """All files are looked at when one that matters changed; the others among the changed ones are named."""
        known = {*index.paths, *self._index.paths}
        reasons = {skipped.path: skipped.reason for skipped in index.skipped}
        skipped = {
            path: reasons.get(path, "no symbol index for this language") for path in changed if path not in known
        }
        return Looked(len(index) if any(path in known for path in changed) else 0, skipped)


def _parts(path: str) -> list[str]:
    pure = PurePosixPath(path)
    return [*pure.parts[:-1], pure.name.split(".")[0]]


def _findings(found: Iterable[native.SyncFinding]) -> list[Finding]:
    return [
        Finding(
            gate=GATE,
            rule=one.rule,
            path=one.path,
            message=one.message[:MESSAGE_CHARACTERS],
            severity=one.severity,
            start_line=one.start_line,
            start_column=one.start_column,
            end_line=one.end_line,
            end_column=one.end_column,
            text=one.text[:TEXT_CHARACTERS],
        )
        for one in found
    ]
