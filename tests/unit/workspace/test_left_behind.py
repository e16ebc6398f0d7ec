"""What a process leaves that died, outside a delivery: locks in the shadow repository, a `todo.md` half swapped."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.app import open_missions
from orchestrator.config.places import places as places_of
from orchestrator.errors import OrchestratorError
from orchestrator.ports.todo import TodoPair
from orchestrator.workspace import open_workspace
from orchestrator.workspace.apply import Application
from orchestrator.workspace.todo_file import WorkspaceTodo

pytestmark = pytest.mark.anyio


async def test_a_lock_on_the_mission_ref_does_not_hold_the_mission(repository, places, workspace):
    base = (await workspace.snapshot()).commit
    await workspace.restore_ref("m1", base)
    lock = places.shadow / "refs" / "missions" / "m1.lock"
    lock.write_text("half")
    await open_workspace(places).restore_ref("m1", base)
    assert not lock.exists()


async def test_a_server_that_is_refused_touches_no_delivery_of_the_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "a.txt").write_text("a\n")
    recovered: list[str] = []
    async with open_missions(tmp_path):
        state = places_of(tmp_path).state
        (state / "delivery.json").write_text("{}")
        monkeypatch.setattr(Application, "recover", lambda *_: recovered.append("taken back"))
        with pytest.raises(OrchestratorError, match="journal"):
            async with open_missions(tmp_path):
                pass
        assert (state / "delivery.json").exists(), "it belongs to the server that runs"
        assert not recovered


def test_what_a_person_saved_in_the_moment_of_a_crash_is_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "state").mkdir()
    file = WorkspaceTodo(tmp_path, tmp_path / "state")
    file.write("one\n", None)
    file.settle("one\n")
    path = tmp_path / ".opencode" / "todo.md"
    path.write_text("one\nmine\n")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(WorkspaceTodo, "_swap_back", killed)
    with pytest.raises(KeyboardInterrupt):
        file.write("two\n", "one\n")
    assert path.read_text() == "two\n"
    monkeypatch.undo()
    assert WorkspaceTodo(tmp_path, tmp_path / "state").read().now == "one\nmine\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["todo.md"]


def test_what_was_written_and_not_yet_settled_is_no_edit_of_a_person(tmp_path: Path):
    (tmp_path / "state").mkdir()
    file = WorkspaceTodo(tmp_path, tmp_path / "state")
    file.write("one\n", None)
    file.settle("one\n")
    file.write("two\n", "one\n")
    left = WorkspaceTodo(tmp_path, tmp_path / "state")
    assert left.read() == TodoPair("two\n", "two\n")


def test_what_a_person_saves_while_it_is_written_stays_until_it_is_taken(tmp_path: Path):
    (tmp_path / "state").mkdir()
    file = WorkspaceTodo(tmp_path, tmp_path / "state")
    file.write("one\n", None)
    path = tmp_path / ".opencode" / "todo.md"
    path.write_text("one\nmine\n")
    assert file.write("two\n", "one\n") == "one\nmine\n"
    assert path.read_text() == "one\nmine\n"
    assert file.write("two\nmine\n", "one\nmine\n") is None
    assert path.read_text() == "two\nmine\n"
