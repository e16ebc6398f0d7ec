"""Scripts are read strictly; what is wrong is named by file, line and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.hosts.scripted import ScriptedHost
from orchestrator.hosts.scripted_file import ScriptError, load_script, parse_script
from orchestrator.jsonc import FieldLines

GOOD = """{
  // comments and trailing commas are fine
  "seed": 7,
  "planner": [{ "plan": { "tasks": [] } }],
  "tasks": {
    "a": { "worker": [{ "say": "x", "duration_s": { "uniform": { "low": 1, "high": 2 } } }] },
  },
}
"""


def test_comments_and_trailing_commas_are_fine() -> None:
    script = parse_script(GOOD)
    assert script.seed == 7
    assert script.tasks["a"].worker[0].say == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{\n  "seed": 1\n  "speed": 2\n}', "s.json:3"),
        ("", "s.json:1"),
        ('{\n  "sed": 1\n}', "s.json:2: sed: "),
        ('{\n  "seed": "1"\n}', "s.json:2: seed: "),
        ('{\n  "speed": 0\n}', "s.json:2: speed: "),
        (
            '{\n "tasks": {\n  "a": {\n   "worker": [\n    {},\n    {"says": 1}\n]}}}',
            "s.json:6: tasks.a.worker[1].says: ",
        ),
        (
            '{"defaults": {\n"worker": [{"actions": [\n{"write": {\n"path": 1, "content": ""}}]}]}}',
            "s.json:4: defaults.worker[0].actions[0].write.path: ",
        ),
        ('{"defaults": {"worker": [{"actions": [\n{"jump": 1}]}]}}', "s.json:2: defaults.worker[0].actions[0]: "),
        (
            '{"defaults": {"worker": [{"actions": [\n{"write": {"path": "a"}}]}]}}',
            "s.json:2: defaults.worker[0].actions[0].write: Value error, give either content or content_file",
        ),
        ('{"defaults": {\n"duration_s": {"lognormal": {\n"median": 0, "sigma": 1}}}}', "s.json:3: defaults.duration_s"),
        ('{"defaults": {\n"duration_s": -1}}', "s.json:2: defaults.duration_s: "),
        ('{"planner": [\n{}]}', "s.json:2: planner[0]: Value error, a planner's turn needs plan, text or faults"),
        ('{"planner": [{"plan": {},\n"text": ""}]}', "s.json:1: planner[0]: "),
        (
            '{"defaults": {"worker": [{"faults": [\n{"kind": "bored"}]}]}}',
            "s.json:2: defaults.worker[0].faults[0].kind: ",
        ),
        (
            '{"defaults": {"worker": [{"faults": [\n{"kind": "crashed", "retry_after_s": 1}]}]}}',
            "s.json:2: defaults.worker[0].faults[0]: Value error, retry_after_s belongs to",
        ),
        ('{"seed": 1, "seed": 2,}', "s.json:1"),
        ("[" * 50_000, "s.json:1"),
    ],
)
def test_errors_name_file_line_and_field(text: str, expected: str) -> None:
    with pytest.raises(ScriptError) as caught:
        parse_script(text, "s.json")
    assert expected in caught.value.message
    assert caught.value.hint


def test_content_files_stand_beside_the_script(tmp_path: Path) -> None:
    file = tmp_path / "play.json"
    text = '{"defaults": {"worker": [{"actions": [{"write": {"path": "a", "content_file": "%s"}}]}]}}'
    file.write_text(text % "a.txt")
    with pytest.raises(ScriptError, match=r"a\.txt"):
        load_script(file)
    (tmp_path / "a.txt").write_text("content")
    assert load_script(file)
    (tmp_path.parent / "outside.txt").write_text("secret")
    file.write_text(text % "../outside.txt")
    with pytest.raises(ScriptError, match="leads out"):
        load_script(file)


@pytest.mark.parametrize("make", ["missing", "folder", "binary"])
def test_unreadable_scripts_are_named(tmp_path: Path, make: str) -> None:
    file = tmp_path / "play.json"
    if make == "folder":
        file.mkdir()
    if make == "binary":
        file.write_bytes(b"\xff\xfe")
    with pytest.raises(ScriptError, match=r"play\.json"):
        ScriptedHost.load(file)


@given(
    st.recursive(
        st.integers() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)
    )
)
def test_lines_of_any_json_are_found(value) -> None:
    text = json.dumps(value, indent=1)
    lines = FieldLines(text)
    assert lines.line(()) == 1
    assert lines.line(("no", "such", 1, "field")) >= 1
    if isinstance(value, dict) and value:
        last = list(value)[-1]
        assert json.dumps(last) in text.splitlines()[lines.line((last,)) - 1]
