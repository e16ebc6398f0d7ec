"""symbols, definition, references, diagnostics and run_check, on a real tree with the real core."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.receipt import Check
from orchestrator.domain.words import Role, Stage
from orchestrator.ports.host import ToolError
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.tools.shed import ToolShed

pytestmark = pytest.mark.anyio


@pytest.fixture
def tools(toolbox):
    return toolbox(role=Role.REVIEWER)


async def code_of(tools, name: str, arguments: dict[str, object]) -> str:
    with pytest.raises(ToolError) as caught:
        await tools.call(name, arguments)
    return caught.value.code


async def test_what_a_file_defines(tools) -> None:
    found = await tools.call("symbols", {"path": "pkg/one.py"})
    assert [(item["name"], item["line"], item["kind"]) for item in found["symbols"]] == [
        ("One", 1, "class"),
        ("One.run", 2, "method"),
    ]
    assert await code_of(tools, "symbols", {"path": "notes.txt"}) == "not_indexed"
    assert await code_of(tools, "symbols", {"path": "nowhere.py"}) == "no_such_file"
    assert await code_of(tools, "symbols", {"path": "../x.py"}) == "bad_path"


async def test_definition_and_references(tools) -> None:
    (place,) = (await tools.call("definition", {"name": "One.run"}))["definitions"]
    assert (place["path"], place["line"], place["signature"]) == ("pkg/one.py", 2, "(self, value)")
    used = await tools.call("references", {"name": "One", "path": "pkg/one.py"})
    places = {(item["path"], item["line"], item["kind"]) for item in used["references"]}
    assert ("pkg/two.py", 5, "call") in places
    assert (await tools.call("definition", {"name": "Nobody"}))["definitions"] == []
    cut = await tools.call("references", {"name": "One", "max_matches": 1})
    assert (len(cut["references"]), cut["is_cut"]) == (1, True)
    assert await code_of(tools, "references", {"name": "no name"}) == "bad_arguments"


async def test_the_index_follows_the_files(tools, root: Path) -> None:
    assert (await tools.call("definition", {"name": "fresh"}))["definitions"] == []
    (root / "pkg/three.py").write_text("def fresh():\n    return 1\n")
    assert len((await tools.call("definition", {"name": "fresh"}))["definitions"]) == 1


async def test_diagnostics_by_place_errors_first(tools, root: Path) -> None:
    (root / "pkg/bad.py").write_text("from pkg.one import Two\n\n\ndef f(:\n")
    found = await tools.call("diagnostics", {"paths": ["pkg/bad.py", "notes.txt"]})
    assert found["findings"][0]["severity"] == "error"
    assert {(item["path"], item["line"]) for item in found["findings"]} >= {("pkg/bad.py", 4)}
    assert found["not_checked"] == ["notes.txt"]
    (root / "pkg/bad.py").write_text("from pkg.one import Two\n\nprint(Two)\n")
    found = await tools.call("diagnostics", {"paths": ["pkg/bad.py"]})
    assert "missing-name" in {item["rule"] for item in found["findings"]}


async def test_good_code_has_no_diagnostics(tools, root: Path) -> None:
    (root / "pkg/good.py").write_text(
        '"""Doc."""\n\nimport json\nimport os.path\n\nfrom pkg.two import make\n\n'
        'VALUE = json.dumps(os.path.join("a", "b"))\nONE = make()\n'
    )
    assert (await tools.call("diagnostics", {"paths": ["pkg/good.py"]}))["findings"] == []


def checking(root: Path, state_dir: Path, role: Role):
    shed = ToolShed(NativeLauncher(state_dir), {"PATH": "/usr/bin:/bin"})
    check = Check("tests", "echo ran; test -f clean.py", Stage.MERGE, 60.0, is_declared=True, source="jsonc")
    return shed.toolbox(role, Worktree(str(root), "c" * 40, "t" * 40), (), checks=(check,))


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.WORKER, Role.FIXER])
async def test_a_check_is_run_by_its_name(root: Path, state_dir: Path, role: Role) -> None:
    tools = checking(root, state_dir, role)
    done = await tools.call("run_check", {"name": "tests"})
    assert (done["exit_code"], done["output"]) == (0, "ran\n")
    (root / "clean.py").unlink()
    assert (await tools.call("run_check", {"name": "tests"}))["exit_code"] == 1
    assert await code_of(tools, "run_check", {"name": "rm -rf /"}) == "unknown_check"


@pytest.mark.parametrize("role", [Role.PLANNER, Role.SEARCHER])
async def test_who_only_looks_runs_nothing(root: Path, state_dir: Path, role: Role) -> None:
    assert await code_of(checking(root, state_dir, role), "run_check", {"name": "tests"}) == "tool_not_allowed"
