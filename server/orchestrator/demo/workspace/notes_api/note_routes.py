"""The /notes endpoints."""

from dataclasses import asdict
from http import HTTPStatus

from notes_api.messages import HttpError, Request, Response
from notes_api.router import Router
from notes_api.storage import NoteStore


class NoteRoutes:
    """List, add, read and delete the notes of the one who asks."""

    def __init__(self, notes: NoteStore) -> None:
        self._notes = notes

    def register(self, router: Router) -> None:
        """Add the endpoints to a router."""
        router.add("GET", "/notes", self.list)
        router.add("POST", "/notes", self.add)
        router.add("GET", "/notes/{note_id}", self.read)
        router.add("DELETE", "/notes/{note_id}", self.delete)

    def list(self, request: Request) -> Response:
        return Response(data=[asdict(note) for note in self._notes.of(request.user)])

    def add(self, request: Request) -> Response:
        note = self._notes.add(request.user, request.text_field("text"))
        return Response(HTTPStatus.CREATED, asdict(note), {"Location": f"/notes/{note.id}"})

    def read(self, request: Request, note_id: str) -> Response:
        note = self._notes.get(request.user, _number(note_id))
        if note is None:
            raise _unknown()
        return Response(data=asdict(note))

    def delete(self, request: Request, note_id: str) -> Response:
        if not self._notes.delete(request.user, _number(note_id)):
            raise _unknown()
        return Response(HTTPStatus.NO_CONTENT)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise _unknown()
    return int(text)


def _unknown() -> HttpError:
    return HttpError(HTTPStatus.NOT_FOUND, "you have no such note")
