"""Tools that write: exactly what was asked, only inside the write set, all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.ports.host import ToolError

pytestmark = pytest.mark.anyio


async def code_of(tools, name, arguments) -> str:
    with pytest.raises(ToolError) as caught:
        await tools.call(name, arguments)
    return caught.value.code


async def test_write_file_creates_and_replaces(toolbox, root: Path) -> None:
    tools = toolbox("new/")
    made = await tools.call("write_file", {"path": "new/deep/a.txt", "content": "ä"})
    assert made == {"path": "new/deep/a.txt", "size_bytes": 2, "is_new": True}
    again = await tools.call("write_file", {"path": "new/deep/a.txt", "content": ""})
    assert not again["is_new"]
    assert (root / "new/deep/a.txt").read_bytes() == b""


async def test_write_file_keeps_the_mode(toolbox, root: Path) -> None:
    script = root / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    await toolbox("run.sh").call("write_file", {"path": "run.sh", "content": "#!/bin/sh\ntrue\n"})
    assert script.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("write_file", {"path": "clean.py", "content": "x"}),
        ("edit_file", {"path": "clean.py", "old": "1", "new": "2"}),
        ("delete_file", {"path": "clean.py"}),
        ("fix_findings", {"paths": ["clean.py"]}),
        ("rename_identifier", {"old": "VALUE", "new": "OTHER", "paths": ["clean.py"]}),
        ("ast_rewrite", {"pattern": "VALUE", "rewrite": "OTHER", "language": "python", "paths": ["clean.py"]}),
    ],
)
async def test_nothing_is_written_outside_the_write_set(toolbox, root: Path, name: str, arguments) -> None:
    for write_set in ((), ("pkg/",), ("clean.py2",), ("clean.py/",)):
        assert await code_of(toolbox(*write_set), name, arguments) == "outside_write_set"
    assert (root / "clean.py").read_text() == "VALUE = 1\n"


@pytest.mark.parametrize("path", ["../x", "/tmp/x", ".git/hooks/x", ".opencode/todo.md", "pkg/../../x"])
async def test_no_path_leads_out(toolbox, path: str) -> None:
    assert await code_of(toolbox("pkg/", path), "write_file", {"path": path, "content": "x"}) == "bad_path"


async def test_symlinks_are_not_written_through(toolbox, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("safe")
    (root / "pkg/link").symlink_to(outside)
    (root / "pkg/a.txt").symlink_to(outside / "a.txt")
    tools = toolbox("pkg/")
    for path in ("pkg/link/a.txt", "pkg/a.txt", "pkg/link/new.txt"):
        with pytest.raises(ToolError):
            await tools.call("write_file", {"path": path, "content": "broken"})
    assert [entry.name for entry in outside.iterdir()] == ["a.txt"]
    assert (outside / "a.txt").read_text() == "safe"


async def test_edit_file_wants_one_exact_match(toolbox, root: Path) -> None:
    tools = toolbox("pkg/")
    path = "pkg/two.py"
    assert await code_of(tools, "edit_file", {"path": path, "old": "nothing", "new": "x"}) == "no_match"
    assert await code_of(tools, "edit_file", {"path": path, "old": "One", "new": "Two"}) == "ambiguous_match"
    assert (await tools.call("edit_file", {"path": path, "old": "One()", "new": "Two()"}))["count"] == 1
    assert (await tools.call("edit_file", {"path": path, "old": "one", "new": "uno", "is_every": True}))["count"] == 1
    assert (root / path).read_text() == "from pkg.uno import One\n\n\ndef make():\n    return Two()\n"


async def test_delete_file(toolbox, root: Path) -> None:
    tools = toolbox("pkg/")
    await tools.call("delete_file", {"path": "pkg/two.py"})
    assert not (root / "pkg/two.py").exists()
    assert await code_of(tools, "delete_file", {"path": "pkg/two.py"}) == "no_such_file"
    assert await code_of(tools, "delete_file", {"path": "pkg/"}) in {"not_a_file", "bad_path"}


async def test_fix_findings_mends_until_stable(toolbox, root: Path) -> None:
    result = await toolbox("pkg/one.py").call("fix_findings", {"paths": ["pkg/one.py"]})
    text = (root / "pkg/one.py").read_text()
    assert text.startswith("class One:\n")
    assert "if value is not None:" in text
    assert (result["fixed_count"], result["left_count"]) == (2, 0)
    again = await toolbox("pkg/one.py").call("fix_findings", {"paths": ["pkg/one.py"]})
    assert again["fixed_count"] == 0


async def test_ast_rewrite_replaces_every_match(toolbox, root: Path) -> None:
    arguments = {"pattern": "$A()", "rewrite": "$A(1)", "language": "python", "paths": ["pkg/two.py"]}
    result = await toolbox("pkg/").call("ast_rewrite", arguments)
    assert result["replacement_count"] == 1
    assert "return One(1)" in (root / "pkg/two.py").read_text()


async def test_a_rewrite_that_breaks_the_syntax_changes_nothing(toolbox, root: Path) -> None:
    before = (root / "pkg/two.py").read_text()
    arguments = {"pattern": "One()", "rewrite": "One(", "language": "python", "paths": ["pkg/two.py"]}
    assert await code_of(toolbox("pkg/"), "ast_rewrite", arguments) == "breaks_syntax"
    assert (root / "pkg/two.py").read_text() == before


async def test_rename_is_all_or_nothing(toolbox, root: Path) -> None:
    paths = ["pkg/one.py", "pkg/two.py"]
    assert (
        await code_of(toolbox("pkg/"), "rename_identifier", {"old": "One", "new": "make", "paths": paths})
        == "name_taken"
    )
    assert "class One(object)" in (root / "pkg/one.py").read_text()
    result = await toolbox("pkg/").call("rename_identifier", {"old": "One", "new": "Uno", "paths": paths})
    assert result["occurrence_count"] == 3
    assert "import Uno" in (root / "pkg/two.py").read_text()
    assert "One" not in (root / "pkg/two.py").read_text()


async def test_shell_runs_in_the_worktree_with_its_own_environment(toolbox, root: Path) -> None:
    result = await toolbox("pkg/").call("shell", {"command": "pwd; echo $GIVEN-$HOME; exit 3"})
    assert result["exit_code"] == 3
    assert result["output"] == f"{root}\nyes-\n"


async def test_shell_has_a_deadline_and_a_cap(toolbox) -> None:
    tools = toolbox("pkg/")
    slow = await tools.call("shell", {"command": "echo begun; sleep 30", "timeout_s": 0.3})
    assert slow["is_timed_out"]
    assert "begun" in slow["output"]
    loud = await tools.call("shell", {"command": "yes | head -c 1000000"})
    assert loud["is_output_cut"]
    assert len(loud["output"]) < 40_000
    assert loud["output_size_bytes"] == 1_000_000
    assert await code_of(tools, "shell", {"command": "true", "timeout_s": 0}) == "bad_arguments"
