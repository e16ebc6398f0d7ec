"""Notes belong to their owners."""

import pytest

from notes_api.storage import NoteStore


@pytest.fixture
def notes():
    return NoteStore()


def test_notes_come_back_in_order(notes):
    notes.add("ada", "one")
    notes.add("ada", "two")
    assert [note.text for note in notes.of("ada")] == ["one", "two"]


def test_an_owner_sees_only_their_own(notes):
    note = notes.add("ada", "mine")
    assert notes.of("bob") == []
    assert notes.get("bob", note.id) is None
    assert not notes.delete("bob", note.id)
    assert notes.get("ada", note.id) == note


def test_a_deleted_note_is_gone(notes):
    note = notes.add("ada", "short-lived")
    assert notes.delete("ada", note.id)
    assert notes.get("ada", note.id) is None
    assert not notes.delete("ada", note.id)
