"""Clients of the mission server, for the command line and for tests.

Async ones: `connect_shared` answers a `Client` of the workspace's server, `lasting` one that survives lost connections,
`connect` starts a server as a child. `RemoteError` is what the server refuses with. A blocking one for a command that
asks, prints and ends is in `orchestrator.client.plain`, which loads next to nothing; so the others are loaded when they
are named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.client.child import connect
    from orchestrator.client.connection import Client
    from orchestrator.client.errors import RemoteError, ServerGoneError
    from orchestrator.client.shared import LastingClient, connect_running, connect_shared, lasting

__all__ = [
    "Client",
    "LastingClient",
    "RemoteError",
    "ServerGoneError",
    "connect",
    "connect_running",
    "connect_shared",
    "lasting",
]

_HOMES = {"connect": "child", "Client": "connection", "RemoteError": "errors", "ServerGoneError": "errors"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'shared')}"), name)
