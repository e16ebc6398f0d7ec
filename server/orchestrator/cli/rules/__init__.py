"""`orchestrator rules`: what the style guardian looks for, and rules of your own. One command a module."""

from __future__ import annotations

import click

from orchestrator.cli.rules.creating import new
from orchestrator.cli.rules.listing import explain, list_rules, show
from orchestrator.cli.rules.testing import test
from orchestrator.cli.rules_learn import learn


@click.group("rules", epilog="Example: orchestrator rules explain py-mutable-default")
def command() -> None:
    """List, explain, test and write rules of the style guardian."""


for _command in (list_rules, show, explain, test, new, learn):
    command.add_command(_command)
