"""Diagnostics: findings of open texts and of running missions, pushed to the client file by file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.domain.finding import Finding
from orchestrator.ports.linter import PlacedFinding, Range
from orchestrator.rpc.initialize import PositionEncoding
from orchestrator.rpc.positions import TextMap

SOURCE = "orchestrator"
MAX_PER_FILE = 1_000
"""Most diagnostics that are sent for one file."""
MAX_READ_BYTES = 2 << 20
"""Larger files are not read to place a mission's findings; their columns count as ASCII."""

_SEVERITY = {"error": 1, "warning": 2, "info": 3, "hint": 4}

Publish = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class ShownText:
    """What was found in the text of an open file, at one version of it. `text` gives that text when it is needed."""

    uri: str
    version: int | None
    text: Callable[[], str]
    findings: tuple[PlacedFinding, ...]


def lsp_range(finding: Finding, text: TextMap) -> dict[str, Any]:
    """The range of a finding in LSP's units."""
    start = text.lsp_of_point(finding.start_line, finding.start_column)
    end = text.lsp_of_point(finding.end_line, finding.end_column)
    return {
        "start": {"line": start[0], "character": start[1]},
        "end": {"line": end[0], "character": end[1]},
    }


def as_lsp(span: Range) -> dict[str, Any]:
    """A range of the client's as LSP's Range."""
    return {
        "start": {"line": span[0], "character": span[1]},
        "end": {"line": span[2], "character": span[3]},
    }


def placed_diagnostic(placed: PlacedFinding) -> dict[str, Any]:
    """A finding of an open text as LSP's Diagnostic."""
    shown = _diagnostic(placed.finding, as_lsp(placed.range))
    if placed.url:
        shown["codeDescription"] = {"href": placed.url}
    return shown


def diagnostic(finding: Finding, text: TextMap) -> dict[str, Any]:
    """A mission's finding as LSP's Diagnostic."""
    return _diagnostic(finding, lsp_range(finding, text))


def _diagnostic(finding: Finding, span: dict[str, Any]) -> dict[str, Any]:
    return {
        "range": span,
        "severity": _SEVERITY[finding.severity],
        "code": finding.rule,
        "source": SOURCE,
        "message": finding.message,
    }


@dataclass(frozen=True, slots=True)
class Roots:
    """The workspace's real path, and the folder that the client opened, as the client names it."""

    workspace: Path
    opened: Path

    def key(self, relative_path: str) -> str:
        """The key of a file in the workspace: its absolute path with no symbolic link in the folders that we know."""
        return str(self.workspace / relative_path)

    def relative(self, key: str) -> str:
        """The path within the workspace, "" for a text elsewhere."""
        inside = os.path.relpath(key, self.workspace) if os.path.isabs(key) else ".."  # noqa: PTH117 - keys are strings
        return "" if inside == ".." or inside.startswith(f"..{os.sep}") else inside.replace(os.sep, "/")

    def uri(self, key: str) -> str:
        """The URI under which the client knows a file."""
        real = os.path.realpath(self.opened)
        if key.startswith(real + os.sep):
            return (self.opened / key[len(real) + 1 :]).as_uri()
        return Path(key).as_uri()


class Diagnostics:
    """Decides what is shown for each file. Keys are real absolute paths (or the URI of a text that is no file)."""

    def __init__(
        self,
        roots: Roots | None,
        encoding: PositionEncoding,
        publish: Publish,
        standing: Callable[[str], list[Finding]],
    ) -> None:
        self._roots = roots
        self._encoding: PositionEncoding = encoding
        self._publish = publish
        self._standing = standing
        self._open: dict[str, ShownText] = {}
        self._shown: dict[str, tuple[str, list[dict[str, Any]]]] = {}
        """By key the URI and the diagnostics of every file that is open, or for which the client shows something."""

    @property
    def encoding(self) -> PositionEncoding:
        """What the client counts columns in."""
        return self._encoding

    def show_open(self, key: str, opened: ShownText) -> None:
        """Show what was found in an open text."""
        self._open[key] = opened
        self._show(key)

    def close(self, key: str) -> None:
        """The text is closed: only what missions found still stands."""
        opened = self._open.pop(key, None)
        if opened:
            self._show(key, opened.uri)
            if not self._shown.get(key, ("", []))[1]:
                self._shown.pop(key, None)

    def show_mission(self, relative_path: str) -> None:
        """What missions found in a file has changed."""
        if self._roots is not None:
            self._show(self._roots.key(relative_path))

    def _show(self, key: str, uri: str = "") -> None:
        """Publish what is to be shown for a file, if the client does not show just that already."""
        opened = self._open.get(key)
        items = [placed_diagnostic(placed) for placed in opened.findings] if opened else []
        items = [*items, *self._of_missions(key, opened)][:MAX_PER_FILE]
        before_uri, before = self._shown.get(key) or ("", None if opened else list[dict[str, Any]]())
        uri = opened.uri if opened else uri or before_uri or self._uri(key)
        if items == before and (uri == before_uri or not items):
            return  # of a text that was just opened also an empty list is told: it is clean
        params: dict[str, Any] = {"uri": uri, "diagnostics": items}
        if opened and opened.version is not None:
            params["version"] = opened.version
        if items or opened:
            self._shown[key] = (uri, items)
        else:
            self._shown.pop(key, None)
        self._publish(params)

    def _of_missions(self, key: str, opened: ShownText | None) -> list[dict[str, Any]]:
        """A mission's findings, without those that the open text shows already."""
        relative = self._roots.relative(key) if self._roots else ""
        findings = self._standing(relative) if relative else []
        if opened and findings:
            mine = [placed.finding for placed in opened.findings]
            known = {(f.rule, f.start_line, f.message) for f in mine} | {f.fingerprint for f in mine}
            findings = [
                f for f in findings if f.fingerprint not in known and (f.rule, f.start_line, f.message) not in known
            ]
        if not findings:
            return []
        text = TextMap(opened.text(), self._encoding) if opened else self._text_on_disk(key, findings)
        return [diagnostic(finding, text) for finding in findings]

    def _uri(self, key: str) -> str:
        return self._roots.uri(key) if self._roots else key

    def _text_on_disk(self, key: str, findings: list[Finding]) -> TextMap:
        """The file as the user has it; where it lacks the lines, blanks stand in so that places are kept."""
        path = Path(key)
        text = ""
        try:
            if path.is_file() and path.stat().st_size <= MAX_READ_BYTES:
                text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            text = ""
        lines = text.split("\n")
        for finding in findings:
            for line, column in (
                (finding.start_line, finding.start_column),
                (finding.end_line, finding.end_column),
            ):
                _pad(lines, min(line, 1_000_000), min(column, 100_000))
        return TextMap("\n".join(lines), self._encoding)


def _pad(lines: list[str], line: int, column: int) -> None:
    lines.extend("" for _ in range(line + 1 - len(lines)))
    if len(lines[line]) < column:
        lines[line] = lines[line].ljust(column)
