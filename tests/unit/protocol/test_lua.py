"""A Lua interpreter loads the annotations and judges the golden frames by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from committed import ROOT, read
from lupa import lua54

from orchestrator_protocol.methods import METHODS
from orchestrator_protocol.wire import Params

REQUESTS, RESULTS, EVENTS = (read(f"conformance/{name}.json") for name in ("requests", "results", "events"))
FRAMES = [(name, "params", frame) for name, cases in REQUESTS.items() for frame in cases["valid"]]
FRAMES += [(name, "result", frame) for name, frames in RESULTS.items() for frame in frames]
FRAMES += [("mission/event", "params", event) for event in EVENTS]


def is_strict(method: str, part: str) -> bool:
    """What the server receives has no unknown fields; what it sends may have those of a later version."""
    model = METHODS[method].params if part == "params" else METHODS[method].result
    return model is not None and issubclass(model, Params)


@pytest.fixture(scope="module")
def lua() -> Any:
    """The interpreter."""
    return lua54.LuaRuntime(unpack_returned_tuples=False)


@pytest.fixture(scope="module")
def known(lua: Any) -> Any:
    """The annotations, as Lua reads them."""
    found = lua.execute(Path(__file__).with_name("annotations.lua").read_text(encoding="utf-8"))
    for path in sorted((ROOT / "protocol/lua").glob("*.lua")):
        text = path.read_text(encoding="utf-8")
        lua.execute(text)  # a file of annotations is also a Lua file
        found.read(text)
    return found


def test_every_golden_frame_fits_its_annotations(lua: Any, known: Any) -> None:
    wrong = [
        f"{name} {part}: {problem}"
        for name, part, frame in FRAMES
        if (problem := known.judge(name, part, lua.table_from(frame, recursive=True), is_strict(name, part)))
    ]
    assert not wrong
    assert len(FRAMES) > len(METHODS)


@pytest.mark.parametrize(
    ("method", "params", "problem"),
    [
        ("mission/status", {"missionId": 7}, "params.missionId is no string"),
        ("mission/status", {}, "params.missionId is no string"),
        ("mission/status", {"missionId": "m-1", "misionId": "x"}, "params.misionId is not known"),
        ("mission/deliver", {"missionId": "m-1", "delivery": "post"}, 'params.delivery is not "patch"'),
        ("no/such", {}, "the method no/such is not known"),
    ],
)
def test_what_does_not_fit_is_seen(lua: Any, known: Any, method: str, params: dict[str, Any], problem: str) -> None:
    assert known.judge(method, "params", lua.table_from(params, recursive=True), True) == problem
