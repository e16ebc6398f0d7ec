"""The bridge between WSGI and our requests and responses."""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from notes_api.messages import HttpError, Request, Response

MAX_BODY_BYTES = 64 * 1024
Answer = Callable[[Request], Response]


class WsgiApp:
    """A WSGI application around one function that answers requests."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        try:
            response = self._answer(_request(environ))
        except HttpError as error:
            response = Response(error.status, {"error": error.message}, error.headers)
        body = b"" if response.data is None else json.dumps(response.data).encode()
        headers = [("Content-Length", str(len(body))), *response.headers.items()]
        if body:
            headers.append(("Content-Type", "application/json"))
        start_response(f"{response.status.value} {response.status.phrase}", headers)
        return [body]


def _request(environ: dict[str, Any]) -> Request:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise HttpError(HTTPStatus.BAD_REQUEST, "the Content-Length is no number")
    if int(length) > MAX_BODY_BYTES:
        raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY_BYTES} bytes are read")
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    body = environ["wsgi.input"].read(int(length))
    return Request(environ["REQUEST_METHOD"], environ.get("PATH_INFO") or "/", headers, body)
