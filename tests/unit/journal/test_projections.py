"""`summary.md`: whole, inside the workspace, honest."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.domain import events as e
from orchestrator.domain.evolve import fold
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import MissionStatus
from orchestrator.journal import projections
from orchestrator.journal.projections import WorkspaceProjection
from orchestrator.ports.journal import JournalError, Recorded

Story = Callable[[str], list[e.Event]]
FILE = ".opencode/summary.md"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def mission(story: Story) -> Mission:
    return fold(story("m-1"))


def write(workspace: Path, mission: Mission) -> None:
    WorkspaceProjection(workspace).write_summary(mission, [Recorded(1, mission.id, 5.0, e.MissionStarted())])


def test_one_file_and_nothing_else(workspace: Path, mission: Mission) -> None:
    for _ in range(2):
        write(workspace, mission)
        assert sorted(str(p.relative_to(workspace)) for p in workspace.rglob("*")) == [".opencode", FILE]
    recorded = [Recorded(1, mission.id, 5.0, e.MissionStarted())]
    assert WorkspaceProjection(workspace).summary(mission, recorded) == (workspace / FILE).read_text("utf-8")
    assert WorkspaceProjection(workspace).page(mission, recorded).startswith("<!doctype html>")
    assert (workspace / FILE).read_text("utf-8").startswith("# Mission m-1\n")
    assert stat.S_IMODE((workspace / FILE).stat().st_mode) & 0o600 == 0o600


def test_a_stray_of_a_crash_is_taken_away(workspace: Path, mission: Mission, tmp_path: Path) -> None:
    (workspace / ".opencode").mkdir()
    outside = tmp_path / "outside"
    (workspace / ".opencode" / ".summary.md.new").symlink_to(outside)
    write(workspace, mission)
    assert not outside.exists()
    assert len(list((workspace / ".opencode").iterdir())) == 1


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
def test_a_symlinked_folder_is_refused(workspace: Path, mission: Mission, tmp_path: Path, *, inside: bool) -> None:
    target = (workspace if inside else tmp_path) / "elsewhere"
    target.mkdir()
    (workspace / ".opencode").symlink_to(target, target_is_directory=True)
    with pytest.raises(JournalError) as caught:
        write(workspace, mission)
    assert caught.value.code == "projection_refused"
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "dangling", "folder"])
def test_what_is_no_plain_file_is_refused(workspace: Path, mission: Mission, tmp_path: Path, kind: str) -> None:
    place = workspace / FILE
    place.parent.mkdir()
    target = tmp_path / "target"
    if kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(target)
        if kind == "link":
            target.write_text("mine")
    with pytest.raises(JournalError) as caught:
        write(workspace, mission)
    assert caught.value.code == "projection_refused"
    assert not target.exists() or target.read_text() == "mine"
    assert place.is_symlink() or place.is_dir()


def test_a_file_in_place_of_the_folder_and_a_lost_workspace(workspace: Path, mission: Mission) -> None:
    (workspace / ".opencode").write_text("a file")
    with pytest.raises(JournalError) as caught:
        write(workspace, mission)
    assert caught.value.code == "projection_refused"
    with pytest.raises(JournalError) as caught:
        write(workspace / "gone", mission)
    assert caught.value.code == "projection_unwritable"


def test_a_cut_is_said(workspace: Path, mission: Mission, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "MAX_PROJECTION_BYTES", 200)
    mission.text = "ü" * 500
    write(workspace, mission)
    content = (workspace / FILE).read_bytes()
    assert len(content) <= 200
    assert "Cut here" in content.decode("utf-8")


def test_a_path_that_is_no_utf_8_does_not_stop_the_list(workspace: Path, mission: Mission) -> None:
    mission.text = "bad \udcff byte"
    mission.status = MissionStatus.FAILED
    write(workspace, mission)
    assert "bad \N{REPLACEMENT CHARACTER} byte" in (workspace / FILE).read_text("utf-8")
