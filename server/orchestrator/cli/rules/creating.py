"""`orchestrator rules new`: a rule to begin with, and its examples."""

from __future__ import annotations

import re
from pathlib import Path

import click

from orchestrator import native
from orchestrator.cli.rules import catalog
from orchestrator.errors import OrchestratorError

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_CALLS = frozenset({"python", "javascript", "typescript", "tsx", "rust", "go", "java", "kotlin", "ruby", "swift"})
"""Languages in which `name(...)` is a call."""
_RULE = """\
id: {id}
language: {language}
severity: warning
message: Say in one line what is wrong
note: >-
  Say why, and what to do instead.
rule:
  pattern: {old}
fix: {new}
"""
_TESTS = """\
id: {id}
valid:
- {new_example}
invalid:
- {old_example}
fixed:
- {new_example}
"""
_CONFIG = "ruleDirs:\n- {folder}\n"
_FOLDER = "rules"


@click.command(epilog="Example: orchestrator rules new no-print --language Python")
@click.argument("rule_id", metavar="ID")
@click.option("--language", required=True, help="The language of the rule, such as Python or TypeScript.")
@click.option(
    "--workspace", "-w", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path(),
    help="Where sgconfig.yml is, or will be.",
)  # fmt: skip
def new(rule_id: str, language: str, workspace: Path) -> None:
    """Write a rule and its examples to begin with, and name their folder in sgconfig.yml."""
    if not _ID.fullmatch(rule_id) or rule_id.endswith("-test"):
        raise OrchestratorError(
            "bad_rule", f"{rule_id!r} can't be the id of a rule", "letters, digits, - and _; not -test at its end"
        )
    rule, tests = _texts(rule_id, language)
    config = workspace / catalog.CONFIG_NAME
    folder = workspace / (_first_folder(config) if config.is_file() else _FOLDER)
    path = folder / f"{rule_id}.yml"
    beside = Path(catalog.test_name(str(path)))
    for taken in (path, beside):
        if taken.exists():
            raise OrchestratorError("rule_exists", f"{taken} is there already", "choose another id, or edit that file")
    folder.mkdir(parents=True, exist_ok=True)
    written = [path, beside]
    path.write_text(rule, encoding="utf-8")
    beside.write_text(tests, encoding="utf-8")
    if not config.is_file():
        config.write_text(_CONFIG.format(folder=_FOLDER), encoding="utf-8")
        written.append(config)
    for one in written:
        click.echo(f"written: {one}")
    click.echo(f"next: edit them, then orchestrator rules test {path}")


def _texts(rule_id: str, language: str) -> tuple[str, str]:
    """The two files; `bad_rule` when there is no such language, or no rule can be made for it this way."""
    is_call = language.lower() in _CALLS
    old, new_name = ("old_name($$$ARGS)", "new_name($$$ARGS)") if is_call else ("old_name", "new_name")
    rule = _RULE.format(id=rule_id, language=language, old=old, new=new_name)
    example = "{}(1, 2)" if is_call else "{}"
    tests = _TESTS.format(id=rule_id, old_example=example.format("old_name"), new_example=example.format("new_name"))
    try:
        native.RuleSet.from_yaml([(f"{rule_id}.yml", rule)])
    except native.RuleError as error:
        hint = "a language of ast-grep, such as Python, TypeScript, Tsx, JavaScript, Rust or Go"
        raise OrchestratorError("bad_rule", str(error), hint) from error
    return rule, tests


def _first_folder(config: Path) -> str:
    """The first of `ruleDirs`, as it is written: a list below the key, or one in brackets."""
    text = catalog.read_text(config)
    found = re.search(r"^ruleDirs:[ \t]*(?:\n[ \t]*-[ \t]*|\[[ \t]*)['\"]?([^'\"#,\]\n]+)", text, re.MULTILINE)
    if found is None:
        raise OrchestratorError("bad_rule", f"{config} names no folder in ruleDirs", f"add one: ruleDirs: [{_FOLDER}]")
    return found[1].strip()
