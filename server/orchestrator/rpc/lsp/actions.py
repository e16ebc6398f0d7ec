"""Code actions from fixes: one finding, one rule, or all safe ones. Belongs to `rpc.lsp`, which loads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lsprotocol import types

from orchestrator.ports.linter import PlacedFinding, PlacedFix, Range
from orchestrator.rpc.commands import FIX_RULE
from orchestrator.rpc.diagnostics import placed_diagnostic

MAX_ACTIONS = 100
"""Most quick fixes in one answer."""


@dataclass(frozen=True, slots=True)
class Edits:
    """Makes edits of one version of one text. `has_versions`: the client refuses an edit of another version."""

    uri: str
    version: int | None
    has_versions: bool

    def of(self, fixes: Sequence[PlacedFix]) -> types.WorkspaceEdit:
        """The edit that applies these fixes, which must not overlap."""
        return workspace_edit({self.uri: (self.version, fixes)}, has_versions=self.has_versions)


def workspace_edit(
    fixes: Mapping[str, tuple[int | None, Sequence[PlacedFix]]], *, has_versions: bool
) -> types.WorkspaceEdit:
    """Fixes by URI, each with the version of the text that they are for (None for a file on disk)."""
    edits = {uri: (version, [_edit(fix) for fix in some]) for uri, (version, some) in fixes.items()}
    if not has_versions:
        return types.WorkspaceEdit(changes={uri: some for uri, (_, some) in edits.items()})
    documents = [
        types.TextDocumentEdit(
            text_document=types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=version), edits=some
        )
        for uri, (version, some) in edits.items()
    ]
    return types.WorkspaceEdit(document_changes=list(documents))


def offered(
    findings: Sequence[PlacedFinding], edits: Edits, params: types.CodeActionParams, *, has_commands: bool
) -> list[types.CodeAction]:
    """The actions for the client's range: fixes of each finding in it, of its rule, and all safe ones of the text."""
    actions: list[types.CodeAction] = []
    if _is_wanted(params, types.CodeActionKind.QuickFix):
        here = [placed for placed in findings if placed.fixes and _overlap(_range(placed.range), params.range)]
        for placed in here:
            actions += [_quick_fix(placed, fix, edits, is_only=len(placed.fixes) == 1) for fix in placed.fixes]
        for rule in dict.fromkeys(placed.finding.rule for placed in here):
            actions += _fixes_of_rule(rule, findings, edits, has_commands=has_commands)
        actions = actions[:MAX_ACTIONS]
    if _is_wanted(params, types.CodeActionKind.SourceFixAll):
        safe = _disjoint([placed.fixes[0] for placed in findings if placed.fixes and placed.fixes[0].is_safe])
        if safe:
            title = f"Fix all that is safe to fix ({len(safe)})"
            kind = types.CodeActionKind.SourceFixAll
            actions.append(types.CodeAction(title=title, kind=kind, edit=edits.of(safe)))
    return actions


def _quick_fix(placed: PlacedFinding, fix: PlacedFix, edits: Edits, *, is_only: bool) -> types.CodeAction:
    return types.CodeAction(
        title=f"Fix: {fix.title or placed.finding.message}",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[_diagnostic(placed)],
        is_preferred=fix.is_safe and is_only,
        edit=edits.of([fix]),
    )


def _fixes_of_rule(
    rule: str, findings: Sequence[PlacedFinding], edits: Edits, *, has_commands: bool
) -> list[types.CodeAction]:
    same = _disjoint([placed.fixes[0] for placed in findings if placed.fixes and placed.finding.rule == rule])
    kind = types.CodeActionKind.QuickFix
    actions: list[types.CodeAction] = []
    if len(same) > 1:
        title = f"Fix all of {rule} in this file ({len(same)})"
        actions.append(types.CodeAction(title=title, kind=kind, edit=edits.of(same)))
    if has_commands:
        title = f"Fix all of {rule} in the workspace"
        command = types.Command(title=title, command=FIX_RULE, arguments=[rule])
        actions.append(types.CodeAction(title=title, kind=kind, command=command))
    return actions


def _diagnostic(placed: PlacedFinding) -> types.Diagnostic:
    """The diagnostic as it was pushed."""
    shown = placed_diagnostic(placed)
    return types.Diagnostic(
        range=_range(placed.range),
        severity=types.DiagnosticSeverity(shown["severity"]),
        code=shown["code"],
        code_description=types.CodeDescription(href=placed.url) if placed.url else None,
        source=shown["source"],
        message=shown["message"],
    )


def _is_wanted(params: types.CodeActionParams, kind: types.CodeActionKind) -> bool:
    """A client may ask for a kind or for a family of kinds."""
    only = params.context.only
    return only is None or any(
        kind.value == o or kind.value.startswith(f"{o}.") or o == "" for o in map(str, map(_value, only))
    )


def _value(kind: types.CodeActionKind | str) -> str:
    return kind.value if isinstance(kind, types.CodeActionKind) else kind


def _disjoint(fixes: list[PlacedFix]) -> list[PlacedFix]:
    """In order of place, each beginning at or after the end of the one before."""
    kept: list[PlacedFix] = []
    for fix in sorted(fixes, key=lambda one: one.range):
        if not kept or fix.range[:2] >= kept[-1].range[2:]:
            kept.append(fix)
    return kept


def _edit(fix: PlacedFix) -> types.TextEdit:
    return types.TextEdit(_range(fix.range), fix.replacement)


def _range(span: Range) -> types.Range:
    return types.Range(types.Position(span[0], span[1]), types.Position(span[2], span[3]))


def _overlap(one: types.Range, other: types.Range) -> bool:
    def key(position: types.Position) -> tuple[int, int]:
        return position.line, position.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
