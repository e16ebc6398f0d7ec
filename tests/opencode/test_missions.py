"""Missions in a real OpenCode, headless: from /task to the seal."""

from __future__ import annotations

import json
from pathlib import Path

from opencode_process import OpenCode, configuration, until, with_plugin  # pyright: ignore[reportMissingImports] - beside this file
from worlds import World, new_world  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import FakeProvider

FIRST_REQUEST_BYTES = 2_048


def test_ten_sessions_side_by_side_to_the_seal(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "ten", 10)
    mission = world.start()
    summary = world.summary(mission)
    assert "Sealed" in summary
    assert all("value * 2" in (world.folder / f"part{n}.py").read_text() for n in range(10))

    children = shared.children(world.folder, world.session)
    assert {child["parentID"] for child in children} == {world.session}
    assert sorted(child["agent"] for child in children) == ["orc-planner", *["orc-worker"] * 10]
    assert {f"Mend part {n}" for n in range(10)} <= {child["title"] for child in children}
    assert {child["directory"] for child in children} == {str(world.folder)}
    assert shared.call("GET", f"/session/{world.session}", world.folder)["title"] == "mine"
    assert not shared.busy(world.folder)

    for call in provider.calls[world.first_call :]:
        assert all(tool.startswith("orc_") for tool in call.tools)
        if call.turn == 1:
            told = len(json.dumps([call.system, call.messages[0].text], ensure_ascii=False).encode())
            assert len(json.dumps(call.body, ensure_ascii=False).encode()) <= told + FIRST_REQUEST_BYTES
    assert len(world.calls()) == 2 + 10 * 3
    assert f"{mission}  sealed  10/10" in world.status()


def test_tools_that_are_not_shown_are_within_reach(world: World) -> None:
    world.model.is_using_more = True
    assert "Sealed" in world.summary(world.start())


def test_a_plan_is_approved_and_the_work_steered_and_undone(world: World) -> None:
    mission = world.start("--plan mend all parts")
    until(lambda: "/approve yes" in world.shown(), "the plan is asked about")
    assert "/approve yes" in world.status()
    assert world.command("approve", "yes") == "The plan is approved."
    assert "Sealed" in world.summary(mission)
    assert "part0.py" in world.command("task-undo")
    assert "value * 2" not in (world.folder / "part0.py").read_text()
    assert "no mission is under way" in world.command("steer", "go on")


def test_a_refused_plan_is_planned_again_with_the_reason(world: World) -> None:
    mission = world.start("--plan mend all parts")
    until(lambda: "/approve yes" in world.shown(), "the plan is asked about")
    assert world.command("approve", "no leave the zebra alone") == "The plan is refused."
    until(lambda: world.shown().count("asks (") == 2 or None, "the second plan is asked about")
    assert "zebra" in json.dumps(world.calls())
    world.command("approve")
    assert "Sealed" in world.summary(mission)


def test_two_directories_of_one_process(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    one = new_world(shared, provider, tmp_path / "one", 2)
    two = new_world(shared, provider, tmp_path / "two", 2)
    missions = one.start(), two.start()
    assert "Sealed" in one.summary(missions[0])
    assert "Sealed" in two.summary(missions[1])
    for world in (one, two):
        assert all(child["directory"] == str(world.folder) for child in shared.children(world.folder, world.session))


def test_a_plugin_that_is_loaded_twice_works_once(provider: FakeProvider, tmp_path: Path) -> None:
    from opencode_process import PLUGIN, SERVE  # noqa: PLC0415 - pyright: ignore[reportMissingImports]

    copy = tmp_path / "orchestrator/install/opencode_plugin.js"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(PLUGIN.read_bytes())
    (tmp_path / "home").mkdir()
    plugins: list[object] = [*with_plugin(), [copy.as_uri(), {"command": SERVE}]]
    opencode = OpenCode(tmp_path / "home", configuration(provider, plugins=plugins))
    try:
        world = new_world(opencode, provider, tmp_path / "workspace", 2)
        assert "Sealed" in world.summary(world.start())
        assert len(world.calls()) == 2 + 2 * 3
        assert len(opencode.server_pids()) == 1
    finally:
        opencode.stop()
        opencode.end_servers()
