"""Renders docs/rules.md from the built-in rules. `python tests/unit/docs/render_rules.py` rewrites the page."""

from __future__ import annotations

from pathlib import Path

from orchestrator import native

PAGE = Path(__file__).resolve().parents[3] / "docs/rules.md"
_FAMILIES = {
    "Python": ("Python",),
    "JavaScript and TypeScript": ("JavaScript", "TypeScript", "Tsx"),
}
_SEVERITIES = ("error", "warning", "info", "hint")
_HEAD = """\
# Built-in rules

{count} rules. [Style guardian](guardian.md) says how to run them, silence one and add your own. `error` and `warning`
refuse a change in a mission, `info` and `hint` are only reported. A `safe` fix never changes what the program does;
`orchestrator lint --fix` applies those. A fix that is `offered` is shown by editors and never applied unasked.

The ids of the same rule for JavaScript, TypeScript and TSX differ in their beginning: `js-`, `ts-`, `tsx-`.

This page is generated: `python tests/unit/docs/render_rules.py` writes it.
"""


def page() -> str:
    """The whole page."""
    rules = native.RuleSet.builtin().rules()
    parts = [_HEAD.format(count=len(rules))]
    known = {language for languages in _FAMILIES.values() for language in languages}
    families = _FAMILIES | {rule.language: (rule.language,) for rule in rules if rule.language not in known}
    for title, languages in families.items():
        chosen = [rule for rule in rules if rule.language in languages]
        chosen.sort(key=lambda rule: (_SEVERITIES.index(rule.severity), rule.rule_id))
        parts += [f"## {title}\n", _table(chosen), _notes(chosen)]
    return "\n".join(parts)


def _table(rules: list[native.Rule]) -> str:
    rows = ["| id | language | severity | fix | message |", "|---|---|---|---|---|"]
    rows += [
        f"| `{rule.rule_id}` | {rule.language} | {rule.severity} | {_fix(rule)} | {_cell(rule.message)} |"
        for rule in rules
    ]
    return "\n".join(rows) + "\n"


def _fix(rule: native.Rule) -> str:
    return "safe" if rule.is_safe_fix else "offered" if rule.is_fixable else ""


def _notes(rules: list[native.Rule]) -> str:
    """Why each rule is there; rules that share a note share a line."""
    ids: dict[str, list[str]] = {}
    for rule in rules:
        ids.setdefault(rule.note or rule.message, []).append(f"`{rule.rule_id}`")
    return "\n".join(f"- {', '.join(names)}: {_text(note)}" for note, names in ids.items()) + "\n"


def _text(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*")


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
