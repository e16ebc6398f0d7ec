"""A worker that tampers with what judges it never gets a seal, and is told why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tampering_attempts import ATTEMPTS
from tampering_court import Case, make_project, play
from tampering_honest import HONEST
from tampering_projects import PROJECTS


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """One workspace for each kind of project, so that what is known of its base is found out once."""
    folder = tmp_path_factory.mktemp("projects")
    made: dict[str, Path] = {}

    def workspace(kind: str) -> Path:
        if kind not in made:
            made[kind] = make_project(folder / kind, *PROJECTS[kind])
        return made[kind]

    return workspace


@pytest.fixture(autouse=True)
def shared_state(
    workspaces: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The cases of a worker process share a state directory."""
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path_factory.getbasetemp() / "tampering-state"))


@pytest.mark.parametrize("case", ATTEMPTS, ids=lambda case: case.name)
def test_tampering_is_never_sealed(tmp_path: Path, workspaces: Callable[[str], Path], case: Case) -> None:
    ended = play(tmp_path, workspaces(case.kind), case)
    assert not ended.is_sealed, ended.told
    assert not case.rules or ended.rules & set(case.rules), ended.told
    assert ended.told


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case.name)
def test_honest_work_is_sealed(tmp_path: Path, workspaces: Callable[[str], Path], case: Case) -> None:
    ended = play(tmp_path, workspaces(case.kind), case)
    assert ended.is_sealed, ended.told


def test_there_are_enough_attempts() -> None:
    assert len({case.name for case in ATTEMPTS}) >= 45
    assert len({case.name for case in HONEST}) >= 8
