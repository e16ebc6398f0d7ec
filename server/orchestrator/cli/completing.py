"""What the shell is offered for missions and tasks; nothing when there is none or they can't be read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from orchestrator.domain.mission import Mission

_TITLE_CHARACTERS = 60


def mission_ids(context: click.Context, _parameter: click.Parameter, beginning: str) -> list[CompletionItem]:
    """Missions of the workspace, newest first."""
    return _items([(mission.id, mission.text) for mission in reversed(_missions(context))], beginning)


def task_ids(context: click.Context, _parameter: click.Parameter, beginning: str) -> list[CompletionItem]:
    """Tasks of the mission on the line, else of the newest."""
    from orchestrator.reading import find_mission  # noqa: PLC0415 - loads the journal, when somebody completes a task

    try:
        # An option that still lacks its value keeps click from placing the words before it.
        named = context.params.get("mission") or next(iter(context.args), "")
        mission = find_mission(_missions(context), named)
    except OrchestratorError:
        return []
    return _items([(task.spec.id, task.spec.title) for task in mission.tasks.values()], beginning)


def _items(found: Iterable[tuple[str, str]], beginning: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only a shell that completes loads it

    return [CompletionItem(name, help=_short(text)) for name, text in found if name.startswith(beginning)]


def _missions(context: click.Context) -> list[Mission]:
    from orchestrator.reading import read_missions  # noqa: PLC0415 - as above

    try:
        return read_missions(Path(context.params.get("workspace") or Path()))
    except OrchestratorError:
        return []  # a shell that completes has no place for an error


def _short(text: str) -> str:
    return " ".join(text.split())[:_TITLE_CHARACTERS]
