"""What was asked and answered over each transport and by each client library, while the suite runs.

`COUNTS` belongs to this process; the conformance `conftest` hands each test's share on with its report, so that the sum
is right also where several processes run the tests.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

COUNTS: Counter[tuple[str, str]] = Counter()
"""By transport or library, and "requests", "replies", "unanswered" or "crashes"."""
PYTHON, COMMANDS, STOCK = "Python client", "command line", "pygls client"
NAMES = ("requests", "replies", "unanswered", "crashes")


def watch_libraries(patch: pytest.MonkeyPatch) -> None:
    """Count what client libraries ask from now on."""
    from orchestrator.client.connection import Client  # noqa: PLC0415 - only where clients are tested
    from orchestrator.client.plain import PlainClient  # noqa: PLC0415 - as above

    call, ask = Client.call, PlainClient._ask

    async def counted_call(client: Client, method: str, params: object) -> object:
        with _Asked(PYTHON):
            return await call(client, method, params)

    def counted_ask(client: PlainClient, method: str, params: object) -> Any:
        with _Asked(COMMANDS):
            return ask(client, method, params)

    patch.setattr(Client, "call", counted_call)
    patch.setattr(PlainClient, "_ask", counted_ask)
    if "pygls.protocol" in sys.modules:
        _watch_pygls(patch)


def _watch_pygls(patch: pytest.MonkeyPatch) -> None:
    from pygls.protocol import JsonRPCProtocol  # noqa: PLC0415 - half a second of import

    send: Callable[..., Any] = JsonRPCProtocol.send_request

    def counted(protocol: Any, *args: Any, **more: Any) -> Any:
        COUNTS[STOCK, "requests"] += 1
        future = send(protocol, *args, **more)
        future.add_done_callback(
            lambda done: COUNTS.update({(STOCK, "unanswered" if done.cancelled() else "replies"): 1})
        )
        return future

    patch.setattr(JsonRPCProtocol, "send_request", counted)


class _Asked:
    """One request of a client library. A server that ends takes its requests along: those are not counted as asked."""

    def __init__(self, who: str) -> None:
        self._who = who

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from orchestrator.client.errors import RemoteError  # noqa: PLC0415 - as above

        if error is None or isinstance(error, RemoteError):
            COUNTS[self._who, "requests"] += 1
            COUNTS[self._who, "replies"] += 1
        elif isinstance(error, TimeoutError):
            COUNTS[self._who, "requests"] += 1
            COUNTS[self._who, "unanswered"] += 1
