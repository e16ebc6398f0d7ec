"""`orchestrator config`: every setting with where it comes from, what is wrong, and the schema for editors."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from orchestrator.cli.workspace_option import json_option, workspace_option
from orchestrator.config.layers import Layer, Layered, Setting, load
from orchestrator.config.places import CONFIG_NAME, user_config_file
from orchestrator.config.problem import ConfigError
from orchestrator.reading import existing_places

_WRONG = 2


@click.group("config", epilog="Example: orchestrator config show --workspace ~/project")
def command() -> None:
    """Show and check the configuration: your own file, the workspace's, the environment."""


@command.command("show", epilog="Example: orchestrator config show --json")
@workspace_option
@json_option
def show(workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show every setting that holds here, and where its value comes from."""
    layered = load(existing_places(workspace).root)
    if is_json:
        document = {
            "settings": [_setting(setting) for setting in layered.settings.values()],
            "problems": [_problem(problem) for problem in layered.problems],
        }
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        _table(layered)
        _tell(layered.problems)
    sys.exit(_WRONG if layered.problems else 0)


@command.command("check", epilog="Example: orchestrator config check --workspace ~/project")
@workspace_option
@json_option
def check(workspace: Path, is_json: bool) -> None:  # noqa: FBT001 - as above
    """Name everything that is wrong with the configuration. Exit code 0: nothing, 2: something."""
    root = existing_places(workspace).root
    problems = load(root).problems
    if is_json:
        for problem in problems:
            click.echo(json.dumps(_problem(problem), ensure_ascii=False))
    elif problems:
        _tell(problems)
    else:
        for path in (user_config_file(), root / CONFIG_NAME):
            click.echo(f"{path}: {'ok' if path.exists() else 'not there, which is fine'}")
    sys.exit(_WRONG if problems else 0)


@command.command("schema", epilog="Example: orchestrator config schema > .opencode/orchestrator.schema.json")
def schema() -> None:
    """Print the JSON Schema of the configuration files, for editors."""
    from orchestrator.config.document import configuration_schema  # noqa: PLC0415 - reads the model's source

    click.echo(json.dumps(configuration_schema(), indent=2, ensure_ascii=False))


def _table(layered: Layered) -> None:
    rows = [(setting.key, _value(setting), setting.origin) for setting in layered.settings.values()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for setting, (key, value, origin) in zip(layered.settings.values(), rows, strict=True):
        line = f"{key:{widths[0]}}  {value:{min(widths[1], 40)}}  {origin}"
        click.echo(click.style(line, dim=setting.layer is Layer.DEFAULT))


def _value(setting: Setting) -> str:
    return json.dumps(setting.value, ensure_ascii=False)


def _setting(setting: Setting) -> dict[str, object]:
    return {
        "key": setting.key,
        "value": setting.value,
        "layer": setting.layer.value,
        "source": setting.source,
        "line": setting.line,
    }


def _problem(problem: ConfigError) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "key": problem.key,
        "message": problem.what,
        "hint": problem.hint,
    }


def _tell(problems: tuple[ConfigError, ...]) -> None:
    for problem in problems:
        click.secho(f"error: {problem.message}", fg="red", err=True)
        click.echo(f"hint: {problem.hint}", err=True)
