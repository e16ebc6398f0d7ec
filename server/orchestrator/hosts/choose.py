"""From the name that a user gave to a host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from orchestrator.config.model import Config
from orchestrator.errors import OrchestratorError
from orchestrator.hosts.builtin import BuiltinHost
from orchestrator.hosts.editor import EditorHost, HostedSessionRegister
from orchestrator.hosts.model.chain import chains_of
from orchestrator.hosts.model.host import ModelHost
from orchestrator.hosts.opencode.host import OpenCodeHost
from orchestrator.hosts.opencode.program import HeadlessOpenCode
from orchestrator.hosts.scripted import ScriptedHost
from orchestrator.ports.host import Host


def open_host(
    name: str,
    *,
    folder: Path,
    register: HostedSessionRegister,
    headless: HeadlessOpenCode,
    configuration: Callable[[], Config],
    pages: Path,
) -> Host:
    """The host called `name`: "builtin", "editor", "opencode", "model", or "scripted:FILE", relative to `folder`.

    `register` knows the clients that host sessions; `headless` starts one; `configuration` reads the user's own
    settings, for the models; below `pages` long conversations put what no longer fits into them.

    Raises OrchestratorError `unknown_host`, `no_model`, and `bad_script` for a script that can't be read.
    """
    kind, _, argument = name.partition(":")
    if kind == "builtin" and not argument:
        return BuiltinHost()
    if kind == "editor" and not argument:
        return EditorHost(register)
    if kind == "opencode" and not argument:
        return OpenCodeHost(register, headless)
    if kind == "model" and not argument:
        return ModelHost(chains_of(configuration()), pages)
    if kind == "scripted" and argument:
        return ScriptedHost.load(folder / argument)
    raise OrchestratorError(
        "unknown_host",
        f"there is no host {name!r}",
        'hosts are "builtin", "model" (docs/models.md), "editor", "opencode" (docs/opencode.md), '
        'and "scripted:FILE" (docs/scripted-host.md)',
    )
