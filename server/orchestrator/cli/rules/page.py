"""What there is to say of a rule on one page, as Markdown: for `rules explain` and for docs/rules/."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.cli.rules.catalog import Entry

_FENCES = {"Python": "python", "JavaScript": "js", "TypeScript": "ts", "Tsx": "tsx", "Rust": "rust", "Go": "go"}
_COMMENTS = {"Python": "#", "Ruby": "#", "Bash": "#", "Yaml": "#", "Elixir": "#", "Lua": "--", "Haskell": "--"}
_MAX_EXAMPLES = 4
_GLOBS = re.compile(r"^(files|ignores):\n((?:  - .*\n)+)", re.MULTILINE)


def page(entries: Sequence[Entry]) -> str:
    """One page for a rule; `entries` are the same rule in its languages, with the page named after the first."""
    first = entries[0]
    rule = first.rule
    parts = [f"# {rule.rule_id}", f"{rule.message}.", _facts(entries)]
    if rule.note:
        parts.append(" ".join(rule.note.split()))
    parts += [_examples(first, is_valid=False), _fix(first), _examples(first, is_valid=True)]
    parts += [_scope(first), _silence(first)]
    return "\n\n".join(part for part in parts if part) + "\n"


def fix_word(entry: Entry) -> str:
    """`safe` (applied by `lint --fix`), `offered` (for you to decide), or `none`."""
    return "safe" if entry.rule.is_safe_fix else "offered" if entry.rule.is_fixable else "none"


def _facts(entries: Sequence[Entry]) -> str:
    rows = [
        f"| `{one.rule.rule_id}` | {one.rule.language} | {one.rule.severity} | {fix_word(one)} |" for one in entries
    ]
    return "\n".join(["| id | language | severity | fix |", "|---|---|---|---|", *rows])


def _examples(entry: Entry, *, is_valid: bool) -> str:
    chosen = [one for one in entry.examples if one.is_valid == is_valid][:_MAX_EXAMPLES]
    if not chosen:
        return ""
    blocks = [_block(entry, one.source) for one in chosen]
    return "\n\n".join([f"## {'Not found' if is_valid else 'Found'}", *blocks])


def _fix(entry: Entry) -> str:
    changed = next((one for one in entry.examples if one.fixed is not None), None)
    if changed is None or changed.fixed is None:
        return ""
    text = {
        "safe": "Where it is called safe, the program does the same with it, and `orchestrator lint --fix` applies it.",
        "offered": "Editors offer it; it is never applied unasked.",
    }[fix_word(entry)]
    return "\n\n".join(["## Fix", text, _block(entry, changed.source), "becomes", _block(entry, changed.fixed)])


def _block(entry: Entry, source: str) -> str:
    return f"```{_FENCES.get(entry.rule.language, '')}\n{source.rstrip()}\n```"


def _scope(entry: Entry) -> str:
    """Which files the rule looks at, in the words of its `files` and `ignores`."""
    lines: list[str] = []
    for match in _GLOBS.finditer(entry.yaml):
        globs = ", ".join(f"`{glob.strip(' -').strip(chr(34) + chr(39))}`" for glob in match[2].splitlines())
        lines.append(f"{'Only in' if match[1] == 'files' else 'Not in'} {globs}.")
    return "\n\n".join(["## Where", *lines]) if lines else ""


def _silence(entry: Entry) -> str:
    sign = _COMMENTS.get(entry.rule.language, "//")
    comment = f"{sign} ast-grep-ignore: {entry.rule.rule_id}"
    text = (
        f"A comment on the line, or alone on the line before: `{comment}`. [Own rules](../guardian.md#own-rules) says "
        "how to change a rule or to switch it off."
    )
    return f"## Silence it\n\n{text}"
