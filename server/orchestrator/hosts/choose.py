"""From the name that a user gave to a host."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import OrchestratorError
from orchestrator.hosts.builtin import BuiltinHost
from orchestrator.hosts.editor import EditorHost, HostedSessionRegister
from orchestrator.hosts.scripted import ScriptedHost
from orchestrator.ports.host import Host


def open_host(name: str, folder: Path, register: HostedSessionRegister) -> Host:
    """The host called `name`: "builtin", "editor", or "scripted:FILE" with FILE relative to `folder`.

    `register` knows the clients that host sessions.

    Raises OrchestratorError `unknown_host`, and `bad_script` for a script that can't be read.
    """
    kind, _, argument = name.partition(":")
    if kind == "builtin" and not argument:
        return BuiltinHost()
    if kind == "editor" and not argument:
        return EditorHost(register)
    if kind == "scripted" and argument:
        return ScriptedHost.load(folder / argument)
    raise OrchestratorError(
        "unknown_host",
        f"there is no host {name!r}",
        'hosts are "builtin", "editor" and "scripted:FILE" (docs/scripted-host.md)',
    )
