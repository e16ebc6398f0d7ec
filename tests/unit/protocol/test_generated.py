"""What is committed is what the generators make now, and it is complete."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from committed import ROOT

from orchestrator import contract as server_side
from orchestrator.domain.events import EVENT_TYPES
from orchestrator_protocol.codegen.contract import Contract
from orchestrator_protocol.codegen.documents import documents, stale
from orchestrator_protocol.codegen.page import page
from orchestrator_protocol.errors import ERRORS
from orchestrator_protocol.methods import METHODS, commands

PAGE = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")


def changed(wanted: dict[Path, str]) -> list[str]:
    """The files that are not as they should be."""
    return [
        str(path.relative_to(ROOT))
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def test_regeneration_changes_nothing() -> None:
    assert not changed(server_side.documents(ROOT)), "run: make generate"
    wanted = documents(ROOT)
    assert not changed(wanted), "run: make generate"
    assert not stale(ROOT, wanted), "run: make generate"


def test_a_stale_source_is_found(tmp_path: Path) -> None:
    for name in ("typescript", "lua", "schema", "conformance"):
        folder = ROOT / "protocol" / name
        shutil.copytree(folder, tmp_path / "protocol" / name, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "protocol/lua/gone.lua").write_text("---@meta\n")
    assert stale(tmp_path, documents(tmp_path)) == [tmp_path / "protocol/lua/gone.lua"]


def test_every_method_and_event_has_a_heading() -> None:
    headings = re.findall(r"^### `([\w./]+)`$", PAGE, re.MULTILINE)
    assert headings == [*METHODS, *EVENT_TYPES]


def test_every_error_is_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+)` \| -?\d+ \|", PAGE, re.MULTILINE) == list(ERRORS)


def test_every_type_that_is_used_is_described() -> None:
    """A field of a made-up type would leave the reader alone."""
    used = set(re.findall(r"^- `[\w$]+`: (?:list of |object of )?([A-Z]\w+)", PAGE, re.MULTILINE))
    described = set(re.findall(r"^(?:- )?\*\*(\w+)\*\*:", PAGE, re.MULTILINE)) | {"MissionEvent"}
    assert used
    assert used <= described


def test_errors_that_methods_name_are_explained(contract: Contract) -> None:
    """A name is registered, or at least explained in docs/errors.md."""
    named = {kind.name for entry in contract.entries for kind in entry.errors}
    assert named <= ERRORS.keys() | contract.hints.keys()


def test_every_registered_error_says_what_to_do(contract: Contract) -> None:
    assert not [name for name in ERRORS if not contract.hints.get(name)]


def test_a_place_that_nothing_fills_is_an_error(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_args, **_options: "{{cap:nonsense}}")
    with pytest.raises(ValueError, match="cap:nonsense"):
        page(contract)


def test_every_method_of_the_server_is_a_command() -> None:
    known = commands()
    assert {method.name for method in known.values()} == {
        name for name, method in METHODS.items() if method.direction == "client_to_server"
    }
    assert known["orchestrator.mission.start"] is METHODS["mission/start"]
    assert all(name == method.command for name, method in known.items())


def test_generated_files_carry_no_list_of_errors_in_prose() -> None:
    assert "Errors: unknown_mission" not in PAGE


def test_lua_files_are_annotations_alone() -> None:
    files = sorted((ROOT / "protocol/lua").glob("*.lua"))
    assert {"mission.lua", "methods.lua", "event_data.lua"} <= {path.name for path in files}
    strays = [
        line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line[:2] not in {"--", ""}
    ]
    assert not strays


def test_lua_knows_every_class_that_it_names() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "protocol/lua").glob("*.lua"))
    known = set(re.findall(r"^---@(?:class|alias) (orchestrator\.\w+)", text, re.MULTILINE))
    fields = re.findall(r"^---@(?:field|alias) [^#\n]*", text, re.MULTILINE)
    assert set(re.findall(r"orchestrator\.[A-Z]\w+", "\n".join(fields))) <= known


def test_the_bundle_refers_to_nothing_unknown() -> None:
    text = (ROOT / "protocol/schema/protocol.schema.json").read_text(encoding="utf-8")
    known = json.loads(text)["$defs"].keys()
    assert set(re.findall(r'"#/\$defs/(\w+)"', text)) <= known
