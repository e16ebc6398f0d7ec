"""The async client of the mission server, for the command line and for tests.

`connect` starts a server and answers a `Client`; `RemoteError` is what the server refuses with.
"""

from orchestrator.client.connect import connect
from orchestrator.client.connection import Client
from orchestrator.client.errors import RemoteError, ServerGoneError

__all__ = ["Client", "RemoteError", "ServerGoneError", "connect"]
