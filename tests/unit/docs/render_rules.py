"""Renders docs/rules.md and docs/rules/ from the built-in rules: `python tests/unit/docs/render_rules.py`."""

from __future__ import annotations

from pathlib import Path

from orchestrator import native
from orchestrator.cli.rules.catalog import Entry, entry_of
from orchestrator.cli.rules.page import fix_word, page

DOCS = Path(__file__).resolve().parents[3] / "docs"
INDEX = DOCS / "rules.md"
FOLDER = DOCS / "rules"
_FAMILIES = {
    "Python": "py-",
    "JavaScript and TypeScript": ("js-", "ts-", "tsx-"),
    "Rust": "rs-",
    "Go": "go-",
}
_SEVERITIES = ("error", "warning", "info", "hint")
_LANGUAGES = ("JavaScript", "TypeScript", "Tsx")
_HEAD = """\
# Built-in rules

{rules} rules, {ids} ids: a rule for JavaScript, TypeScript and TSX has one id in each, which differ in their beginning
(`js-`, `ts-`, `tsx-`). Each rule has a page that says why, with examples, its fix, and how to silence it; `orchestrator
rules explain ID` prints it. [Style guardian](guardian.md) says how to run them and add your own.

`error` and `warning` refuse a change in a mission, `info` and `hint` are only reported. A `safe` fix never changes what
the program does; `orchestrator lint --fix` applies those. A fix that is `offered` is shown by editors and never applied
unasked.

The list and the pages are generated: `python tests/unit/docs/render_rules.py` writes them.
"""


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    groups = grouped()
    return {INDEX: _index(groups)} | {DOCS.parent / url: page(entries) for url, entries in groups.items()}


def grouped() -> dict[str, list[Entry]]:
    """The rules by their page, which the dialects of one language share; within a page JavaScript comes first."""
    found: dict[str, list[Entry]] = {}
    for rule in native.RuleSet.builtin().rules():
        found.setdefault(rule.url or "", []).append(entry_of(rule))
    for entries in found.values():
        entries.sort(key=_dialect)
    return dict(sorted(found.items()))


def _dialect(entry: Entry) -> int:
    return _LANGUAGES.index(entry.rule.language) if entry.rule.language in _LANGUAGES else -1


def _index(groups: dict[str, list[Entry]]) -> str:
    parts = [_HEAD.format(rules=len(groups), ids=sum(len(entries) for entries in groups.values()))]
    for title, beginnings in _FAMILIES.items():
        chosen = [one for one in groups.values() if one[0].rule.rule_id.startswith(beginnings)]
        chosen.sort(key=lambda one: (_SEVERITIES.index(one[0].rule.severity), one[0].rule.rule_id))
        rows = ["| rule | severity | fix | message |", "|---|---|---|---|", *(_row(entries) for entries in chosen)]
        parts += [f"## {title}\n", "\n".join(rows) + "\n"]
    return "\n".join(parts)


def _row(entries: list[Entry]) -> str:
    first = entries[0].rule
    fix = fix_word(entries[0]).replace("none", "")
    return f"| [`{first.rule_id}`](rules/{first.rule_id}.md) | {first.severity} | {fix} | {_cell(first.message)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")


if __name__ == "__main__":
    made = pages()
    FOLDER.mkdir(exist_ok=True)
    for stale in set(FOLDER.glob("*.md")) - set(made):
        stale.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
