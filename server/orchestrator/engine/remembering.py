"""What a session hands on to those after it: its decisions and failed approaches, as notes of the mission."""

from __future__ import annotations

from orchestrator.domain.decide import MAX_NOTE_CHARACTERS, MAX_SESSION_NOTES
from orchestrator.domain.events import NoteTaken
from orchestrator.domain.words import NoteKind
from orchestrator.engine.ledger import Ledger
from orchestrator.ports.host import Reply, SessionSpec

MAX_OF_ONE = 20
"""Notes that one answer may leave."""


async def remember(ledger: Ledger, spec: SessionSpec, reply: Reply) -> None:
    """Record what the answer says that others must know; what is known already, or finds no room, is left out."""
    mission = ledger.mission
    known = {(note.kind, note.text) for note in mission.session_notes}
    said = [
        *((NoteKind.DECISION, text) for text in reply.decisions),
        *((NoteKind.FAILED_APPROACH, text) for text in reply.failed_approaches),
    ]
    fresh = dict.fromkeys((kind, text.strip()[:MAX_NOTE_CHARACTERS]) for kind, text in said if text.strip())
    room = max(MAX_SESSION_NOTES - len(mission.session_notes), 0)
    notes = [NoteTaken(spec.session_id, spec.task_id, *one) for one in fresh if one not in known]
    if notes := notes[: min(room, MAX_OF_ONE)]:
        await ledger.note(*notes)
