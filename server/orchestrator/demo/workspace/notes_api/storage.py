"""Where notes are kept: in memory, each with its owner."""

import itertools
import threading
from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """One note of one owner."""

    id: int
    owner: str
    text: str


class NoteStore:
    """All notes. Safe to use from several threads; an owner only ever sees their own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._notes: dict[int, Note] = {}

    def add(self, owner: str, text: str) -> Note:
        """Keep a new note."""
        with self._lock:
            note = Note(next(self._ids), owner, text)
            self._notes[note.id] = note
        return note

    def of(self, owner: str) -> list[Note]:
        """The notes of an owner, oldest first."""
        with self._lock:
            return [note for note in self._notes.values() if note.owner == owner]

    def get(self, owner: str, note_id: int) -> Note | None:
        """One note of an owner, None when there is no such note or it belongs to somebody else."""
        with self._lock:
            note = self._notes.get(note_id)
        return note if note is not None and note.owner == owner else None

    def delete(self, owner: str, note_id: int) -> bool:
        """Whether the owner had this note; it is gone then."""
        with self._lock:
            note = self._notes.get(note_id)
            if note is None or note.owner != owner:
                return False
            del self._notes[note_id]
        return True
