"""The audit holds `todo.md` and `summary.md` against the journal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.config.places import SUMMARY_NAME
from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.domain.todo import REFUSED_MARK, render
from orchestrator.journal import comparing
from orchestrator.journal.comparing import differing
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.store import open_journal
from orchestrator.journal.summary import render_summary
from orchestrator.ports.clock import Clock
from orchestrator.ports.journal import JournalError

pytestmark = pytest.mark.anyio
Story = Callable[[str], list[e.Event]]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "_WAIT_S", 0.0)


@pytest.fixture
async def files(tmp_path: Path, clock: Clock, story: Story) -> tuple[Path, Path, Path]:
    """Workspace, the server's copy of todo.md, journal: all as a server leaves them."""
    journal = tmp_path / "journal.db"
    async with open_journal(journal, clock=clock) as opened:
        await opened.append("m-1", story("m-1"))
    (tmp_path / ".opencode").mkdir()
    base = tmp_path / "todo.base"
    base.write_text(render(fold(story("m-1")), {"": ["my own line"], "a": ["", "  mine"]}, ["tick b: no"]))
    with JournalReader(journal) as reader:
        text = render_summary(fold(story("m-1")), reader.read())
    (tmp_path / SUMMARY_NAME).write_text(text)
    return tmp_path, base, journal


async def test_files_that_say_what_the_events_say(files: tuple[Path, Path, Path]) -> None:
    assert differing(*files) == ""
    assert REFUSED_MARK in files[1].read_text()
    files[1].unlink()
    (files[0] / SUMMARY_NAME).unlink()
    assert differing(*files) == ""


@pytest.mark.parametrize(("old", "new"), [("[x]", "[ ]"), ("Write it", "Read it"), ("tasks done", "tasks")])
async def test_a_todo_that_says_something_else(files: tuple[Path, Path, Path], old: str, new: str) -> None:
    files[1].write_text(files[1].read_text().replace(old, new, 1))
    assert "todo.md is not what the events of mission m-1 say" in differing(*files)


async def test_a_summary_that_says_something_else(files: tuple[Path, Path, Path]) -> None:
    path = files[0] / SUMMARY_NAME
    path.write_text(path.read_text().replace("2 of 2", "1 of 2"))
    assert "summary.md is not what the events of mission m-1 say" in differing(*files)
    path.write_text("a text of mine")
    assert "not what a server wrote" in differing(*files)


async def test_files_of_a_mission_that_nobody_knows(files: tuple[Path, Path, Path]) -> None:
    path = files[0] / SUMMARY_NAME
    path.write_text(path.read_text().replace("# Mission m-1", "# Mission m-9"))
    assert "m-9, which is not in the journal" in differing(*files)
    files[1].write_text(files[1].read_text().replace("Mission m-1:", "Mission m-9:"))
    assert "m-9, which is not in the journal" in differing(*files)


async def test_what_retention_dropped_is_not_compared(
    files: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "events_archived"

    def gone(_: JournalReader, __: str) -> None:
        raise JournalError(code, "dropped")

    monkeypatch.setattr(JournalReader, "mission", gone)
    assert differing(*files) == ""
    code = "journal_corrupt"
    with pytest.raises(JournalError):
        differing(*files)
