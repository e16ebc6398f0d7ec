"""What can go wrong for a client."""

from __future__ import annotations

from typing import Any, cast

from orchestrator.errors import OrchestratorError
from orchestrator_protocol.errors import NAMES


class RemoteError(OrchestratorError):
    """The server refused a request. `code` is the registered name, `data` the facts that it gave."""

    @classmethod
    def of(cls, error: object) -> RemoteError:
        """From the `error` of a reply, whatever it holds."""
        fields = cast("dict[str, Any]", error) if isinstance(error, dict) else {}
        data = fields.get("data")
        detail = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        name = detail.get("code") or NAMES.get(fields.get("code", 0), "orchestrator_error")
        facts = {key: value for key, value in detail.items() if key not in {"code", "hint"}}
        reason = str(fields.get("message", "the server gave no reason"))
        return cls(str(name), reason, str(detail.get("hint", "")), data=facts)


class ServerGoneError(OrchestratorError):
    """The server ended, or broke the protocol, while it was needed."""

    def __init__(self, reason: str, stderr_tail: str = "") -> None:
        """Show the last lines that the server wrote beside the reason."""
        said = f"; its last lines were:\n{stderr_tail}" if stderr_tail else ""
        super().__init__("server_gone", reason + said, "start it again; `orchestrator doctor` looks for the cause")
