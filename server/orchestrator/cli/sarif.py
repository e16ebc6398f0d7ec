"""`orchestrator lint --format sarif`: SARIF 2.1.0, the format that code hosts and editors read.

Source: OASIS Standard "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". Lines and columns count from
1; columns count UTF-16 code units (`columnKind`), and a byte order mark is no column. Paths below the current folder
are relative to SRCROOT, others are whole file URIs.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orchestrator import __version__, native
from orchestrator.cli.lint_report import Linted
from orchestrator.domain.finding import web_address

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "SRCROOT"
_LEVELS = {"error": "error", "warning": "warning", "info": "note", "hint": "note"}
_FINGERPRINT = "orchestratorFinding/v1"
_MAX_NOTIFICATIONS = 1_000
_BOM = b"\xef\xbb\xbf"

Json = dict[str, Any]


def sarif(linted: Linted, rules: native.RuleSet) -> Json:
    """The whole log: one run with the rules that were used, the findings, and what was not checked.

    A file that changed since it was linted keeps its lines; its columns are as near as the new text allows.
    """
    root = Path.cwd()
    descriptors = _descriptors(linted, rules)
    places = {descriptor["id"]: index for index, descriptor in enumerate(descriptors)}
    sources: dict[str, _Source] = {}
    seen: Counter[str] = Counter()
    results: list[Json] = []
    for path, finding in zip(linted.paths, linted.findings, strict=True):
        source = sources.setdefault(path, _Source.read(Path(path)))
        location = _artifact(path, root)
        results.append(
            {
                "ruleId": finding.rule_id,
                "ruleIndex": places[finding.rule_id],
                "level": _LEVELS[finding.severity],
                "message": {"text": finding.message},
                "locations": [_location(location, source.region(finding.start_byte, finding.end_byte))],
                "partialFingerprints": {_FINGERPRINT: _fingerprint(finding, location["uri"], seen)},
                **_fixes(finding, location, source),
            }
        )
    run: Json = {
        "tool": {"driver": {
            "name": "orchestrator",
            "fullName": "OpenCode Orchestrator style guardian",
            "semanticVersion": __version__,
            "rules": descriptors,
        }},
        "columnKind": "utf16CodeUnits",
        "originalUriBaseIds": {_BASE: {"uri": root.as_uri().rstrip("/") + "/"}},
        "invocations": [_invocation(linted, root)],
        "results": results,
    }  # fmt: skip
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


class _Source:
    """The bytes of a file, for places in it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts = [0, *(index + 1 for index, byte in enumerate(data) if byte == 0x0A)]

    @classmethod
    def read(cls, path: Path) -> _Source:
        """An unreadable file has no text: it was there when it was linted."""
        try:
            return cls(path.read_bytes())
        except OSError:
            return cls(b"")

    def region(self, start_byte: int, end_byte: int) -> Json:
        """Two bytes as a region; the end is the column behind the last character."""
        (start_line, start_column), (end_line, end_column) = self._place(start_byte), self._place(end_byte)
        return {
            "startLine": start_line, "startColumn": start_column, "endLine": end_line, "endColumn": end_column,
        }  # fmt: skip

    def _place(self, byte: int) -> tuple[int, int]:
        line = bisect_right(self._starts, byte)
        before = self._data[self._starts[line - 1] : byte]
        if line == 1:
            before = before.removeprefix(_BOM)
        return line, len(before.decode("utf-8", "replace").encode("utf-16-le")) // 2 + 1


def _descriptors(linted: Linted, rules: native.RuleSet) -> list[Json]:
    """Every rule of the set once (the same id in two languages is one rule), then what only the core reports."""
    found: dict[str, Json] = {}
    for rule in rules.rules():
        known = found.get(rule.rule_id)
        if known is not None:
            known["properties"]["tags"].append(rule.language)
            continue
        found[rule.rule_id] = _descriptor(rule.rule_id, rule.message, rule.note, rule.severity, rule.url)
        found[rule.rule_id]["properties"] = {"tags": [rule.language]}
    for finding in linted.findings:
        if finding.rule_id not in found:
            found[finding.rule_id] = _descriptor(finding.rule_id, finding.message, finding.note, finding.severity, None)
    return list(found.values())


def _descriptor(rule_id: str, message: str, note: str | None, severity: str, url: str | None) -> Json:
    text = " ".join((note or message).split())
    silence = f"Silence it with the comment `ast-grep-ignore: {rule_id}`, on the line or alone on the line before."
    address = web_address(url)
    return {
        "id": rule_id,
        "shortDescription": {"text": message},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} {silence}", "markdown": f"{text}\n\n{silence}"},
        "defaultConfiguration": {"level": _LEVELS[severity]},
        **({"helpUri": address} if address else {}),
    }


def _artifact(path: str, root: Path) -> Json:
    full = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links away from what was named
    if full.is_relative_to(root):
        return {"uri": quote(full.relative_to(root).as_posix(), safe="/"), "uriBaseId": _BASE}
    return {"uri": full.as_uri()}


def _location(artifact: Json, region: Json) -> Json:
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _fingerprint(finding: native.Finding, uri: str, seen: Counter[str]) -> str:
    """The same while the found text stays, wherever it moves in its file; equal ones are counted from the top."""
    key = "\0".join((finding.rule_id, uri, " ".join(finding.text.split())))
    seen[key] += 1
    return hashlib.sha256(f"{key}\0{seen[key]}".encode()).hexdigest()[:32]


def _fixes(finding: native.Finding, artifact: Json, source: _Source) -> Json:
    fixes: list[Json] = []
    if finding.replacement is not None and finding.fix_start_byte is not None and finding.fix_end_byte is not None:
        region = source.region(finding.fix_start_byte, finding.fix_end_byte)
        title = "Safe fix" if finding.is_safe_fix else "Fix, for you to decide"
        fixes.append(_fix(title, artifact, region, finding.replacement))
    for other in finding.alternatives:
        region = source.region(other.start_byte, other.end_byte)
        fixes.append(_fix(other.title or "Another fix", artifact, region, other.replacement))
    return {"fixes": fixes} if fixes else {}


def _fix(title: str, artifact: Json, region: Json, text: str) -> Json:
    replacement = {"deletedRegion": region, "insertedContent": {"text": text}}
    return {
        "description": {"text": title},
        "artifactChanges": [{"artifactLocation": artifact, "replacements": [replacement]}],
    }


def _invocation(linted: Linted, root: Path) -> Json:
    """Whether all went well, and a notification for each file that was not checked."""
    skipped = linted.skipped[:_MAX_NOTIFICATIONS]
    notes: list[Json] = [
        {
            "level": "note",
            "message": {"text": f"not checked: {reason}"},
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(path, root)}}],
        }
        for path, reason in skipped
    ]
    if len(linted.skipped) > len(skipped):
        notes.append(_note(f"not checked: {len(linted.skipped) - len(skipped)} more files"))
    if linted.is_truncated:
        notes.append(_note("stopped at the cap on findings", "warning"))
    run: Json = {"executionSuccessful": not linted.problems, "toolExecutionNotifications": notes}
    if linted.problems:
        run["toolConfigurationNotifications"] = [_note(problem, "error") for problem in linted.problems]
    return run


def _note(text: str, level: str = "note") -> Json:
    return {"level": level, "message": {"text": text}}
