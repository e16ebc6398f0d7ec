"""The pages of rules are what their generator makes now; tests/unit/protocol looks after the page of the protocol."""

from __future__ import annotations

import re

import render_rules

RULES = render_rules.INDEX.read_text(encoding="utf-8")


def test_the_rules_pages_are_current() -> None:
    made = render_rules.pages()
    stale = [path.name for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python tests/unit/docs/render_rules.py"
    assert set(render_rules.FOLDER.iterdir()) == set(made) - {render_rules.INDEX}


def test_every_rule_has_one_row_and_a_page_that_says_it_all() -> None:
    rows = re.findall(r"^\| \[`([\w-]+)`\]\(rules/([\w-]+)\.md\) \|", RULES, re.MULTILINE)
    groups = render_rules.grouped()
    assert sorted(rows) == sorted((one[0].rule.rule_id, one[0].rule.rule_id) for one in groups.values())
    for url, entries in groups.items():
        text = (render_rules.DOCS.parent / url).read_text(encoding="utf-8")
        assert all(f"`{entry.rule.rule_id}`" in text for entry in entries)
        parts = ["## Found", "## Not found", "## Silence it", *(["## Fix"] if entries[0].rule.is_fixable else [])]
        assert all(part in text for part in parts), url
