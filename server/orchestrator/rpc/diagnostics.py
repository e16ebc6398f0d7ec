"""Diagnostics: findings of open texts and of running missions, pushed to the client file by file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.domain.finding import Finding
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
class OpenText:
    """What was found in the text of an open file, at one version of it."""

    uri: str
    version: int | None
    text: TextMap
    findings: tuple[Finding, ...]


def lsp_range(finding: Finding, text: TextMap) -> dict[str, Any]:
    """The range of a finding in LSP's units."""
    start = text.lsp_of_point(finding.start_line, finding.start_column)
    end = text.lsp_of_point(finding.end_line, finding.end_column)
    return {
        "start": {"line": start[0], "character": start[1]},
        "end": {"line": end[0], "character": end[1]},
    }


def diagnostic(finding: Finding, text: TextMap) -> dict[str, Any]:
    """A finding as LSP's Diagnostic."""
    return {
        "range": lsp_range(finding, text),
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
        self._open: dict[str, OpenText] = {}
        self._shown: dict[str, str] = {}
        """Key and URI of every file for which the client shows something."""

    def show_open(self, key: str, opened: OpenText) -> None:
        """Show what was found in an open text."""
        self._open[key] = opened
        self._show(key)

    def close(self, key: str) -> None:
        """The text is closed: only what missions found still stands."""
        opened = self._open.pop(key, None)
        if opened:
            self._show(key, opened.uri)

    def show_mission(self, relative_path: str) -> None:
        """What missions found in a file has changed."""
        if self._roots is not None:
            self._show(self._roots.key(relative_path))

    def _show(self, key: str, uri: str = "") -> None:
        opened = self._open.get(key)
        items = [diagnostic(f, opened.text) for f in opened.findings] if opened else []
        items += self._of_missions(key, opened)
        if not items and not opened and key not in self._shown:
            return
        uri = opened.uri if opened else uri or self._shown.get(key) or self._uri(key)
        params: dict[str, Any] = {"uri": uri, "diagnostics": items[:MAX_PER_FILE]}
        if opened and opened.version is not None:
            params["version"] = opened.version
        if items:
            self._shown[key] = uri
        else:
            self._shown.pop(key, None)
        self._publish(params)

    def _of_missions(self, key: str, opened: OpenText | None) -> list[dict[str, Any]]:
        """A mission's findings, without those that the open text shows already."""
        relative = self._roots.relative(key) if self._roots else ""
        findings = self._standing(relative) if relative else []
        if opened:
            known = {(f.rule, f.start_line, f.message) for f in opened.findings} | {
                f.fingerprint for f in opened.findings
            }
            findings = [
                f for f in findings if f.fingerprint not in known and (f.rule, f.start_line, f.message) not in known
            ]
        if not findings:
            return []
        text = opened.text if opened else self._text_on_disk(key, findings)
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
