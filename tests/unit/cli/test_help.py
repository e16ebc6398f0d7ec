"""Help, completion and amounts: what the command line says before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from orchestrator.cli import group


def commands(one: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all below it."""
    yield path, one
    if isinstance(one, click.Group):
        context = click.Context(one)
        for name in one.list_commands(context):
            below = one.get_command(context, name)
            assert below is not None
            yield from commands(below, (*path, name))


EVERY = {" ".join(path): one for path, one in commands(group, ("orchestrator",))}


@pytest.mark.parametrize("path", EVERY)
def test_the_help_of_every_command_shows_an_example(path: str) -> None:
    shown = CliRunner().invoke(group, [*path.split()[1:], "--help"])
    assert shown.exit_code == 0
    said = " ".join(shown.output.split())
    assert path in said.partition("Example: ")[2], said


@pytest.mark.parametrize(
    ("option", "amount"),
    [
        ("--budget-usd", "nan"),
        ("--budget-usd", "inf"),
        ("--budget-usd", "1e308"),
        ("--budget-usd", "0"),
        ("--budget-usd", "-1"),
        ("--budget-tokens", "0"),
        ("--budget-tokens", "1000000000000001"),
        ("--budget-tokens", "1.5"),
    ],
)
@pytest.mark.parametrize("command", [["run", "x"], ["answer", "allow"]])
def test_amounts_that_no_mission_can_have_are_wrong_usage(command: list[str], option: str, amount: str) -> None:
    shown = CliRunner().invoke(group, [*command, f"{option}={amount}"])
    assert shown.exit_code == 2
    assert option in shown.output
