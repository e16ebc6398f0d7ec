"""Builders give valid values, and temporary workspaces are what they say and go away."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from orchestrator.agents.plan_format import parse_plan
from orchestrator.domain.plan import validate
from orchestrator.domain.words import Role
from orchestrator.hosts.scripted import ScriptedHost
from orchestrator.ports.host import SessionSpec, ToolError
from orchestrator.testing import (
    RecordingToolbox,
    folder_workspace,
    git_workspace,
    make_brief,
    make_plan,
    make_script,
    make_task,
    run_virtual,
)


def test_a_made_plan_is_valid() -> None:
    tasks = (make_task("a"), make_task("b", depends_on=["a"], write_set=["src/"]))
    assert parse_plan(json.dumps(make_plan(*tasks))) == tasks
    assert not validate(tasks, [])


def test_a_made_script_plays_its_tasks() -> None:
    async def play() -> list[tuple[str, dict[str, object]]]:
        host = ScriptedHost(make_script(make_task("a"), make_task("b"), duration_s={"uniform": {"low": 1, "high": 2}}))
        tools = RecordingToolbox()
        planner = await host.open(SessionSpec("s", "m", Role.PLANNER, "", "t"), tools)
        tasks = parse_plan((await planner.prompt(make_brief(Role.PLANNER))).text)
        for task in tasks:
            session = await host.open(SessionSpec("s", "m", Role.WORKER, task.id, "t"), tools)
            await session.prompt(make_brief(task=task))
        return tools.calls

    assert run_virtual(play) == [
        ("write_file", {"path": "a.txt", "content": "a turn 1\n"}),
        ("write_file", {"path": "b.txt", "content": "b turn 1\n"}),
    ]


def test_a_recording_toolbox_refuses_what_it_does_not_have() -> None:
    tools = RecordingToolbox(("lint",), {"lint": {"finding_count": 0}})
    assert run_virtual(tools.call, "lint", {}) == {"finding_count": 0}
    with pytest.raises(ToolError):
        run_virtual(tools.call, "shell", {})


def test_a_folder_workspace_goes_away() -> None:
    with folder_workspace({"a/b.txt": "x", "c.bin": b"\0"}) as folder:
        assert (folder / "a/b.txt").read_text() == "x"
        assert not (folder / ".git").exists()
    assert not folder.exists()


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout


def test_a_git_workspace_has_its_commits() -> None:
    with git_workspace({"a": "1"}, {"a": "2", "b": "x"}, uncommitted={"a": "3", "new": "n"}) as folder:
        assert git(folder, "log", "--format=%s", "main").split("\n")[:2] == ["Commit 2", "Commit 1"]
        assert git(folder, "show", "main~1:a") == "1"
        assert git(folder, "status", "--short").splitlines() == [" M a", "?? new"]
        first = git(folder, "rev-parse", "main")
    with git_workspace({"a": "1"}, {"a": "2", "b": "x"}) as folder:
        assert git(folder, "rev-parse", "main") == first
