"""Code actions from fixes: one finding, or all safe ones of a text. Belongs to `rpc.lsp`, which loads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types

from orchestrator.domain.finding import Finding
from orchestrator.ports.linter import Fix
from orchestrator.rpc.diagnostics import diagnostic
from orchestrator.rpc.positions import Position, TextMap

MAX_ACTIONS = 100
"""Most quick fixes in one answer."""

Fixable = Sequence[tuple[Finding, Fix | None]]


@dataclass(frozen=True, slots=True)
class Edits:
    """Makes edits of one version of one text. `has_versions`: the client refuses an edit of another version."""

    text: TextMap
    source: bytes
    uri: str
    version: int | None
    has_versions: bool

    def of(self, fixes: Sequence[Fix]) -> types.WorkspaceEdit:
        """The edit that applies these fixes, which must not overlap."""
        edits = [types.TextEdit(_range(self._at(f.start_byte), self._at(f.end_byte)), f.replacement) for f in fixes]
        if not self.has_versions:
            return types.WorkspaceEdit(changes={self.uri: edits})
        document = types.OptionalVersionedTextDocumentIdentifier(uri=self.uri, version=self.version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(text_document=document, edits=edits)])

    def _at(self, byte: int) -> Position:
        return self.text.lsp_at(len(self.source[:byte].decode("utf-8", "replace")))

    def range_of(self, finding: Finding) -> types.Range:
        """Where a finding stands."""
        return _range(
            self.text.lsp_of_point(finding.start_line, finding.start_column),
            self.text.lsp_of_point(finding.end_line, finding.end_column),
        )

    def diagnostic(self, finding: Finding) -> types.Diagnostic:
        """The diagnostic as it was pushed."""
        shown = diagnostic(finding, self.text)
        return types.Diagnostic(
            range=self.range_of(finding),
            severity=types.DiagnosticSeverity(shown["severity"]),
            code=shown["code"],
            source=shown["source"],
            message=shown["message"],
        )


def offered(findings: Fixable, edits: Edits, params: types.CodeActionParams) -> list[types.CodeAction]:
    """The actions for the client's range: a quick fix for each finding in it, and all safe fixes of the text."""
    actions: list[types.CodeAction] = []
    if _is_wanted(params, types.CodeActionKind.QuickFix):
        actions += [
            types.CodeAction(
                title=f"Fix: {finding.message}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[edits.diagnostic(finding)],
                is_preferred=fix.is_safe,
                edit=edits.of([fix]),
            )
            for finding, fix in findings
            if fix and _overlap(edits.range_of(finding), params.range)
        ][:MAX_ACTIONS]
    if _is_wanted(params, types.CodeActionKind.SourceFixAll):
        safe = _disjoint([fix for _, fix in findings if fix and fix.is_safe])
        if safe:
            actions.append(
                types.CodeAction(
                    title=f"Fix all that is safe to fix ({len(safe)})",
                    kind=types.CodeActionKind.SourceFixAll,
                    edit=edits.of(safe),
                )
            )
    return actions


def _is_wanted(params: types.CodeActionParams, kind: types.CodeActionKind) -> bool:
    """A client may ask for a kind or for a family of kinds."""
    only = params.context.only
    return only is None or any(
        kind.value == o or kind.value.startswith(f"{o}.") or o == "" for o in map(str, map(_value, only))
    )


def _value(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _disjoint(fixes: list[Fix]) -> list[Fix]:
    """In order of place, each beginning at or after the end of the one before."""
    kept: list[Fix] = []
    for fix in sorted(fixes, key=lambda f: (f.start_byte, f.end_byte)):
        if not kept or fix.start_byte >= kept[-1].end_byte:
            kept.append(fix)
    return kept


def _range(start: Position, end: Position) -> types.Range:
    return types.Range(types.Position(*start), types.Position(*end))


def _overlap(one: types.Range, other: types.Range) -> bool:
    def key(position: types.Position) -> Position:
        return position.line, position.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
