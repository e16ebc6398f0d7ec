"""The grep and glob tools: several patterns, context, encodings, and what was not searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.words import Role
from orchestrator.ports.host import ToolError

pytestmark = pytest.mark.anyio


@pytest.fixture
def tools(toolbox):
    return toolbox(role=Role.PLANNER)


async def test_several_patterns_name_the_one_that_matched(tools) -> None:
    found = await tools.call("grep", {"patterns": ["class One", "def make"]})
    assert [(match["path"], match["line"], match["pattern"]) for match in found["matches"]] == [
        ("pkg/one.py", 1, "class One"),
        ("pkg/two.py", 4, "def make"),
    ]


async def test_context_and_encoding(tools, root: Path) -> None:
    (root / "latin.txt").write_bytes("vorher\nGrüße\nnachher\n".encode("latin1"))
    found = await tools.call("grep", {"pattern": "Grüße", "encoding": "latin1", "context_lines": 1})
    assert [match["text"] for match in found["matches"]] == ["Grüße"]
    assert [(line["line"], line["text"]) for line in found["context"]] == [(1, "vorher"), (3, "nachher")]


async def test_what_was_not_searched_is_told(tools, root: Path) -> None:
    (root / "data.bin").write_bytes(b"One\0")
    found = await tools.call("grep", {"pattern": "One"})
    assert found["skipped"] == [{"path": "data.bin", "reason": "binary"}]
    assert found["skipped_count"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"pattern": "a", "patterns": ["b"]},
        {"pattern": "("},
        {"pattern": "(a{1000}){1000}"},
        {"pattern": "a", "encoding": "?"},
    ],
)
async def test_wrong_questions_are_refused_with_words(tools, arguments) -> None:
    with pytest.raises(ToolError) as caught:
        await tools.call("grep", arguments)
    assert caught.value.code in {"bad_arguments", "refused_by_core"}
    assert caught.value.message


async def test_glob_sees_what_was_written_a_moment_ago(tools, root: Path) -> None:
    assert (await tools.call("glob", {"patterns": ["new.py"]}))["paths"] == []
    (root / "new.py").write_text("")
    assert (await tools.call("glob", {"patterns": ["new.py"]}))["paths"] == ["new.py"]
    (root / "new.py").unlink()
    assert (await tools.call("glob", {"patterns": ["new.py"]}))["paths"] == []
