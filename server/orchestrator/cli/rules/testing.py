"""`orchestrator rules test`: rules against their examples."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from orchestrator import native
from orchestrator.cli.rules import catalog
from orchestrator.errors import OrchestratorError

_ENDINGS = (".yml", ".yaml")
_MAX_FILES = 10_000


@dataclass(slots=True)
class _Tally:
    """What was tested so far."""

    example_count: int = 0
    failed: list[native.Example] = field(default_factory=list["native.Example"])
    errors: list[str] = field(default_factory=list[str])
    without_examples: list[Path] = field(default_factory=list[Path])
    file_count: int = 0


@click.command(epilog="Example: orchestrator rules test rules/no-print.yml")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
def test(paths: tuple[Path, ...]) -> None:
    """Hold rule files, or all of a folder, against the examples beside them.

    The examples of RULE.yml are in RULE-test.yml. Exit code 0: all hold, 1: one does not, or a file is wrong.
    """
    tally = _Tally()
    for path in _rule_files(paths or (Path(),)):
        _test_file(path, tally)
    if not tally.file_count:
        raise OrchestratorError(
            "nothing_checked", "there is no rule file here", "name a rule file, or a folder of them"
        )
    console = Console(highlight=False, soft_wrap=True)
    for example in tally.failed:
        console.print(_failure(example))
    for error in tally.errors:
        console.print(Text(error, style="red"))
    for path in tally.without_examples:
        console.print(
            Text(f"{path}: not tested, there is no {Path(catalog.test_name(str(path))).name}", style="yellow")
        )
    console.print(Text(_summary(tally), style="dim"))
    sys.exit(1 if tally.failed or tally.errors else 0)


def _summary(tally: _Tally) -> str:
    parts = [f"{tally.file_count} rule files", f"{tally.example_count} examples", f"{len(tally.failed)} failed"]
    if tally.without_examples:
        parts.append(f"{len(tally.without_examples)} not tested")
    if tally.errors:
        parts.append(f"{len(tally.errors)} wrong")
    return ", ".join(parts)


def _rule_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The rule files below paths: YAML that is neither a test nor, by its name, a configuration."""
    count = 0
    for path in paths:
        below = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.suffix in _ENDINGS)
        for file in below:
            if path.is_dir() and (file.stem.endswith("-test") or not _looks_like_rule(file)):
                continue
            if (count := count + 1) > _MAX_FILES:
                raise OrchestratorError("bad_rule", f"more than {_MAX_FILES} rule files", "name fewer")
            yield file


def _looks_like_rule(path: Path) -> bool:
    """In a folder there may be any YAML; a rule has a language and a rule at its top."""
    lines = catalog.read_text(path).splitlines()
    return any(line.startswith("language:") for line in lines) and any(line.startswith("rule:") for line in lines)


def _test_file(path: Path, tally: _Tally) -> None:
    tally.file_count += 1
    beside = Path(catalog.test_name(str(path)))
    try:
        rules = _rules_of(path)
        if not beside.is_file():
            tally.without_examples.append(path)
            return
        examples = rules.check_examples(str(beside), catalog.read_text(beside))
    except native.RuleError as error:
        tally.errors.append(str(error))
        return
    tally.example_count += len(examples)
    tally.failed += [one for one in examples if one.problem]


def _rules_of(path: Path) -> native.RuleSet:
    """The file alone; where a configuration above it names it, with the parts that its rules share."""
    full = path.resolve()
    config = next((up / catalog.CONFIG_NAME for up in full.parents if (up / catalog.CONFIG_NAME).is_file()), None)
    if config is not None:
        configured = catalog.read_config(config)
        if any(Path(rule.source_name) == full for rule in configured.rules()):
            return configured
    return native.RuleSet.from_yaml([(str(path), catalog.read_text(path))])


def _failure(example: native.Example) -> Text:
    """What went wrong with an example; the difference where its fix makes something else."""
    text = Text(f"{example.rule_id} ({example.language}): {example.problem}\n", style="bold red")
    if example.expected is None or example.expected == example.fixed:
        text.append("".join(f"    {line}\n" for line in example.source.splitlines()), style="not bold default")
        return text
    made = (example.fixed if example.fixed is not None else example.source).splitlines()
    for line in unified_diff(example.expected.splitlines(), made, "expected", "made by the fix", lineterm=""):
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[0], "default")
        text.append(f"    {line}\n", style=f"not bold {style}")
    return text
