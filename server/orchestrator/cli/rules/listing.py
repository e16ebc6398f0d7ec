"""`orchestrator rules list`, `show` and `explain`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from orchestrator.cli.lint_report import STYLES
from orchestrator.cli.rules import catalog
from orchestrator.cli.rules.catalog import Entry
from orchestrator.cli.rules.page import fix_word, page

_config = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An sgconfig.yml with rules of your own; by default that of this folder.",
)
_json = click.option("--json", "is_json", is_flag=True, help="One JSON object a rule.")


@click.command("list", epilog="Example: orchestrator rules list --language python")
@_config
@click.option("--language", help="Only rules of this language, such as Python.")
@_json
def list_rules(config: Path | None, language: str | None, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """List all rules that are on."""
    found = catalog.load(config)
    rules = [rule for rule in found.rules if language is None or rule.language.lower() == language.lower()]
    console = Console(highlight=False, soft_wrap=True)
    width = max((len(rule.rule_id) for rule in rules), default=0)
    for rule in rules:
        entry = Entry(rule, is_builtin=catalog.is_builtin(rule), yaml="", examples=())
        if is_json:
            click.echo(json.dumps(_facts(entry), ensure_ascii=False))
            continue
        line = Text(f"{rule.rule_id:{width}}  {rule.language:10}  ")
        line.append(f"{rule.severity:7}", style=STYLES[rule.severity])
        line.append(f"  {'' if fix_word(entry) == 'none' else fix_word(entry):7}  {rule.message}")
        console.print(line)
    catalog.say_problems(found.problems)
    if not is_json:
        own = sum(not catalog.is_builtin(rule) for rule in rules)
        console.print(Text(f"{len(rules)} rules, {own} of your own", style="dim"))


@click.command(epilog="Example: orchestrator rules show py-mutable-default")
@click.argument("rule_id", metavar="RULE")
@_config
@_json
def show(rule_id: str, config: Path | None, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Show a rule as it is written."""
    found = catalog.load(config)
    for number, entry in enumerate(found.named(rule_id)):
        if is_json:
            click.echo(json.dumps({**_facts(entry), "yaml": entry.yaml}, ensure_ascii=False))
            continue
        origin = "built in" if entry.is_builtin else entry.rule.source_name
        click.echo(f"{'---' + chr(10) if number else ''}# {origin}\n{entry.yaml}", nl=False)
    catalog.say_problems(found.problems)


@click.command(epilog="Example: orchestrator rules explain py-mutable-default")
@click.argument("rule_id", metavar="RULE")
@_config
@_json
def explain(rule_id: str, config: Path | None, is_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say why a rule is there, with examples, its fix, and how to silence it."""
    found = catalog.load(config)
    entries = found.named(rule_id)
    if is_json:
        for entry in entries:
            click.echo(json.dumps({**_facts(entry), "examples": _examples(entry)}, ensure_ascii=False))
    else:
        click.echo(page(entries), nl=False)
    catalog.say_problems(found.problems)


def _facts(entry: Entry) -> dict[str, object]:
    rule = entry.rule
    return {
        "id": rule.rule_id,
        "language": rule.language,
        "severity": rule.severity,
        "message": rule.message,
        "note": rule.note,
        "fix": fix_word(entry),
        "url": rule.url,
        "isBuiltin": entry.is_builtin,
        "source": rule.source_name,
    }


def _examples(entry: Entry) -> list[dict[str, object]]:
    return [{"isValid": one.is_valid, "source": one.source, "fixed": one.fixed} for one in entry.examples]
