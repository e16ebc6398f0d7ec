"""The plugin's entry in configurations of every kind: in and out again, idempotent, nothing else touched."""

from __future__ import annotations

import json

import json5
import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.install.diagnostics import EXTENSIONS, with_diagnostics, without_diagnostics
from orchestrator.install.entry import entry_in, with_entry, without_entry
from orchestrator_core import language_of

ENTRY: list[object] = [
    "file:///opt/a b/orchestrator/install/opencode_plugin.js",
    {"command": ["/opt/a b/orchestrator", "serve"]},
]
OLD = '"file:///old/orchestrator/install/opencode_plugin.js"'

CORPUS = [
    "{}",
    "{ }",
    "{\n}",
    "{\r\n}\r\n",
    "\ufeff{}",
    "\ufeff{\n}\n",
    "{ /* nothing yet */ }",
    "{ // nothing yet\n}",
    '{"model": "a/b"}',
    '{ "model": "a/b" }',
    '{"model": "a/b",}',
    '{"model":"a/b","theme":"x"}',
    '{\n  "model": "a/b"\n}\n',
    '{\n  "model": "a/b",\n}\n',
    '{\r\n  "model": "a/b",\r\n  "theme": "x"\r\n}\r\n',
    '{\n\t"model": "a/b",\n\t"theme": "x"\n}\n',
    '{\n    "model": "a/b"\n}',
    '// top\n{\n  // first\n  "model": "a/b" // why\n  /* last */\n}\n// end\n',
    '{ // mine\n  "model": "a/b"\n}\n',
    '{ /* mine */ "model": "a/b" }',
    '/* a */ { "a": 1 /* b */ , /* c */ "b": 2 } /* d */',
    '{\n  "$schema": "https://opencode.ai/config.json",\n  "provider": {"x": {"models": {"y": {}}}}\n}\n',
    '{"plugin": []}',
    '{"plugin": [ ]}',
    '{\n  "plugin": []\n}\n',
    '{\n  "plugin": [\n  ]\n}\n',
    '{"plugin": [ /* none */ ]}',
    '{"plugin": ["x"]}',
    '{"plugin": ["x",]}',
    '{"plugin": ["x", "y"], "model": "a/b"}',
    '{"plugin": [ "x" /* why */ ]}',
    '{\n  "plugin": [\n    "x"\n  ]\n}\n',
    '{\n  "plugin": [\n    "x",\n  ],\n}\n',
    '{\n  "plugin": [\n    "x", // why\n    "y" // and why\n  ]\n}\n',
    '{\r\n\t"plugin": [\r\n\t\t["x", {"a": 1}],\r\n\t\t// off: "z",\r\n\t],\r\n}\r\n',
    '{\n  "plugin": ["x",\n    "y"]\n}\n',
    '{"a": {"plugin": ["not this"]}, "plugin": ["x"]}',
    '{"a": "plugin", "b": ["plugin"]}',
    '{"a": "// no comment", "b": "/* none */"}',
    '{"a": "quote \\" and \\\\", "plugin": ["x"]}',
    '{"é": "ü", "plugin": ["日本"]}',
    '{"a": [1, -2.5e3, true, false, null, {}]}',
    '{"plugin": ["a"], "plugin": ["b"]}',
    '{\n  "a": 1, "b": 2,\n  "plugin": [ "x",\n "y", ]\n}',
    '{"plugin":["x"/**/,/**/"y"/**/]}',
]


def loads(text: str) -> dict[str, object]:
    return json5.loads(text.lstrip("\ufeff"))


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_in_and_nothing_else(text: str) -> None:
    after = with_entry(text, ENTRY)
    before, now = loads(text), loads(after)
    assert now.pop("plugin") == [*(before.pop("plugin", [])), ENTRY]  # pyright: ignore[reportGeneralTypeIssues] - JSON data
    assert now == before
    assert with_entry(after, ENTRY) == after
    assert entry_in(after) == ENTRY
    assert "\r" in text or "\r" not in after
    assert ("\r\n" in text) <= (after.count("\n") == after.count("\r\n"))


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_every_old_byte_is_still_there_in_order(text: str) -> None:
    after = iter(with_entry(text, ENTRY))
    assert all(character in after for character in text if character != " ")


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_out_and_nothing_else(text: str) -> None:
    after = without_entry(with_entry(text, ENTRY))
    assert entry_in(after) is None
    before, now = loads(text), loads(after)
    assert now.pop("plugin", []) == before.pop("plugin", [])
    assert now == before
    assert without_entry(after) == after
    if '"plugin": [\n' in text or '"plugin": ["x"' in text:
        assert after.replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_an_older_entry_is_brought_up_to_date_where_it_stands(text: str) -> None:
    older = with_entry(text, [json.loads(OLD)])
    assert OLD in older
    assert with_entry(older, ENTRY).count("opencode_plugin.js") == 1
    assert with_entry(older, ENTRY) == with_entry(text, ENTRY)


def test_an_entry_between_others_goes_alone() -> None:
    text = f'{{\n  "plugin": [\n    "a", // first\n    {OLD}, // ours\n    "b" // last\n  ]\n}}\n'
    assert loads(without_entry(text)) == {"plugin": ["a", "b"]}
    assert "// first" in without_entry(text)
    assert "// last" in without_entry(text)


def test_two_entries_become_one() -> None:
    text = f'{{"plugin": [{OLD}, "a", [{OLD}, {{}}]]}}'
    assert loads(with_entry(text, ENTRY)) == {"plugin": [ENTRY, "a"]}
    assert loads(without_entry(text)) == {"plugin": ["a"]}


@pytest.mark.parametrize("text", ["", "\ufeff", " \n"])
def test_an_empty_file_becomes_a_configuration(text: str) -> None:
    assert loads(with_entry(text, ENTRY))["plugin"] == [ENTRY]
    assert without_entry(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[",
        "nonsense",
        '{"a" 1}',
        '{"a": 1 "b": 2}',
        "{'a': 1}",
        '{"a": }',
        '{"a": 1}}',
        '{"a": "\n"}',
        "{/*}",
        '{"a": 01}',
        "[" * 5_000,
    ],
)
def test_a_broken_file_is_refused(text: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        with_entry(text, ENTRY)
    assert caught.value.code == "broken_jsonc"


@pytest.mark.parametrize("text", ["[]", '"a"', "1", '{"plugin": "x"}', '{"plugin": {}}', '{"plugin": null}'])
def test_a_file_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        with_entry(text, ENTRY)
    assert caught.value.code == "unfit_config"


COMMAND = ["/opt/a b/orchestrator", "serve"]
WITH_SERVERS = [
    '{"lsp": true}',
    '{"lsp": {}}',
    '{"lsp": {"x": {"disabled": true}}}',
    '{\n  "lsp": {\n    // mine\n    "x": {"disabled": true}, // off\n  },\n  "model": "a/b"\n}\n',
    '{\r\n\t"lsp": {\r\n\t\t"x": {"disabled": true}\r\n\t}\r\n}\r\n',
    '{"lsp": {"orchestrator": {"command": ["old"]}, "x": {}}}',
]


@pytest.mark.parametrize("text", [*CORPUS, *WITH_SERVERS], ids=range(len(CORPUS) + len(WITH_SERVERS)))
def test_diagnostics_in_and_out_and_nothing_else(text: str) -> None:
    after = with_diagnostics(text, COMMAND)
    before, now = loads(text), loads(after)
    servers = now.pop("lsp")
    was = before.pop("lsp", {})
    assert isinstance(servers, dict)
    assert servers.pop("orchestrator") == {"command": COMMAND, "extensions": list(EXTENSIONS)}
    others = {name: value for name, value in was.items() if name != "orchestrator"} if isinstance(was, dict) else {}
    assert (servers, now) == (others, before)
    assert with_diagnostics(after, COMMAND) == after
    if "orchestrator" not in text:
        assert loads(without_diagnostics(after, text)) == loads(text)


@pytest.mark.parametrize("off", ["false", "null", '"x"'])
def test_servers_that_were_switched_off_stay_off(off: str) -> None:
    with pytest.raises(OrchestratorError) as caught:
        with_diagnostics(f'{{"lsp": {off}}}', COMMAND)
    assert caught.value.code == "unfit_config"


def test_all_shown_files_are_of_languages_that_are_known() -> None:
    assert [extension for extension in EXTENSIONS if language_of(f"a{extension}") is None] == []
