"""The async client of the mission server, for the command line and for tests.

`connect_shared` answers a `Client` of the workspace's server, `lasting` one that survives lost connections; `connect`
starts a server as a child. `RemoteError` is what the server refuses with.
"""

from orchestrator.client.connect import connect
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
