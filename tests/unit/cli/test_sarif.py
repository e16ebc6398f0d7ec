"""SARIF of `orchestrator lint`: the shape that the standard demands, and places that readers can trust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import CliRunner
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orchestrator.cli.lint import command

SOURCE = 'def f(x=[]):\n    "😀é"; return not x is None\n\n\nif x is "😀": f()\nif x is "😀": f()\n'


class Strict(BaseModel):
    """As the schema of SARIF 2.1.0: no property that it does not have (`additionalProperties: false`)."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)


class Text(Strict):
    text: str = Field(min_length=1)
    markdown: str | None = None


class Artifact(Strict):
    uri: str = Field(min_length=1)
    uri_base_id: str | None = None


class Region(Strict):
    start_line: int = Field(ge=1)
    start_column: int = Field(ge=1)
    end_line: int = Field(ge=1)
    end_column: int = Field(ge=1)


class Physical(Strict):
    artifact_location: Artifact
    region: Region | None = None


class Location(Strict):
    physical_location: Physical


class Content(Strict):
    text: str


class Replacement(Strict):
    deleted_region: Region
    inserted_content: Content


class Change(Strict):
    artifact_location: Artifact
    replacements: list[Replacement] = Field(min_length=1)


class Fix(Strict):
    description: Text
    artifact_changes: list[Change] = Field(min_length=1)


Level = Literal["none", "note", "warning", "error"]


class Found(Strict):
    rule_id: str
    rule_index: int = Field(ge=0)
    level: Level
    message: Text
    locations: list[Location] = Field(min_length=1, max_length=1)
    partial_fingerprints: dict[str, str] = Field(min_length=1)
    fixes: list[Fix] | None = Field(default=None, min_length=1)


class Tags(Strict):
    tags: list[str]


class Setting(Strict):
    level: Level


class Descriptor(Strict):
    id: str
    short_description: Text
    full_description: Text
    help: Text
    help_uri: str | None = None
    default_configuration: Setting
    properties: Tags | None = None


class Driver(Strict):
    name: str
    full_name: str
    semantic_version: str = Field(pattern=r"^\d+\.\d+\.\d+")
    rules: list[Descriptor]


class Tool(Strict):
    driver: Driver


class Notification(Strict):
    level: Level
    message: Text
    locations: list[Location] | None = None


class Invocation(Strict):
    execution_successful: bool
    tool_execution_notifications: list[Notification]
    tool_configuration_notifications: list[Notification] | None = None


class Base(Strict):
    uri: str = Field(pattern=r"^file:///.*/$")


class Run(Strict):
    tool: Tool
    column_kind: Literal["utf16CodeUnits"]
    original_uri_base_ids: dict[str, Base]
    invocations: list[Invocation]
    results: list[Found]


class Log(BaseModel):
    model_config = ConfigDict(extra="forbid")
    schema_uri: str = Field(alias="$schema")
    version: Literal["2.1.0"]
    runs: list[Run] = Field(min_length=1, max_length=1)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run_of(*words: str) -> Run:
    """The only run; every artifact is checked to be where it says."""
    result = CliRunner().invoke(command, ["--format", "sarif", *words])
    log: dict[str, Any] = json.loads(result.stdout)
    run = Log.model_validate(log).runs[0]
    base = run.original_uri_base_ids["SRCROOT"].uri
    for found in run.results:
        artifact = found.locations[0].physical_location.artifact_location
        uri = (base if artifact.uri_base_id else "") + artifact.uri
        assert Path(unquote(urlsplit(uri).path)).is_file()
        assert run.tool.driver.rules[found.rule_index].id == found.rule_id
    assert len({rule.id for rule in run.tool.driver.rules}) == len(run.tool.driver.rules)
    return run


def utf16(text: str, region: Region) -> str:
    """What a reader finds at a region that counts as SARIF does."""
    lines = text.split("\n")
    offset = sum(len(line.encode("utf-16-le")) + 2 for line in lines[: region.start_line - 1])
    start = offset + (region.start_column - 1) * 2
    offset = sum(len(line.encode("utf-16-le")) + 2 for line in lines[: region.end_line - 1])
    return text.encode("utf-16-le")[start : offset + (region.end_column - 1) * 2].decode("utf-16-le")


def test_columns_count_utf16_and_fixes_put_the_right_text_there() -> None:
    Path("a.py").write_text(SOURCE, encoding="utf-8")
    found = {one.rule_id: one for one in run_of("a.py").results}
    region = found["py-negated-is"].locations[0].physical_location.region
    assert region is not None
    assert utf16(SOURCE, region) == "not x is None"
    assert region.start_column == 19
    fixes = found["py-negated-is"].fixes
    assert fixes is not None
    change = fixes[0].artifact_changes[0].replacements[0]
    assert (utf16(SOURCE, change.deleted_region), change.inserted_content.text) == ("not x is None", "x is not None")
    assert found["py-mutable-default"].fixes is None


def test_a_byte_order_mark_is_no_column() -> None:
    Path("a.py").write_text("def f(x=[]):\n    return x\n", encoding="utf-8-sig")
    region = run_of("a.py").results[0].locations[0].physical_location.region
    assert region is not None
    assert (region.start_line, region.start_column) == (1, 9)


@pytest.mark.parametrize("name", ["a b#1.py", "ü/50%.py", "c:d.py", "q?.py"])
def test_uris_are_percent_encoded_and_relative_to_the_root(name: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("def f(x=[]):\n    return x\n", encoding="utf-8")
    artifact = run_of().results[0].locations[0].physical_location.artifact_location
    assert artifact.uri_base_id == "SRCROOT"
    assert unquote(artifact.uri) == name
    assert artifact.uri.isascii()
    assert not set(artifact.uri) & set(" #?:")


def test_a_file_outside_the_folder_has_a_whole_uri(tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other") / "a.py"
    other.write_text("def f(x=[]):\n    return x\n", encoding="utf-8")
    artifact = run_of(str(other)).results[0].locations[0].physical_location.artifact_location
    assert (artifact.uri, artifact.uri_base_id) == (other.as_uri(), None)


def test_fingerprints_stay_when_lines_move_and_tell_equal_findings_apart() -> None:
    def prints() -> list[str]:
        return sorted(print_ for one in run_of("a.py").results for print_ in one.partial_fingerprints.values())

    Path("a.py").write_text(SOURCE, encoding="utf-8")
    before = prints()
    Path("a.py").write_text("# moved\n\n" + SOURCE, encoding="utf-8")
    assert prints() == before
    assert len(set(before)) == len(before) == 4


def test_what_was_not_checked_is_a_notification() -> None:
    Path("a.py").write_text("x = 1\n", encoding="utf-8")
    Path("b.py").write_bytes(b"\xff\xfe")
    run = run_of()
    notes = run.invocations[0].tool_execution_notifications
    assert run.results == []
    assert run.invocations[0].execution_successful
    assert [
        (one.message.text, one.locations[0].physical_location.artifact_location.uri) for one in notes if one.locations
    ] == [("not checked: not utf-8", "b.py")]


def test_a_wrong_rule_is_said_and_the_others_run() -> None:
    Path("a.py").write_text("def f(x=[]):\n    return x\n", encoding="utf-8")
    Path("rules").mkdir()
    Path("rules/bad.yml").write_text("id: bad\nlanguage: Python\nrule: {patern: x}\n", encoding="utf-8")
    Path("sgconfig.yml").write_text("ruleDirs: [rules]\n", encoding="utf-8")
    run = run_of("a.py", "--config", "sgconfig.yml")
    assert [one.rule_id for one in run.results] == ["py-mutable-default"]
    assert not run.invocations[0].execution_successful
    notes = run.invocations[0].tool_configuration_notifications
    assert notes is not None
    assert "bad.yml:3:" in notes[0].message.text


def test_rules_say_what_to_do() -> None:
    Path("a.py").write_text("x = 1\n", encoding="utf-8")
    rules = {rule.id: rule for rule in run_of("a.py").tool.driver.rules}
    rule = rules["js-eval"]
    assert "JSON.parse" in rule.help.text
    assert "ast-grep-ignore: js-eval" in (rule.help.markdown or "")
    assert rule.default_configuration.level == "warning"
    assert rule.properties is not None
    assert rule.properties.tags == ["JavaScript"]
