"""The /notes endpoints, asked by a known user."""

import json

import pytest

from notes_api.messages import HttpError, Request
from notes_api.note_routes import NoteRoutes
from notes_api.router import Router
from notes_api.storage import NoteStore


@pytest.fixture
def router():
    made = Router()
    NoteRoutes(NoteStore()).register(made)
    return made


def post(text):
    return Request("POST", "/notes", body=json.dumps({"text": text}).encode(), user="ada")


def test_a_note_can_be_added_and_read(router):
    made = router.answer(post("buy milk"))
    assert made.status == 201
    read = router.answer(Request("GET", made.headers["Location"], user="ada"))
    assert read.data["text"] == "buy milk"


def test_a_note_can_be_deleted(router):
    path = router.answer(post("soon gone")).headers["Location"]
    assert router.answer(Request("DELETE", path, user="ada")).status == 204
    with pytest.raises(HttpError) as caught:
        router.answer(Request("GET", path, user="ada"))
    assert caught.value.status == 404


def test_the_notes_of_others_are_unknown(router):
    path = router.answer(post("private")).headers["Location"]
    assert router.answer(Request("GET", "/notes", user="bob")).data == []
    with pytest.raises(HttpError) as caught:
        router.answer(Request("GET", path, user="bob"))
    assert caught.value.status == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"text": " "}', b'{"text": 1}'])
def test_a_note_needs_a_text(router, body):
    with pytest.raises(HttpError) as caught:
        router.answer(Request("POST", "/notes", body=body, user="ada"))
    assert caught.value.status == 400
