"""The files of a tree that the gates look at, read once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator import native
from orchestrator.review.files import read_regular

MAX_FILES = 200_000


@dataclass(frozen=True, slots=True)
class Source:
    """A file of a tree; `path` is relative, with forward slashes."""

    path: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """How many files a gate looked at, and why it could not look at others (reason by path)."""

    checked_count: int
    skipped: dict[str, str]

    def describe(self) -> str:
        """A phrase for a report."""
        if not self.skipped:
            return f"{self.checked_count} files checked"
        reasons = sorted(set(self.skipped.values()))
        return f"{self.checked_count} files checked, {len(self.skipped)} not: {'; '.join(reasons[:3])}"


def all_paths(root: str) -> list[str]:
    """The files of a tree, ignored ones and links left out."""
    report = native.walk(root, max_files=MAX_FILES)
    return [file.path for file in report.files if not file.is_symlink]


def read_sources(root: str, paths: Iterable[str]) -> list[Source]:
    """Those of the paths that are regular files of a bearable size, each once, in order."""
    found: list[Source] = []
    for path in dict.fromkeys(paths):
        content = read_regular(root, path)
        if content is not None:
            found.append(Source(path, content))
    return found
