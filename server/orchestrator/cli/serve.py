"""`orchestrator serve`: what editors start."""

from __future__ import annotations

import os
import sys

import click


@click.command(
    "serve",
    epilog="Example: orchestrator serve. Editors start this; they and the command line share one server a workspace.",
)
@click.option("--in-process", is_flag=True, help="Serve this client alone, in this process; its missions end with it.")
def command(in_process: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Connect a client on stdin and stdout to the server of its workspace, which is started where none runs.

    JSON-RPC with Content-Length frames, until the client leaves. Missions go on without it.
    """
    if in_process or os.name == "nt":
        if not in_process:
            click.echo("a shared server is not supported yet on Windows: this one serves you alone", err=True)
        from orchestrator.serving import serve_in_process  # noqa: PLC0415 - the engine is loaded by this command alone

        sys.exit(serve_in_process())
    from orchestrator.daemon.proxy import run  # noqa: PLC0415 - as above

    sys.exit(run())
