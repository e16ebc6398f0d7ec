"""Positions in texts with wide characters and odd line ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rpc.positions import TextMap, points, units

TEXTS = st.text(alphabet="aé🙂\n\r\x0c\u2028 ", max_size=40)


@given(TEXTS, st.integers(0, 40), st.sampled_from(["utf-8", "utf-16"]))
def test_an_offset_survives_the_way_there_and_back(text, offset, encoding) -> None:
    offset = min(offset, len(text))
    inside_crlf = text[offset - 1 : offset + 1] == "\r\n"
    mapped = TextMap(text, encoding)
    if not inside_crlf:
        assert mapped.offset_of_lsp(*mapped.lsp_at(offset)) == offset


@given(TEXTS, st.sampled_from(["utf-8", "utf-16"]))
def test_units_agree_with_the_encoding(text, encoding) -> None:
    codec, width = ("utf-8", 1) if encoding == "utf-8" else ("utf-16-le", 2)
    assert units(text, encoding) == len(text.encode(codec)) // width
    assert points(text, units(text, encoding), encoding) == len(text)


def test_positions_past_an_end_are_moved_to_it() -> None:
    mapped = TextMap("ab\ncd", "utf-16")
    assert mapped.offset_of_lsp(0, 99) == 2
    assert mapped.offset_of_lsp(99, 0) == 5
    assert mapped.offset_of_point(99, 99) == 5
    assert points("🙂", 1, "utf-16") == 0


def test_findings_count_lines_by_line_feeds() -> None:
    mapped = TextMap("a\rb\nc", "utf-16")
    assert mapped.lsp_of_point(0, 2) == (1, 0)
    assert mapped.lsp_of_point(1, 0) == (2, 0)
