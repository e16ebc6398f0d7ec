"""The configuration file of a workspace: what it may say, and how its errors lead to the right line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.project import ConfigError, read_project_config
from orchestrator.config.reading import MAX_CONFIG_CHARACTERS, read_document
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
    assert (error.line, error.hint) == (4, "did you mean 'command'?")
    misspelt = problem('{\n  "checks": [\n    {"name": "a", "command": "x",\n     "timeout": 3}\n  ]\n}')
    assert (misspelt.line, misspelt.key) == (4, "checks[0].timeout")
    assert "timeout_s" in misspelt.hint
    top = problem('{\n\n  "chekcs": []\n}')
    assert (top.file, top.line, top.key) == (SOURCE, 3, "chekcs")
    assert "'checks'" in top.hint
    assert f"{SOURCE}:3" in str(top)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{"limit": {}}', "'limits'"),
        ('{"limits": {"slot": 1}}', "'slots'"),
        ('{"limits": {"commands": {"process": 1}}}', "'processes'"),
        ('{"slots": 1}', "'limits.slots'"),
        ('{"money_use": 1}', "'budget.money_usd'"),
        ('{"providers": {"a": {"api_key": "x"}}}', "'key'"),
        ('{"providers": {"a": {"baseurl": "x"}}}', "'base_url'"),
        ('{"hooks": [{"name": "a", "on": "mission.ended", "commnd": "x"}]}', "'command'"),
        ('{"models": {"workers": ["a/b"]}}', "'worker'"),
        ('{"tools": {"reviewr": []}}', "'reviewer'"),
    ],
)
def test_the_nearest_right_key_is_named(text: str, hint: str) -> None:
    hints = [found.hint for found in read_document(text, SOURCE).problems]
    assert any(hint in given for given in hints), hints


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
        ('{"limits":\n {"max_iterations": 101}}', 2, "limits.max_iterations"),
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
    for depth in (200, 450, 600, 900):
        problem("[" * depth + "]" * depth)
        problem('{"a":' * depth + "// x\n1" + "}" * depth)
    problem(" " * (MAX_CONFIG_CHARACTERS + 1))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1", "0x10000000000000000000"])
def test_numbers_that_are_none(number: str) -> None:
    assert problem(f'{{"budget": {{"money_usd": {number}}}}}').key == "budget.money_usd"


PIECES = [
    "{", "}", "[", "]", ":", ",", '"limits"', '"slots"', '"checks"', '"$schema"', "null", "true", "NaN", "3", "-1.5",
    "'x'", "name", "//", "/*", "*/", "\n", "\\", '"', "\ufeff", "\x00", "é", " ",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_gives_data_or_problems_with_a_place(text: str) -> None:
    document = read_document(text, SOURCE)
    assert not (document.data and document.problems)
    assert all(found.hint and found.message.startswith(SOURCE) for found in document.problems)


def test_lines_of_keys_survive_strings_that_look_like_marks() -> None:
    lines = FieldLines('{\n"a": "x{]:,",\n"b": [1,\n{"c": 2}]}')
    assert (lines.line(("a",)), lines.line(("b", 0)), lines.line(("b", 1, "c"))) == (2, 3, 4)


def test_columns_are_named() -> None:
    error = problem('{\r\n  "setup": [],\r\n  "limits": {"slotz": 1}\r\n}')
    assert (error.line, error.column) == (3, 14)
    assert f"{SOURCE}:3:14: " in error.message
    broken = problem('{\n  "setup": [],\n  "checks" []}')
    assert (broken.line, broken.column) == (3, 12)


def test_a_byte_order_mark_and_windows_line_ends_are_fine() -> None:
    text = '\ufeff{\r\n// said so\r\n"setup": ["x"],\r\n}\r\n'
    assert read_project_config(text, SOURCE).setup == ["x"]


def test_a_second_key_is_refused_where_it_stands() -> None:
    error = problem('{"limits": {"slots": 1,\n "slots": 2}}')
    assert (error.line, error.key) == (2, "limits.slots")
    assert "Duplicate" in error.what


def test_every_problem_is_found_at_once() -> None:
    document = read_document('{"setup": 1,\n"limits": {"slots": 0,\n"slotz": 1},\n"checks": [{"name": "a"}]}', SOURCE)
    assert [(found.line, found.key) for found in document.problems] == [
        (3, "limits.slotz"), (4, "checks[0].command"), (1, "setup"), (2, "limits.slots"),
    ]  # fmt: skip
    assert document.data == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"limits": {"slots": "9"}}', "it should be a valid integer, and is text"),
        ('{"limits": {"slots": true}}', "it should be a valid integer, and is true or false"),
        ('{"limits": {"slots": 2.5}}', "it should be a valid integer, and is a number"),
        ('{"setup": "x"}', "it should be a valid list, and is text"),
        ('{"sandbox": {"network": 1}}', "it should be a valid boolean, and is a whole number"),
        ('{"checks": [5]}', "valid dictionary"),
        ('{"approval": "always"}', "it should be 'never' or 'plan'"),
        ('{"limits": {"slots": 51}}', "less than or equal to 50"),
    ],
)
def test_a_wrong_value_says_what_is_expected(text: str, said: str) -> None:
    assert said in problem(text).what


@pytest.mark.parametrize(
    "text",
    [
        '{"providers": {"a": {"key": "sk-live-0123456789"}}}',
        '{"providers": {"a": {"key": 123456789}}}',
        '{"providers": {"a": {"api_key": "sk-live-0123456789"}}}',
        '{"providers": {"a": {"base_url": "https://me:sk-live-0123456789@host/v1"}}}',
        '{"providers": {"a": {"base_url": "https://host/v1?key=sk-live-0123456789"}}}',
        '{"providers": {"a": {"key": "env:sk-live-0123456789"}}}',
    ],
)
def test_a_literal_key_is_refused_and_never_shown(text: str) -> None:
    error = problem(text)
    assert "0123456789" not in str(error)
    assert "123456789" not in str(error)


def test_a_literal_key_is_told_where_keys_belong() -> None:
    assert "env:OPENAI_API_KEY" in problem('{"providers": {"a": {"key": "sk-live"}}}').hint
    read_project_config('{"providers": {"a": {"key": "env:OPENAI_API_KEY"}, "b": {"key": "keyring:b"}}}', SOURCE)
