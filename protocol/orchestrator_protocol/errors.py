"""The registry of errors: name, JSON-RPC code, meaning, and whether the same request may succeed later.

An error on the wire is `{code, message, data: {code: NAME, hint, …}}`; some have more facts in `data`. Names are
stable; numbers below -32000 are those of JSON-RPC and LSP, those from 1000 on are ours. A name without an entry travels
as `orchestrator_error` with its own name in `data.code`.
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
    ErrorKind("protocol_mismatch", 1030, "Client and server speak different versions of the protocol; upgrade one."),
    ErrorKind("wrong_workspace", 1031, "The server that was reached serves another workspace."),
    ErrorKind("server_unreachable", 1032, "The workspace's server can't be started or reached.", is_retry_useful=True),
    ErrorKind("socket_unsafe", 1033, "The socket, or the folder that holds it, belongs to somebody else."),
    ErrorKind("network_state_dir", 1034, "The state directory is on a network file system, which can't hold it."),
    ErrorKind("server_outdated", 1035, "An older server runs here and can't be replaced now.", is_retry_useful=True),
    ErrorKind("client_gone", 1036, "The client that should have answered has left."),
    ErrorKind("client_silent", 1037, "The client did not answer in time.", is_retry_useful=True),
    ErrorKind("client_refused", 1038, "The client answered with an error or with something that does not fit."),
    ErrorKind("client_too_slow", 1039, "This client did not read what was sent to it; the connection is closed."),
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
    ErrorKind(
        "plan_conflict",
        1120,
        "The plan is at another version than the one that was seen; `data.version` is the current.",
        is_retry_useful=True,
    ),
    ErrorKind("already_answered", 1121, "The question was answered before; the message names the answer that counts."),
    ErrorKind("unknown_question", 1122, "The mission asks no such thing (any more)."),
    ErrorKind("no_plan", 1123, "The mission has no plan yet.", is_retry_useful=True),
    ErrorKind("already_paused", 1124, "It is held already."),
    ErrorKind("not_paused", 1125, "Nothing holds it."),
    ErrorKind("mission_closed", 1126, "A sealed or undone mission can't be tried again."),
    ErrorKind("task_running", 1127, "The task runs; stop it first.", is_retry_useful=True),
    ErrorKind("task_closed", 1128, "The task has ended."),
    ErrorKind(
        "changed_since", 1129, "Files were changed since the delivery; the message names them. Nothing was undone."
    ),
    ErrorKind("nothing_to_undo", 1130, "Nothing of it stands in the workspace."),
    ErrorKind("built_upon", 1131, "Later work changed the same places."),
    ErrorKind("budget_exhausted", 1132, "A limit is reached and nobody raised it."),
    ErrorKind("unknown_session", 1133, "The server runs no such session."),
    ErrorKind("unknown_reservation", 1134, "Nothing is reserved under that id."),
    ErrorKind("unknown_job", 1135, "The mission has no such job."),
    ErrorKind("unknown_rule", 1136, "No rule has that id."),
    ErrorKind("unknown_language", 1137, "The core knows no such language."),
    ErrorKind("bad_pattern", 1138, "The pattern can't be read; the message says where."),
    ErrorKind("limit_too_low", 1140, "The limit is below what is used already."),
    ErrorKind(
        "events_archived",
        1141,
        "These events were dropped from the archive, which has a size cap; `mission/list` still knows the mission.",
    ),
    ErrorKind(
        "undo_failed", 1142, "Writing failed while it was undone; what was done was put back.", is_retry_useful=True
    ),
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
