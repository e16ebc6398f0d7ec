"""Which handler answers a request."""

import re
from collections.abc import Callable
from http import HTTPStatus

from notes_api.messages import HttpError, Request, Response

Handler = Callable[..., Response]


class Router:
    """Routes by method and path; "{name}" in a path stands for one part and becomes an argument."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Let `handler` answer this method on this path."""
        parts = re.split(r"\{(\w+)\}", path)
        pattern = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
        self._routes.append((method, re.compile(pattern), handler))

    def answer(self, request: Request) -> Response:
        """The handler's response; 404 for an unknown path, 405 for a method that the path does not have."""
        methods: list[str] = []
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            if method == request.method:
                return handler(request, **match.groupdict())
            methods.append(method)
        if methods:
            allow = ", ".join(sorted(methods))
            raise HttpError(HTTPStatus.METHOD_NOT_ALLOWED, f"allowed here: {allow}", {"Allow": allow})
        raise HttpError(HTTPStatus.NOT_FOUND, "there is nothing at this path")
