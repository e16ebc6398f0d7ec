"""Runs a script: `python -m orchestrator.testing.provider SCRIPT.json [--port N]`; the first line says where."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import click

from orchestrator.errors import OrchestratorError
from orchestrator.testing.provider.script import Script, load_script
from orchestrator.testing.provider.server import FakeProvider


@click.command()
@click.argument("script", type=click.Path(path_type=Path))
@click.option("--port", type=int, default=0, help="Port on loopback; 0 takes a free one.")
def main(script: Path, port: int) -> None:
    """Serve SCRIPT until SIGINT or SIGTERM. The first line of output is JSON with `url` and `root_url`."""
    try:
        loaded = load_script(script)
    except OrchestratorError as error:
        raise click.ClickException(f"{error.message} ({error.hint})") from error
    endings = {signal.SIGINT, signal.SIGTERM}
    # Before any thread starts: threads inherit the mask, and a signal that one of them took would end the process.
    signal.pthread_sigmask(signal.SIG_BLOCK, endings)
    provider = FakeProvider(Script(loaded), tuple(loaded.models), port)
    provider.start()
    click.echo(json.dumps({"url": provider.url, "root_url": provider.root_url}))
    sys.stdout.flush()
    signal.sigwait(endings)
    provider.stop()


main()
