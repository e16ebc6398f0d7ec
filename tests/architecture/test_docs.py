"""What the pages say is so: links lead somewhere, commands exist, examples are valid."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from functools import cache
from pathlib import Path

import click
import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from orchestrator import native
from orchestrator.cli import group
from orchestrator.config.model import CheckConfig, CommandLimits, Config, Hook, Provider
from orchestrator.config.project import ProjectConfig, read_project_config
from orchestrator.config.settings import kinds, section_of
from orchestrator.domain.events import EVENT_TYPES
from orchestrator_protocol.event import MissionEvent
from orchestrator_protocol.methods import METHODS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("docs/*.md"), ROOT / "README.md"])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"^(?:\s*\$ |\s*)(?:\.venv/bin/)?(orchestrator [^|&>\n]+)", re.MULTILINE)
INLINE = re.compile(r"(?<!`)`(?:\.venv/bin/)?(orchestrator [^`\n]+)`(?!`)")
PLACEHOLDER = re.compile(r"^[A-Z]+$")
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, *languages: str) -> list[str]:
    """The fenced blocks of these languages."""
    return [body for language, body in FENCE.findall(text_of(path)) if language in languages]


def doc(name: str) -> Path:
    return ROOT / "docs" / name


# Links.


@cache
def anchors(path: Path) -> set[str]:
    """The anchors that the headings of a page get."""
    prose = FENCE.sub("", text_of(path))
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@each_page
def test_links_lead_somewhere(path: Path) -> None:
    lost: list[str] = []
    for target in LINK.findall(FENCE.sub("", text_of(path))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        place = path.parent / file if file else path
        if not place.exists() or (anchor and anchor not in anchors(place)):
            lost.append(target)
    assert not lost


def test_the_link_test_sees_links() -> None:
    assert len(LINK.findall(text_of(doc("cli.md")))) > 5


# Commands.


def shown_commands(path: Path) -> list[tuple[str, bool]]:
    """The command lines of a page, and whether one is only mentioned in a sentence."""
    text = text_of(path)
    whole = [line for body in blocks(path, "sh", "bash", "console", "text", "") for line in COMMAND.findall(body)]
    prose = FENCE.sub("", text)
    whole += [line for part in re.findall(r"^    .+$", prose, re.MULTILINE) for line in COMMAND.findall(part)]
    return [(line, False) for line in whole] + [(line, True) for line in INLINE.findall(prose)]


def problem_of(line: str, *, is_mention: bool) -> str:
    """Why click would refuse the line ("" when it would not)."""
    name, *arguments = shlex.split(line, comments=True)[1:]
    if PLACEHOLDER.match(name):
        return ""
    try:
        if name.startswith("-"):
            group.make_context("orchestrator", [name])
            return ""
        command = group.get_command(click.Context(group), name)
        if command is None:
            return f"there is no command {name}"
        command.make_context(name, arguments)
    except click.exceptions.Exit:
        return ""
    except click.MissingParameter as missing:
        return "" if is_mention else missing.format_message()
    except click.UsageError as refusal:
        return refusal.format_message()
    return ""


@each_page
def test_shown_commands_exist(path: Path) -> None:
    problems = [
        f"{line}: {why}"
        for line, is_mention in shown_commands(path)
        if (why := problem_of(line, is_mention=is_mention))
    ]
    assert not problems


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("orchestrator fly", "no command"),
        ("orchestrator run x --fast", "No such option"),
        ("orchestrator run x --deliver pigeon", "pigeon"),
        ("orchestrator run", "Missing argument"),
    ],
)
def test_a_wrong_command_is_noticed(line: str, why: str) -> None:
    assert why in problem_of(line, is_mention=False)


def test_every_command_and_option_is_explained() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##)", text_of(doc("cli.md")), re.MULTILINE | re.DOTALL))
    context = click.Context(group)
    assert sorted(sections) == sorted(group.list_commands(context))
    missing: list[str] = []
    for name, section in sections.items():
        command = group.get_command(context, name)
        assert command is not None
        options = [opt for param in command.params for opt in param.opts if opt.startswith("--")]
        missing += [f"{name} {opt}" for opt in options if opt != "--workspace" and opt not in section]
        assert f"    orchestrator {name}" in section
    assert not missing


# Configuration.


@pytest.mark.parametrize("path", [doc("configuration.md"), doc("checks.md"), ROOT / "README.md"], ids=lambda p: p.name)
def test_configuration_examples_are_valid(path: Path) -> None:
    for example in blocks(path, "jsonc"):
        config = read_project_config(example, path.name)
        assert config != ProjectConfig()


def test_there_is_a_configuration_example() -> None:
    assert blocks(doc("configuration.md"), "jsonc")


def config_section(key: str) -> str:
    """What the page says of a key of the top level."""
    return text_of(doc("configuration.md")).partition(f"\n## {key}\n")[2].partition("\n## ")[0]


def shown_default(field: FieldInfo) -> str:
    """A default as the page writes it."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return f"{value:,}" if isinstance(value, int) else f'"{value}"' if isinstance(value, str) else "none"


def test_every_setting_is_explained() -> None:
    missing = [kind.key for kind in kinds().values() if not config_section(kind.path[0])]
    models: list[tuple[str, type[BaseModel]]] = [
        (name, section) for name, field in Config.model_fields.items() if (section := section_of(field))
    ]
    rows = [("checks", CheckConfig), ("hooks", Hook), ("providers", Provider), ("limits", CommandLimits), *models]
    for key, model in rows:
        for name, field in model.model_fields.items():
            row = next((line for line in config_section(key).splitlines() if line.startswith(f"| `{name}` |")), "")
            if f"| {shown_default(field)} |" not in row.replace("`", "") and not section_of(field):
                missing.append(f"{key}.{name}")
    assert not missing


# Other examples.


@each_page
def test_json_examples_are_json(path: Path) -> None:
    for body in blocks(path, "json"):
        for line in body.splitlines():
            json.loads(line)


def test_rule_examples_compile_and_find() -> None:
    source = b"class A:\n    x = OldClient(1)\n\n\nprint(A)\n"
    rules = [body for body in blocks(doc("guardian.md"), "yaml") if body.startswith("id:")]
    own = native.RuleSet.from_yaml([(f"example {number}", body) for number, body in enumerate(rules)])
    found = {finding.rule_id: finding.replacement for finding in native.lint_text(own, "src/a.py", source).findings}
    assert found == {"no-print": None, "old-client": "Client(1)"}


def test_suppression_example_is_silent() -> None:
    example = next(body for body in blocks(doc("guardian.md"), "python") if "ast-grep-ignore" in body)
    rules = native.RuleSet.builtin()
    loud = re.sub(r" *# ast-grep-ignore.*", "", example)
    assert [f.rule_id for f in native.lint_text(rules, "a.py", loud.encode()).findings] == ["py-class-object-base"] * 2
    assert not native.lint_text(rules, "a.py", example.encode()).findings


@each_page
def test_named_rules_exist(path: Path) -> None:
    known = {rule.rule_id for rule in native.RuleSet.builtin().rules()}
    assert set(re.findall(r"`((?:py|js|ts|tsx)-[a-z]+(?:-[a-z]+)*)`", text_of(path))) <= known


def test_the_words_of_confinement_are_explained() -> None:
    source = text_of(ROOT / "rust/crates/launcher/src/main.rs")
    function = source.partition("fn level(")[2].partition("\n}")[0]
    words = set(re.findall(r'"([a-z]+)"', function))
    assert {"pidns", "landlock"} <= words
    assert words == set(
        re.findall(r"^\| `(\w+)` \|", text_of(doc("checks.md")).partition("## Confinement")[2], re.MULTILINE)
    )


def frames() -> list[tuple[str, dict[str, object]]]:
    """The frames of the transcript: direction and message."""
    found = re.findall(r"^    ([<>]) (\{.+\})$", text_of(doc("protocol.md")), re.MULTILINE)
    return [(direction, json.loads(body)) for direction, body in found]


def test_the_transcript_follows_the_protocol() -> None:
    asked: dict[object, str] = {}
    seen: set[str] = set()
    for direction, message in frames():
        method = str(message.get("method", ""))
        if direction == ">":
            asked[message.get("id")] = method
            if method in METHODS and message["id"] != 5:  # the fifth shows a refusal
                METHODS[method].params.model_validate(message["params"])
        elif method:
            event = MissionEvent.model_validate(message["params"])
            names = {to_camel(field.name) for field in dataclasses.fields(EVENT_TYPES[event.type])}
            assert set(event.data) == names, event.type
            seen.add(event.type)
        elif "result" in message and (known := METHODS.get(asked[message["id"]])) and known.result:
            known.result.model_validate(message["result"])
    assert {"mission.accepted", "plan.accepted", "gate.judged", "mission.sealed", "mission.delivered"} <= seen
