"""Running and dropping scratch tests, with the real launcher."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from orchestrator.domain.plan import SCRATCH
from orchestrator.domain.words import Verdict
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing import write_files
from orchestrator.tools import scratch
from orchestrator.tools.shed import ToolShed

pytestmark = pytest.mark.anyio


@pytest.fixture
def shed(state_dir: Path) -> ToolShed:
    return ToolShed(NativeLauncher(state_dir), {"PATH": os.environ["PATH"]})


def tree(root: Path) -> Worktree:
    return Worktree(str(root), "c" * 40, "t" * 40)


async def test_nothing_there_is_no_report(shed: ToolShed, root: Path) -> None:
    assert await shed.scratch(tree(root)) is None
    await shed.drop_scratch(tree(root))


async def test_tests_and_programs_are_run_by_their_kind(shed: ToolShed, root: Path) -> None:
    files = {
        "test_good.py": "def test_it():\n    from pkg.two import make\n    assert make()\n",
        "program.py": "from pkg.one import One\nassert One().run(1) == 1\n",
        "bad.sh": "echo told you; exit 3\n",
        "notes.txt": "not run",
    }
    write_files(root, {f"{SCRATCH}{name}": content for name, content in files.items()})
    report = await shed.scratch(tree(root))
    assert report is not None
    assert (report.verdict, report.detail) == (Verdict.FAILED, "2 of 3 scratch tests passed")
    (finding,) = report.findings
    assert finding.path == f"{SCRATCH}bad.sh"
    assert "ends with 3" in finding.message
    assert "told you" in finding.message


@pytest.mark.skipif(shutil.which("node") is None, reason="no node")
async def test_a_script_is_run_by_node(shed: ToolShed, root: Path) -> None:
    content = "import test from 'node:test';\ntest('x', () => { throw new Error('no') });\n"
    write_files(root, {f"{SCRATCH}a.test.mjs": content})
    report = await shed.scratch(tree(root))
    assert report is not None
    assert report.verdict is Verdict.FAILED


async def test_one_that_hangs_is_ended(shed: ToolShed, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "TIMEOUT_S", 1.0)
    write_files(root, {f"{SCRATCH}a.sh": "sleep 60\n"})
    report = await shed.scratch(tree(root))
    assert report is not None
    assert "did not end in time" in report.findings[0].message


async def test_too_many_are_said(shed: ToolShed, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MAX_FILES", 1)
    write_files(root, {f"{SCRATCH}{n}.sh": "true\n" for n in range(3)})
    report = await shed.scratch(tree(root))
    assert report is not None
    assert [finding.rule for finding in report.findings] == ["too-many-tests"]


async def test_a_link_in_its_place_leads_nowhere(shed: ToolShed, root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_files(other, {"keep.sh": "touch ran\n"})
    (root / SCRATCH.rstrip("/")).symlink_to(other)
    assert await shed.scratch(tree(root)) is None
    await shed.drop_scratch(tree(root))
    assert (other / "keep.sh").exists()
    assert not (root / SCRATCH.rstrip("/")).exists()


async def test_only_who_writes_may_write_there(toolbox, root: Path) -> None:
    worker = toolbox("a.py")
    await worker.call("write_file", {"path": f"{SCRATCH}test_a.py", "content": "x = 1\n"})
    assert (await worker.call("read_file", {"path": f"{SCRATCH}test_a.py"}))["text"] == "x = 1\n"
    for path in (f"{SCRATCH}../b.py", f"{SCRATCH}.git/config", SCRATCH):
        with pytest.raises(Exception, match=r"'\.\.'|\.git|empty|folder"):
            await worker.call("write_file", {"path": path, "content": "x"})
