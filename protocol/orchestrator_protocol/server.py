"""The server itself."""

from __future__ import annotations

from orchestrator_protocol.wire import RequestParams, Result


class ClientHealth(Result):
    """One connection. `outgoing_bytes` wait for it to read; `is_behind` when it gets summaries instead of events."""

    client_id: str
    name: str
    pending_requests: int
    outgoing_bytes: int
    is_behind: bool


class ServerHealthResult(Result):
    """How the server is.

    `is_shared`: it serves the workspace for all clients and outlives them; else it serves one client alone.
    `uptime_s` in seconds; `memory_bytes` is resident memory, null where the system does not tell; `missions` counts
    missions by status; `waiting_missions` is how many are queued.
    """

    version: str
    protocol_version: int
    pid: int
    workspace: str
    is_shared: bool
    uptime_s: float
    memory_bytes: int | None
    missions: dict[str, int]
    waiting_missions: int
    clients: list[ClientHealth]


class ServerHealthParams(RequestParams[ServerHealthResult]):
    """Ask how the server is. Errors: no_workspace."""
