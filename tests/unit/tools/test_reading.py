"""Tools that read: what they answer, what they cut, what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.domain.words import Role
from orchestrator.ports.host import ToolError

pytestmark = pytest.mark.anyio


@pytest.fixture
def tools(toolbox):
    return toolbox(role=Role.PLANNER)


async def code_of(tools, name, arguments) -> str:
    with pytest.raises(ToolError) as caught:
        await tools.call(name, arguments)
    assert caught.value.message
    return caught.value.code


async def test_results_are_plain_json(tools) -> None:
    for name, arguments in [
        ("read_file", {"path": "clean.py"}),
        ("list_files", {}),
        ("glob", {"patterns": ["**/*.py"]}),
        ("grep", {"pattern": "One"}),
        ("ast_search", {"pattern": "One()", "language": "python"}),
        ("find_identifier", {"name": "One"}),
        ("lint", {}),
    ]:
        result = await tools.call(name, arguments)
        assert json.loads(json.dumps(result)) == result


async def test_read_file_gives_ranges(tools, root: Path) -> None:
    (root / "long.txt").write_text("".join(f"{number}\n" for number in range(1, 11)))
    whole = await tools.call("read_file", {"path": "long.txt"})
    assert (whole["line_count"], whole["is_cut"]) == (10, False)
    part = await tools.call("read_file", {"path": "long.txt", "start_line": 3, "max_lines": 2})
    assert (part["text"], part["is_cut"], part["next_line"]) == ("3\n4\n", True, 5)
    assert (await tools.call("read_file", {"path": "long.txt", "start_line": 99}))["text"] == ""


async def test_read_file_cuts_what_is_long(tools, root: Path) -> None:
    (root / "wide.txt").write_text("x" * 200_000 + "\nend\n")
    first = await tools.call("read_file", {"path": "wide.txt"})
    assert len(str(first["text"])) == 100_000
    assert first["is_cut"]
    assert (await tools.call("read_file", {"path": "wide.txt", "start_line": first["next_line"]}))["text"] == "end\n"


async def test_list_files_leaves_ignored_ones_out(tools) -> None:
    paths = (await tools.call("list_files", {}))["paths"]
    assert "pkg/one.py" in paths
    assert "ignored/x.py" not in paths
    assert (await tools.call("list_files", {"path": "pkg/"}))["paths"] == [
        "pkg/__init__.py",
        "pkg/one.py",
        "pkg/two.py",
    ]
    cut = await tools.call("list_files", {"max_files": 2})
    assert (len(cut["paths"]), cut["is_cut"]) == (2, True)


async def test_glob_and_grep(tools) -> None:
    assert (await tools.call("glob", {"patterns": ["pkg/t*.py"]}))["paths"] == ["pkg/two.py"]
    found = await tools.call("grep", {"pattern": r"^class (\w+)"})
    assert [(match["path"], match["line"]) for match in found["matches"]] == [("pkg/one.py", 1)]
    cut = await tools.call("grep", {"pattern": "One", "max_matches": 1})
    assert (len(cut["matches"]), cut["is_cut"]) == (1, True)


async def test_ast_search_counts_by_file(tools) -> None:
    result = await tools.call("ast_search", {"pattern": "One()", "language": "python", "max_matches": 0})
    assert result["files"] == [{"path": "pkg/two.py", "count": 1}]
    assert result["matches"] == []
    assert result["is_complete"]


async def test_find_identifier_skips_text_and_names_the_taken(tools) -> None:
    found = await tools.call("find_identifier", {"name": "One", "new_name": "make"})
    rows = {row["path"]: row for row in found["files"]}
    assert set(rows) == {"pkg/one.py", "pkg/two.py"}
    assert rows["pkg/two.py"]["has_new_name"]
    assert not rows["pkg/one.py"]["has_new_name"]
    assert rows["pkg/two.py"]["count"] == 2


async def test_lint_counts_by_rule_and_file(tools) -> None:
    report = await tools.call("lint", {})
    assert report["finding_count"] == sum(row["count"] for row in report["rules"]) >= 2
    (row,) = [row for row in report["files"] if row["path"] == "pkg/one.py"]
    assert row["fixable"] == 2
    assert (await tools.call("lint", {"paths": ["clean.py"]}))["finding_count"] == 0


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", ".git/config", "a//b", "", "pkg/../../x", "a\0b"])
async def test_paths_that_leave_are_refused(tools, path: str) -> None:
    assert await code_of(tools, "read_file", {"path": path}) in {"bad_path", "bad_arguments"}
    assert await code_of(tools, "lint", {"paths": [path]}) in {"bad_path", "bad_arguments"}


async def test_symlinks_are_not_followed_out(tools, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.py").write_text("class Secret(object): pass\n")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "file.py").symlink_to(tmp_path / "outside/secret.py")
    for path in ("link/secret.py", "file.py"):
        with pytest.raises(ToolError):
            await tools.call("read_file", {"path": path})
        assert await code_of(tools, "lint", {"paths": [path]}) == "outside_worktree"
    assert not (await tools.call("grep", {"pattern": "Secret"}))["matches"]


async def test_wrong_files_have_their_own_errors(tools) -> None:
    assert await code_of(tools, "read_file", {"path": "nothing.py"}) == "no_such_file"
    assert await code_of(tools, "read_file", {"path": "binary.bin"}) == "not_text"
    assert await code_of(tools, "read_file", {"path": "pkg"}) == "not_a_file"
    assert await code_of(tools, "list_files", {"path": "nowhere"}) == "no_such_file"
    assert await code_of(tools, "ast_search", {"pattern": "x", "language": "klingon"}) == "refused_by_core"
    assert await code_of(tools, "grep", {"pattern": "("}) == "refused_by_core"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "path"),
        ({"path": 7}, "path"),
        ({"path": "a", "start_line": "1"}, "start_line"),
        ({"path": "a", "x": 1}, "x"),
    ],
)
async def test_bad_arguments_name_the_field(tools, arguments, field: str) -> None:
    with pytest.raises(ToolError, match=field) as caught:
        await tools.call("read_file", arguments)
    assert caught.value.code == "bad_arguments"


async def test_unknown_and_forbidden_tools(tools) -> None:
    assert await code_of(tools, "teleport", {}) == "unknown_tool"
    for name in ("write_file", "edit_file", "delete_file", "ast_rewrite", "rename_identifier", "fix_findings", "shell"):
        assert name not in tools.names
        assert await code_of(tools, name, {}) == "tool_not_allowed"
