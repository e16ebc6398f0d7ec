"""One mission of the workspace, by the name that a person gave: on the server, or in the journal where none runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestrator.cli.standing import ENDED
from orchestrator.client.plain import plain_running, plain_shared
from orchestrator.errors import OrchestratorError
from orchestrator.reading import existing_places, find_id, find_mission, read_missions

if TYPE_CHECKING:
    from pydantic import BaseModel

    from orchestrator.domain.mission import Mission
    from orchestrator_protocol.plain.asking import Ask
    from orchestrator_protocol.plain.shapes import MissionSummary

_T = TypeVar("_T")


@contextmanager
def on_mission(workspace: Path, wanted: str, *, is_active: bool) -> Generator[tuple[Ask, str]]:
    """A way to ask the workspace's server, started where none runs, and the id of the mission that is meant.

    "" means the newest mission; with `is_active` the one that is under way, if one is. Raises OrchestratorError.
    """
    if not existing_places(workspace).journal.exists():
        find_id([], wanted)  # says that there is none, and starts nothing for it
    with plain_shared(workspace, say_on_stderr) as client:
        yield client.ask, _meant(client.ask, wanted, is_active=is_active)


def act(workspace: Path, wanted: str, do: Callable[[Ask, str], _T], *, is_active: bool) -> tuple[str, _T]:
    """Ask the server something about one mission; the mission's id and the answer. Raises OrchestratorError."""
    with on_mission(workspace, wanted, is_active=is_active) as (ask, mission_id):
        return mission_id, do(ask, mission_id)


def look(workspace: Path, wanted: str, do: Callable[[Ask, str], _T], read: Callable[[Mission], _T]) -> _T:
    """What the server says about one mission, or, where none runs, what the journal says. Starts nothing."""
    with plain_running(existing_places(workspace)) as client:
        if client is not None:
            try:
                return do(client.ask, _meant(client.ask, wanted, is_active=False))
            except OrchestratorError as error:
                if error.code != "unknown_mission":
                    raise
                # the journal also finds older missions than those that are listed by the beginning of their id
    return read(find_mission(read_missions(workspace), wanted))


def plain(view: BaseModel) -> Any:  # noqa: ANN401 - the shape of the same name
    """What was read from the journal, as the server would have sent it."""
    return view.model_dump(mode="json", by_alias=True)


def say_on_stderr(text: str) -> None:
    """For what is said to people beside a command's output."""
    click.echo(text, err=True)


def print_json(result: object) -> None:
    """An answer as one line, for programs."""
    click.echo(json.dumps(result, ensure_ascii=False, separators=(",", ":")))


def _meant(ask: Ask, wanted: str, *, is_active: bool) -> str:
    missions = ask("mission/list", {})["missions"]
    if not wanted and is_active and (found := _active(missions)):
        return found
    return listed_id(missions, wanted)


def listed_id(missions: Sequence[MissionSummary], wanted: str) -> str:
    """The id that a name means among the missions that a server lists. Raises OrchestratorError as `find_id` does."""
    try:
        return find_id([mission["missionId"] for mission in missions], wanted)
    except OrchestratorError as error:
        if error.code != "unknown_mission" or not wanted:
            raise
        return wanted  # older missions than those that are listed are known to the server by their whole id


def _active(missions: Sequence[MissionSummary]) -> str:
    """The mission that is under way; those behind it are queued."""
    idle = {"queued", *ENDED}
    return next((mission["missionId"] for mission in missions if mission["status"] not in idle), "")
