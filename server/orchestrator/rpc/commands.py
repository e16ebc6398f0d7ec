"""`workspace/executeCommand`: every method of the server for clients that speak plain LSP alone."""

from __future__ import annotations

from typing import Any, Final, cast

from orchestrator.rpc import message
from orchestrator.rpc.message import Request
from orchestrator_protocol.methods import commands

EXECUTE: Final = "workspace/executeCommand"
FIX_RULE: Final = "orchestrator.fixRule"
"""The command that fixes one rule in the whole workspace; its argument is the id of the rule."""
NAMES: Final = (*commands(), FIX_RULE)
"""All commands, as `initialize` lists them."""


def meant(request: Request) -> Request | str:
    """The call that a command stands for: the command's name as its method, its one argument as its params.

    Answers what is wrong with the command instead, where something is.
    """
    try:
        params = request.params
    except ValueError:
        return "text in params is no UTF-8"
    if not isinstance(params, dict):
        return "params must be an object with named fields"
    fields = cast("dict[str, Any]", params)
    name, arguments = fields.get("command"), cast("list[Any] | None", fields.get("arguments"))
    if not isinstance(name, str) or name not in NAMES:
        return f"params.command: there is no command {str(name)[:100]!r}"
    if arguments is not None and (not isinstance(arguments, list) or len(arguments) > 1):  # pyright: ignore[reportUnnecessaryIsInstance] - it comes from a client
        return "params.arguments: a command takes one argument, the object of the method's params"
    return Request(request.id, name, message.encode(arguments[0] if arguments else None))
