"""The registry of errors: name, JSON-RPC code, meaning, and whether the same request may succeed later.

An error on the wire is `{code, message, data: {code: NAME, hint}}`. Names are stable; numbers below -32000 are those of
JSON-RPC and LSP, those from 1000 on are ours. A name without an entry travels as `orchestrator_error` with its own
name in `data.code`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One registered error. `is_retry_useful`: the same request may succeed later with nothing else changed."""

    name: str
    code: int
    meaning: str
    is_retry_useful: bool = False


_REGISTRY = (
    ErrorKind("parse_error", -32700, "The body of a frame is not JSON."),
    ErrorKind("invalid_request", -32600, "The message is no request, or not allowed now (batch, after shutdown)."),
    ErrorKind("method_not_found", -32601, "The server has no such method."),
    ErrorKind("invalid_params", -32602, "The parameters do not fit; the message names the field."),
    ErrorKind("internal_error", -32603, "A defect of the server; its log says more."),
    ErrorKind("not_initialized", -32002, "`initialize` must come first."),
    ErrorKind("request_cancelled", -32800, "The client cancelled the request.", is_retry_useful=True),
    ErrorKind("server_closing", -32802, "The server ends before the request was done.", is_retry_useful=True),
    ErrorKind("orchestrator_error", 1000, "An error without an entry of its own; `data.code` names it."),
    ErrorKind("server_busy", 1001, "Too many requests of this connection are under way.", is_retry_useful=True),
    ErrorKind("result_too_large", 1002, "The result does not fit into a frame; ask for less."),
    ErrorKind("no_workspace", 1010, "`initialize` named no folder, so there is nothing to run a mission in."),
    ErrorKind("no_such_workspace", 1011, "The folder does not exist."),
    ErrorKind("not_a_folder", 1012, "The workspace is not a folder."),
    ErrorKind("workspace_too_large", 1013, "The workspace holds more than the server takes."),
    ErrorKind("journal_locked", 1020, "Another server owns this workspace.", is_retry_useful=True),
    ErrorKind("journal_corrupt", 1021, "The event store does not verify."),
    ErrorKind("journal_unwritable", 1023, "The event store can't be written."),
    ErrorKind("journal_timeout", 1024, "The event store did not answer in time.", is_retry_useful=True),
    ErrorKind("journal_closed", 1025, "The event store is closed: the server is ending."),
    ErrorKind("journal_too_new", 1026, "A newer version wrote the event store; use that version."),
    ErrorKind("shadow_unusable", 1027, "The shadow repository in the state directory can't be used."),
    ErrorKind("disk_full", 1022, "No room left on the disk.", is_retry_useful=True),
    ErrorKind("empty_mission", 1100, "The mission has no text."),
    ErrorKind("unknown_mission", 1101, "No mission of this workspace has that id."),
    ErrorKind("unknown_task", 1102, "The mission has no task with that id."),
    ErrorKind("unknown_host", 1103, "No such host, or it is not configured."),
    ErrorKind("mission_not_active", 1104, "The mission has ended."),
    ErrorKind("mission_active", 1105, "The mission is still running.", is_retry_useful=True),
    ErrorKind("nothing_to_deliver", 1106, "The mission has no work yet."),
    ErrorKind("invalid_plan", 1107, "The plan is not valid."),
    ErrorKind("queue_full", 1110, "Too many missions wait already.", is_retry_useful=True),
    ErrorKind("stop_timeout", 1111, "The mission did not end in time.", is_retry_useful=True),
    ErrorKind("delivery_failed", 1112, "The work could not be brought to the user; it stays on the mission's ref."),
    ErrorKind("bad_script", 1108, "The scripted host's file is malformed; line and field are named."),
    ErrorKind("wrong_configuration", 1109, "The workspace's configuration is wrong; file and key are named."),
)

ERRORS: dict[str, ErrorKind] = {kind.name: kind for kind in _REGISTRY}
"""Every registered error by its name."""

NAMES: dict[int, str] = {kind.code: kind.name for kind in _REGISTRY}
"""The name of every registered code."""


def code_of(name: str) -> int:
    """The JSON-RPC code for an error's name; unregistered names get the code of `orchestrator_error`."""
    return ERRORS.get(name, ERRORS["orchestrator_error"]).code
