"""Whether the readable files in the workspace say what the journal says: a part of `orchestrator audit`."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path

from orchestrator.config.places import SUMMARY_NAME, TODO_NAME
from orchestrator.domain.todo import REFUSED_MARK, render
from orchestrator.domain.todo_edits import parse
from orchestrator.journal.reader import JournalReader
from orchestrator.journal.summary import render_summary
from orchestrator.ports.journal import JournalError, Recorded

_TODO_OF = re.compile(r"^Mission (\S+): ", re.MULTILINE)
_SUMMARY_OF = re.compile(r"\A# Mission (\S+)\n")
_HEADER_LINES = 4
_PAGE = 1_000
_TRIES = 6
_WAIT_S = 0.5
"""A server writes the files a moment after the events; what differs is looked at again so often."""


def differing(workspace: Path, todo_base: Path, journal: Path) -> str:
    """Which file is not what the events say, in words; "" when none is. Raises JournalError.

    `todo_base` is the copy of `todo.md` that the server keeps, as it wrote it last: what a person has changed since is
    theirs. A file that is not there was removed by somebody, or never written; one whose mission retention has dropped
    can't be compared.
    """
    said = ""
    with JournalReader(journal) as reader:
        for number in range(_TRIES):
            if number:
                time.sleep(_WAIT_S)
            try:
                said = _todo(todo_base, reader) or _summary(workspace / SUMMARY_NAME, reader)
            except JournalError as error:
                if error.code != "events_archived":
                    raise
                return ""
            if not said:
                break
    return said


def _todo(base: Path, reader: JournalReader) -> str:
    text = _text(base)
    header = text.split("\n", _HEADER_LINES)[:_HEADER_LINES]
    found = _TODO_OF.search("\n".join(header))
    if found is None:
        return ""
    mission = reader.mission(found[1])
    if not mission.id:
        return f"{TODO_NAME} speaks of mission {found[1]}, which is not in the journal"
    kept = parse(text, mission.tasks.keys(), header).kept
    refused = [line.removeprefix(REFUSED_MARK) for line in text.splitlines() if line.startswith(REFUSED_MARK)]
    if render(mission, kept, refused) != text:
        return f"{TODO_NAME} is not what the events of mission {mission.id} say; a server writes it anew when it starts"
    return ""


def _summary(path: Path, reader: JournalReader) -> str:
    text = _text(path)
    found = _SUMMARY_OF.match(text)
    if found is None:
        return f"{SUMMARY_NAME} is not what a server wrote" if text else ""
    mission = reader.mission(found[1])
    if not mission.id:
        return f"{SUMMARY_NAME} speaks of mission {found[1]}, which is not in the journal"
    if not mission.status.is_terminal or render_summary(mission, _events(reader, mission.id)) == text:
        return ""
    return f"{SUMMARY_NAME} is not what the events of mission {mission.id} say"


def _events(reader: JournalReader, mission_id: str) -> list[Recorded]:
    events: list[Recorded] = []
    while page := reader.read(after_seq=events[-1].seq if events else 0, mission_id=mission_id, limit=_PAGE):
        events += page
    return events


def _text(path: Path) -> str:
    with suppress(FileNotFoundError):
        return path.read_text("utf-8", "replace")
    return ""
