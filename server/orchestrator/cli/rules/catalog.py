"""The rules that there are: the built-in pack and, where a configuration names some, those of a workspace."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import click

from orchestrator import native
from orchestrator.cli.lint_report import place_of
from orchestrator.errors import OrchestratorError

CONFIG_NAME = "sgconfig.yml"
"""What a workspace's configuration of rules is called."""
_MAX_BYTES = 1024 * 1024
_BORDER = re.compile(r"^---.*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule in one language with its YAML text and its checked examples."""

    rule: native.Rule
    is_builtin: bool
    yaml: str
    examples: tuple[native.Example, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The rules that are on, in the order of their ids, and what is wrong with others."""

    rules: tuple[native.Rule, ...]
    problems: tuple[native.RuleProblem, ...]

    def named(self, rule_id: str) -> list[Entry]:
        """The rule in each language that has it. `unknown_rule` when there is none."""
        found = [entry_of(rule) for rule in self.rules if rule.rule_id == rule_id]
        if not found:
            near = get_close_matches(rule_id, [rule.rule_id for rule in self.rules], n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(near)}?" if near else "`orchestrator rules list` shows them"
            raise OrchestratorError("unknown_rule", f"there is no rule {rule_id!r}", hint)
        return found


def load(config: Path | None) -> Catalog:
    """The built-in rules and those of a configuration: the one that is named, else the one in this folder."""
    builtin = native.RuleSet.builtin()
    if config is None and not Path(CONFIG_NAME).is_file():
        return Catalog(_ordered(builtin.rules()), ())
    own = read_config(config or Path(CONFIG_NAME))
    return Catalog(_ordered(builtin.merged(own).rules()), tuple(own.problems))


def read_config(path: Path) -> native.RuleSet:
    """The rules of a configuration; `bad_rule` when the file itself can't be used."""
    try:
        return native.RuleSet.from_config(str(path.resolve()))
    except native.RuleError as error:
        raise OrchestratorError("bad_rule", str(error)) from error


def _ordered(rules: Sequence[native.Rule]) -> tuple[native.Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: (rule.rule_id, rule.language)))


def entry_of(rule: native.Rule) -> Entry:
    """A rule with what its files say; examples that can't be read are left out."""
    files, tests = _builtin_files()
    if is_builtin(rule):
        examples = _examples(rule, files[rule.source_name], tests.get(test_name(rule.source_name), ""))
        return Entry(rule, is_builtin=True, yaml=_document(files[rule.source_name], rule), examples=examples)
    yaml = read_text(Path(rule.source_name))
    beside = Path(test_name(rule.source_name))
    examples = _examples(rule, yaml, read_text(beside) if beside.is_file() else "")
    return Entry(rule, is_builtin=False, yaml=_document(yaml, rule), examples=examples)


def is_builtin(rule: native.Rule) -> bool:
    """Whether a rule is of the pack in the wheel."""
    return rule.source_name in _builtin_files()[0]


@cache
def _builtin_files() -> tuple[dict[str, str], dict[str, str]]:
    files, tests = native.builtin_files()
    return dict(files), dict(tests)


def test_name(source_name: str) -> str:
    """The file of the examples of a rule file: `no-print-test.yml` beside `no-print.yml`."""
    stem, dot, ending = source_name.rpartition(".")
    return f"{stem}-test{dot}{ending}"


def _examples(rule: native.Rule, yaml: str, tests: str) -> tuple[native.Example, ...]:
    """Needs the rule's own file only; without its shared parts it can't be compiled, and shows no examples."""
    if not tests:
        return ()
    try:
        checked = native.RuleSet.from_yaml([(rule.source_name, yaml)]).check_examples(rule.source_name, tests)
    except native.RuleError:
        return ()
    return tuple(one for one in checked if (one.rule_id, one.language) == (rule.rule_id, rule.language))


def _document(yaml: str, rule: native.Rule) -> str:
    """The part of a file that is this rule."""
    documents = [part for part in _BORDER.split(yaml) if part.strip()]
    is_language = re.compile(rf"^language:\s*['\"]?{re.escape(rule.language)}\b", re.MULTILINE | re.IGNORECASE)
    is_rule = re.compile(rf"^id:\s*['\"]?{re.escape(rule.rule_id)}['\"]?\s*$", re.MULTILINE)
    named = [part for part in documents if is_rule.search(part)] or documents
    return next((part for part in named if is_language.search(part)), named[0]).strip("\n") + "\n"


def read_text(path: Path) -> str:
    """A YAML file of a workspace, at most 1 MB. `bad_rule` when it can't be read."""
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise OrchestratorError("bad_rule", f"{path} is larger than {_MAX_BYTES} bytes")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OrchestratorError("bad_rule", f"{path} can't be read: {error}") from error


def say_problems(problems: Sequence[native.RuleProblem]) -> None:
    """Wrong rules, one a line on stderr, each with its place."""
    for problem in problems:
        click.echo(place_of(problem), err=True)
