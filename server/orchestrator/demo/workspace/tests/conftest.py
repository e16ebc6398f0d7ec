"""A client that talks WSGI to an app, without a socket."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from notes_api.app import create_app


@dataclass
class Answer:
    """A response as a client sees it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


class Client:
    """Sends requests to one app."""

    def __init__(self, app: Callable[..., Any]) -> None:
        self._app = app

    def send(self, method: str, path: str, data: object = None, *, token: str = "", body: bytes | None = None) -> Answer:
        sent = body if body is not None else (b"" if data is None else json.dumps(data).encode())
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": io.BytesIO(sent),
        }
        if token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        seen: list[Any] = []
        chunks = self._app(environ, lambda status, headers: seen.extend([status, headers]))
        return Answer(int(seen[0].split()[0]), dict(seen[1]), b"".join(chunks))


@pytest.fixture
def client() -> Client:
    return Client(create_app())
