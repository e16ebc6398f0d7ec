"""`orchestrator serve`: what editors start."""

from __future__ import annotations

import sys

import anyio
import click


@click.command("serve", epilog="Editors start this; `orchestrator run` does too.")
def command() -> None:
    """Serve one client: JSON-RPC with Content-Length frames on stdin and stdout, until the client leaves."""
    from orchestrator.app import serve_stdio  # noqa: PLC0415 - the engine is loaded by this command alone

    sys.exit(anyio.run(serve_stdio))
