"""The generated pages are what their generators make now."""

from __future__ import annotations

import re

import pytest
import render_protocol
import render_rules

from orchestrator import native
from orchestrator.domain.events import EVENT_TYPES
from orchestrator_protocol.methods import METHODS

RULES = render_rules.PAGE.read_text(encoding="utf-8")
PROTOCOL = render_protocol.PAGE.read_text(encoding="utf-8")


def test_the_rules_page_is_current() -> None:
    assert render_rules.page() == RULES, "run: python tests/unit/docs/render_rules.py"


def test_the_protocol_page_is_current() -> None:
    assert render_protocol.rendered(PROTOCOL) == PROTOCOL, "run: python tests/unit/docs/render_protocol.py"


def test_every_rule_has_one_row() -> None:
    assert sorted(re.findall(r"^\| `([\w-]+)` \|", RULES, re.MULTILINE)) == sorted(
        rule.rule_id for rule in native.RuleSet.builtin().rules()
    )


def test_every_method_and_event_has_a_heading() -> None:
    headings = re.findall(r"^### `([\w./]+)`$", PROTOCOL, re.MULTILINE)
    assert headings == [*METHODS, *EVENT_TYPES]


def test_a_stale_part_is_made_anew() -> None:
    stale = PROTOCOL.replace("### `mission/stop`", "### `mission/halt`")
    assert stale != PROTOCOL
    assert render_protocol.rendered(stale) == PROTOCOL


def test_a_lost_marker_is_an_error() -> None:
    with pytest.raises(ValueError, match="generated: words"):
        render_protocol.rendered(PROTOCOL.replace("<!-- end of generated: words -->", ""))


def test_every_type_that_is_used_is_described() -> None:
    """A field of a made-up type would leave the reader alone."""
    used = set(re.findall(r": (?:list of )?([A-Z]\w+)", PROTOCOL.partition("## Methods")[2].partition("## A tiny")[0]))
    described = set(re.findall(r"\*\*(\w+)\*\*:", PROTOCOL)) | {"MissionEvent"}
    names = {name for name in used if re.search(rf"^- `\w+`: (?:list of )?{name}\b", PROTOCOL, re.MULTILINE)}
    assert names
    assert names <= described
