"""Requests, responses and errors, free of WSGI."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

ANONYMOUS = "anonymous"


class HttpError(Exception):
    """An answer that is not a success; `headers` go out with it."""

    def __init__(self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Request:
    """What a client asks. `user` is who asks, as far as that is known."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    user: str = ANONYMOUS

    def json_object(self) -> dict[str, object]:
        """The body as a JSON object; anything else is a bad request."""
        try:
            value = json.loads(self.body)
        except ValueError:
            raise HttpError(HTTPStatus.BAD_REQUEST, "the body is not JSON") from None
        if not isinstance(value, dict):
            raise HttpError(HTTPStatus.BAD_REQUEST, "the body is not a JSON object")
        return value

    def text_field(self, name: str) -> str:
        """A string in the body that is not empty."""
        value = self.json_object().get(name)
        if not isinstance(value, str) or not value.strip():
            raise HttpError(HTTPStatus.BAD_REQUEST, f"{name} must be a text that is not empty")
        return value


@dataclass(frozen=True)
class Response:
    """What a client gets; `data` is sent as JSON unless it is None."""

    status: HTTPStatus = HTTPStatus.OK
    data: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
