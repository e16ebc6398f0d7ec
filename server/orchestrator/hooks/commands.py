"""Hooks that are commands of the user's own configuration, run through the launcher."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
from anyio import to_thread

from orchestrator.domain.events import EVENT_NAMES
from orchestrator.hooks.order import Hook, Phase
from orchestrator.ports.journal import Recorded
from orchestrator.ports.launcher import Command, Launcher

_log = logging.getLogger(__name__)
_OUTPUT_CAP_BYTES: Final = 20_000
_SHOWN_CHARACTERS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where commands run: the workspace's root, what they see of the environment, and a folder for their events."""

    launcher: Launcher
    root: str
    environment: Mapping[str, str]
    events: Path


def command_hook(
    place: Place, *, name: str, on: str, command: str, phase: Phase, after: tuple[str, ...], timeout_s: float
) -> Hook:
    """A hook that runs a shell line with the event as JSON on its standard input.

    The line is the user's own, so it may write what the user may; its processes are reaped like those of any command.
    """
    return Hook(name, on, partial(_run, place, name, command, timeout_s), phase, (), after, timeout_s)


async def _run(place: Place, name: str, line: str, timeout_s: float, recorded: Recorded) -> None:
    file = await to_thread.run_sync(_written, place.events, recorded)
    try:
        command = Command(
            # Commands have an empty standard input; the shell opens the event for this one.
            argv=("/bin/sh", "-c", f'exec <"$1"; {line}', name, file),
            cwd=place.root,
            env=dict(place.environment),
            timeout_s=timeout_s,
            output_cap_bytes=_OUTPUT_CAP_BYTES,
        )
        outcome = await place.launcher.run(command)
    finally:
        await to_thread.run_sync(partial(Path(file).unlink, missing_ok=True))
    if outcome.exit_code != 0 or outcome.is_timed_out:
        ended = "at its deadline" if outcome.is_timed_out else f"with {outcome.exit_code or outcome.signal}"
        said = outcome.output.decode("utf-8", "replace")[-_SHOWN_CHARACTERS:]
        _log.warning("hook %s ended %s: %s", name, ended, said.strip())


def _written(folder: Path, recorded: Recorded) -> str:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    event = {
        "seq": recorded.seq,
        "mission_id": recorded.mission_id,
        "at_s": recorded.at_s,
        "type": EVENT_NAMES[type(recorded.event)],
        "data": recorded.event,
    }
    handle, name = tempfile.mkstemp(dir=folder, prefix="event-", suffix=".json")
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(event) + b"\n")
    return name
