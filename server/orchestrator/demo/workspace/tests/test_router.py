"""Routes by method and path."""

import pytest

from notes_api.messages import HttpError, Request, Response
from notes_api.router import Router


@pytest.fixture
def router():
    made = Router()
    made.add("GET", "/things/{name}", lambda request, name: Response(data=name))
    return made


def test_a_part_of_the_path_becomes_an_argument(router):
    assert router.answer(Request("GET", "/things/lamp")).data == "lamp"


@pytest.mark.parametrize("path", ["/", "/things", "/things/", "/things/a/b", "/thingsxlamp"])
def test_other_paths_are_unknown(router, path):
    with pytest.raises(HttpError) as caught:
        router.answer(Request("GET", path))
    assert caught.value.status == 404


def test_other_methods_are_named(router):
    with pytest.raises(HttpError) as caught:
        router.answer(Request("PUT", "/things/lamp"))
    assert caught.value.status == 405
    assert caught.value.headers == {"Allow": "GET"}
