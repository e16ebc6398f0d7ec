"""The demonstration is what it says: a good workspace, mistakes that gates notice, and good code in the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator import native
from orchestrator.agents.plan_format import parse_plan
from orchestrator.demo import copy_workspace, script_file, workspace_folder
from orchestrator.domain.plan import TaskSpec, outside, validate
from orchestrator.domain.words import Role
from orchestrator.hosts.scripted_choice import Behaviour, behaviour
from orchestrator.hosts.scripted_file import load_script, read_content
from orchestrator.hosts.scripted_models import Script, WriteAction
from orchestrator.testing import make_brief


@dataclass
class Play:
    """The script and its good plan, and what each turn of it writes."""

    script: Script = field(default_factory=lambda: load_script(script_file()))

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        return parse_plan(behaviour(self.script, make_brief(Role.PLANNER, turn=2)).reply)

    def turn(self, task: TaskSpec, role: Role = Role.WORKER) -> Behaviour:
        return behaviour(self.script, make_brief(role, task=task), struck=1)

    def is_flawed(self, task: TaskSpec) -> bool:
        return bool(self.script.tasks[task.id].fixer)

    def final(self, task: TaskSpec) -> Behaviour:
        return self.turn(task, Role.FIXER if self.is_flawed(task) else Role.WORKER)

    def do(self, played: Behaviour, folder: Path) -> list[str]:
        """Write what a turn writes; gives the paths."""
        paths: list[str] = []
        for action in played.actions:
            assert isinstance(action, WriteAction)
            content = action.write.content or read_content(script_file().parent, action.write.content_file or "")
            path = folder / action.write.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
            paths.append(action.write.path)
        return paths


@pytest.fixture(scope="module")
def play() -> Play:
    return Play()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_workspace(tmp_path / "workspace")


def run_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    """The check that the workspace declares, free of this suite's own settings and plugins."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    environment = kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def clean(folder: Path) -> None:
    """No finding of the guardian and no syntax error."""
    report = native.lint_paths(native.RuleSet.builtin(), str(folder))
    assert [f"{finding.path}:{finding.start_line + 1} {finding.rule_id}" for finding in report.findings] == []
    assert report.checked_count


def test_the_sample_workspace_is_good(folder: Path) -> None:
    done = run_tests(folder)
    assert done.returncode == 0, done.stdout
    clean(folder)


def test_nothing_but_sources_is_packed() -> None:
    left = [path for path in workspace_folder().rglob("*") if path.name in {"__pycache__", ".pytest_cache"}]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    assert (workspace_folder() / ".opencode/orchestrator.jsonc").is_file()
    names = {action.write.content_file for task in Play().script.tasks.values() for turn in (*task.worker, *task.fixer)
             for action in turn.actions if isinstance(action, WriteAction)}  # fmt: skip
    packed = {
        str(path.relative_to(script_file().parent)) for path in (script_file().parent / "contents").rglob("*.txt")
    }
    assert packed == names


def test_the_first_plan_has_a_cycle_and_the_second_is_valid(play: Play) -> None:
    first = parse_plan(behaviour(play.script, make_brief(Role.PLANNER)).reply)
    assert [problem.code for problem in validate(first, ["tests"])] == ["cycle"]
    assert not validate(play.tasks, ["tests"])
    assert 6 <= len(play.tasks) <= 8
    assert sum(not task.depends_on for task in play.tasks) >= 2


def test_every_task_stays_in_its_write_set(play: Play, tmp_path: Path) -> None:
    for task in play.tasks:
        for role in (Role.WORKER, Role.FIXER) if play.is_flawed(task) else (Role.WORKER,):
            assert not outside(task.write_set, play.do(play.turn(task, role), tmp_path))


def test_the_mistakes_are_those_that_are_told(play: Play) -> None:
    faults = {
        name: [fault.kind for turn in entry.worker for fault in turn.faults]
        for name, entry in play.script.tasks.items()
        if any(turn.faults for turn in entry.worker)
    }
    assert faults == {"users": ["rate_limited"], "middleware": ["crashed"]}
    assert [task.id for task in play.tasks if play.is_flawed(task)] == ["passwords", "tokens", "protect-notes"]


def test_the_import_is_hallucinated_and_the_syntax_broken(play: Play, folder: Path) -> None:
    tasks = {task.id: task for task in play.tasks}
    play.do(play.turn(tasks["passwords"]), folder)
    play.do(play.turn(tasks["tokens"]), folder)
    imported = native.imports("notes_api/passwords.py", (folder / "notes_api/passwords.py").read_bytes())
    assert imported is not None
    assert "stdlib_scrypt_hasher" in {entry.module for entry in imported}
    (error,) = native.syntax_errors("notes_api/tokens.py", (folder / "notes_api/tokens.py").read_bytes()).findings
    assert "user_of" in "".join(
        (folder / "notes_api/tokens.py").read_text().splitlines()[error.start_line - 4 : error.start_line]
    )


def test_the_code_is_good_after_every_merge_and_in_the_end(play: Play, folder: Path) -> None:
    """Tasks in an order that the dependencies allow; the flawed turn before `protect-notes` makes a test fail."""
    for task in play.tasks:
        if task.id == "protect-notes":
            play.do(play.turn(task), folder)
            failed = run_tests(folder)
            assert failed.returncode == 1
            assert "test_health_answers_everybody" in failed.stdout
        play.do(play.final(task), folder)
        if task.id in {"tokens", "protect-notes", "docs"}:
            done = run_tests(folder)
            assert done.returncode == 0, f"after {task.id}: {done.stdout}"
    clean(folder)
    secrets = (folder / "notes_api/passwords.py").read_text()
    assert "hashlib.scrypt" in secrets
    assert "hmac.compare_digest" in secrets


def test_the_play_is_short(play: Play) -> None:
    seconds = {task.id: play.turn(task).duration_s + (play.final(task).duration_s if play.is_flawed(task) else 0)
               for task in play.tasks}  # fmt: skip
    assert all(0.3 <= value <= 4 for value in seconds.values())
    assert sum(seconds.values()) < 12


def test_the_script_is_plain_json() -> None:
    json.loads(script_file().read_text())
