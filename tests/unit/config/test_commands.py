"""`orchestrator config` and `orchestrator completion`, run as programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.clock import SystemClock
from orchestrator.config.places import places
from orchestrator.domain.events import MissionAccepted, PlanAccepted
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import DeliveryMode
from orchestrator.journal.store import open_journal
from orchestrator.reading import read_missions

PROGRAMS = Path(sys.executable).parent
TIMEOUT_S = 100


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a configuration of its own; the user's file and the state are in `tmp_path` too."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PATH", f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "project"
    (folder / ".opencode").mkdir(parents=True)
    (folder / ".opencode/orchestrator.jsonc").write_text('{\n  // few\n  "limits": {"slots": 4},\n}\n')
    return folder


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "orchestrator"), *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, text=True, timeout=TIMEOUT_S)


def test_show_names_where_each_value_comes_from(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_APPROVAL", "plan")
    done = run("config", "show", "-w", workspace)
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert done.returncode == 0
    assert rows["limits.slots"] == ["4", ".opencode/orchestrator.jsonc:3"]
    assert rows["approval"] == ['"plan"', "$ORCHESTRATOR_APPROVAL"]
    assert rows["host"] == ['"builtin"', "default"]
    shown = json.loads(run("config", "show", "--json", "-w", workspace).stdout)
    assert shown["problems"] == []
    assert {
        "key": "limits.slots",
        "value": 4,
        "layer": "project",
        "source": ".opencode/orchestrator.jsonc",
        "line": 3,
    } in (shown["settings"])


def test_check_is_content_or_ends_with_2(workspace: Path) -> None:
    assert run("config", "check", "-w", workspace).returncode == 0
    (workspace / ".opencode/orchestrator.jsonc").write_text('{"limit": {},\n "limits": {"slots": 60}}')
    done = run("config", "check", "-w", workspace)
    assert done.returncode == 2
    assert "orchestrator.jsonc:1:2: unknown key 'limit'" in done.stderr
    assert "did you mean 'limits'?" in done.stderr
    assert "orchestrator.jsonc:2:" in done.stderr
    found = [json.loads(line) for line in run("config", "check", "--json", "-w", workspace).stdout.splitlines()]
    assert [(problem["line"], problem["key"]) for problem in found] == [(1, "limit"), (2, "limits.slots")]
    assert run("config", "show", "-w", workspace).returncode == 2


def test_a_wrong_file_stops_a_mission_before_it_starts(workspace: Path) -> None:
    (workspace / ".opencode/orchestrator.jsonc").write_text('{"host": "scripted:evil.json"}')
    done = run("run", "x", "-w", workspace)
    assert done.returncode == 2
    assert "only you may set it" in done.stderr
    assert read_missions(workspace) == []


def test_the_schema_is_printed(workspace: Path) -> None:
    assert "limits" in json.loads(run("config", "schema").stdout)["properties"]


def completed(line: str, shell_setup: str = "") -> list[str]:
    """What a real bash offers at the end of a line, with our script loaded."""
    script = f"""
    eval "$(orchestrator completion bash)"
    {shell_setup}
    COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
    compopt() {{ :; }}
    _orchestrator_completion orchestrator
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True, text=True, timeout=TIMEOUT_S)
    return done.stdout.split()


def test_bash_completes_commands_and_options(workspace: Path) -> None:
    assert completed("orchestrator co") == ["config", "completion"]
    assert completed("orchestrator config sh") == ["show"]
    assert "--json" in completed("orchestrator status --j")
    assert completed("orchestrator completion fi") == ["fish"]
    assert completed("orchestrator nonsense x") == []


@pytest.mark.anyio
async def test_bash_completes_missions_and_tasks(workspace: Path) -> None:
    where = places(workspace)
    where.state.mkdir(parents=True)
    async with open_journal(where.journal, clock=SystemClock()) as journal:
        for mission_id in ("m-aa11", "m-ab22"):
            accepted = MissionAccepted(
                mission_id=mission_id, text="fix it all", workspace=str(workspace), host="builtin",
                delivery=DeliveryMode.APPLY, is_trusted=False, max_iterations=20,
            )  # fmt: skip
            task = TaskSpec(id=f"mend-{mission_id}", title="mend", why="", write_set=("a.py",))
            await journal.append(mission_id, [accepted, PlanAccepted(version=1, tasks=(task,))])
    assert completed(f"orchestrator status -w {workspace} m-") == ["m-ab22", "m-aa11"]
    assert completed(f"orchestrator status -w {workspace} m-aa") == ["m-aa11"]
    assert completed(f"orchestrator diff -w {workspace} m-aa11 --task me") == ["mend-m-aa11"]
    assert completed(f"orchestrator diff -w {workspace} --task me") == ["mend-m-ab22"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_script(workspace: Path, shell: str) -> None:
    done = run("completion", shell)
    assert done.returncode == 0
    assert f"_ORCHESTRATOR_COMPLETE={shell}_complete" in done.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True, timeout=TIMEOUT_S)
