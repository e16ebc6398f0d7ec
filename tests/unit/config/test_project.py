"""The configuration file of a workspace: what it may say, and how its errors lead to the right line."""

from __future__ import annotations

import pytest

from orchestrator.config.project import MAX_CONFIG_CHARACTERS, ConfigError, read_project_config
from orchestrator.jsonc import FieldLines

SOURCE = ".opencode/orchestrator.jsonc"


def problem(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_project_config(text, SOURCE)
    return caught.value


@pytest.mark.parametrize("text", ["", "  \n", "// nothing yet\n", "/* none */", "{}"])
def test_nothing_said_gives_the_defaults(text: str) -> None:
    config = read_project_config(text, SOURCE)
    assert config.checks is None
    assert config.setup == []
    assert (config.limits.max_iterations, config.limits.session_timeout_s) == (20, 1_800)


def test_all_keys_with_comments_and_trailing_commas() -> None:
    text = """{
      // how this project is judged
      "$schema": "https://example.invalid/schema.json",
      "checks": [
        {"name": "unit", "command": "python -m pytest -q", "when": "attempt", "timeout_s": 60},
        {"name": "build", "command": "make"}, /* the rest by default */
      ],
      "setup": ["npm ci"],
      "limits": {"max_iterations": 5},
    }"""
    config = read_project_config(text, SOURCE)
    assert config.checks is not None
    unit, build = config.checks
    assert (unit.name, unit.command, unit.when, unit.timeout_s) == ("unit", "python -m pytest -q", "attempt", 60)
    assert (build.when, build.timeout_s) == ("merge", 600)
    assert config.setup == ["npm ci"]
    assert config.limits.max_iterations == 5


def test_an_empty_list_of_checks_is_not_the_same_as_none() -> None:
    assert read_project_config('{"checks": []}', SOURCE).checks == []


def test_a_misspelt_key_is_answered_with_the_nearest() -> None:
    error = problem('{\n  "checks": [\n    {"name": "a",\n     "comand": "x"}\n  ]\n}')
    assert error.code == "wrong_configuration"
    assert error.line in {3, 4}
    misspelt = problem('{\n  "checks": [\n    {"name": "a", "command": "x",\n     "timeout": 3}\n  ]\n}')
    assert (misspelt.line, misspelt.key) == (4, "checks[0].timeout")
    assert "timeout_s" in misspelt.hint
    top = problem('{\n\n  "chekcs": []\n}')
    assert (top.file, top.line, top.key) == (SOURCE, 3, "chekcs")
    assert "'checks'" in top.hint
    assert f"{SOURCE}:3" in str(top)


def test_an_unlike_key_lists_the_known_ones() -> None:
    assert "limits" in problem('{"zzzz": 1}').hint


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ('{"checks": [\n{"name": "a", "command": "  "}]}', 2, "checks[0].command"),
        ('{"checks": [\n{"name": "a",\n "command": "x", "when": "never"}]}', 3, "checks[0].when"),
        ('{"checks": [{"name": "a", "command": "x",\n "timeout_s": "5"}]}', 2, "checks[0].timeout_s"),
        ('{"checks": [{"name": "a", "command": "x",\n "timeout_s": 0}]}', 2, "checks[0].timeout_s"),
        ('{"checks": [\n\n{"name": "a"}]}', 3, "checks[0].command"),
        ('{"limits":\n {"max_iterations": 21}}', 2, "limits.max_iterations"),
        ('{"setup": ["x",\n 3]}', 2, "setup[1]"),
        ('{\n"checks": {}}', 2, "checks"),
        ('\n["checks"]', 2, ""),
    ],
)
def test_a_wrong_value_names_line_and_key(text: str, line: int, key: str) -> None:
    error = problem(text)
    assert (error.line, error.key) == (line, key)


def test_two_checks_of_one_name() -> None:
    text = '{"checks": [{"name": "a", "command": "x"},\n{"name": "a", "command": "y"}]}'
    error = problem(text)
    assert (error.line, error.key) == (2, "checks[1].name")


def test_broken_text_names_the_line() -> None:
    assert problem('{"setup": [],\n "checks" []}').line == 2
    assert "Duplicate" in str(problem('{"setup": [], "setup": []}'))


def test_hostile_texts_end_in_an_error() -> None:
    problem("[" * 20_000)
    problem(" " * (MAX_CONFIG_CHARACTERS + 1))


def test_lines_of_keys_survive_strings_that_look_like_marks() -> None:
    lines = FieldLines('{\n"a": "x{]:,",\n"b": [1,\n{"c": 2}]}')
    assert (lines.line(("a",)), lines.line(("b", 0)), lines.line(("b", 1, "c"))) == (2, 3, 4)
