"""Ordinary chat is as without the plugin, and commands cost no call of a model."""

from __future__ import annotations

from pathlib import Path

from opencode_process import PLUGIN, Json, OpenCode, with_plugin  # pyright: ignore[reportMissingImports] - beside this file
from worlds import World, configure, new_world  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import FakeProvider

OWN_AGENT = {"own": {"permission": {"*": "allow"}, "description": "mine", "mode": "primary"}}


def talk(world: World, session: str, agent: str | None = None) -> None:
    part = {"type": "text", "text": "hello"}
    body = {"parts": [part], **({"agent": agent} if agent else {})}
    world.opencode.call("POST", f"/session/{session}/message", world.folder, body)


def test_requests_are_the_same_with_and_without_the_plugin(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    world = new_world(shared, provider, tmp_path / "workspace", 2)
    bodies: list[list[Json]] = []
    for plugins in ([], with_plugin()):
        configure(world.folder, plugin=plugins)
        shared.reload(world.folder)
        world.session = shared.session(world.folder)
        before = len(provider.calls)
        talk(world, world.session)
        if plugins:
            assert world.status().startswith("No mission yet")
            assert "no mission is under way" in world.command("steer", "nobody")
            assert "say yes, always, or no" in world.command("approve", "perhaps")
        talk(world, world.session)
        bodies.append([call.body for call in provider.calls[before:]])
    without, with_it = bodies
    assert len(without) >= 2
    assert with_it == without


def test_an_agent_that_may_do_all_does_not_see_our_tools(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    world = new_world(shared, provider, tmp_path / "workspace", 1, {"agent": OWN_AGENT})
    talk(world, world.session, "own")
    talk(world, world.session, "build")
    for call in provider.calls[world.first_call :]:
        assert call.tools
        assert not [tool for tool in call.tools if tool.startswith("orc_")]
    assert shared.server_pids(world.folder) == [], "no mission server without a mission"


def test_a_missing_server_is_told_with_what_to_do(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "workspace", 1)
    configure(world.folder, plugin=[[PLUGIN.as_uri(), {"command": ["/nowhere/orchestrator", "serve"]}]])
    shared.reload(world.folder)
    with shared.toasts(world.folder) as toasts:
        assert "run: orchestrator install opencode" in world.command("task", "mend")
        assert [toast for toast in toasts if "run: orchestrator install opencode" in toast]
    assert world.calls() == []


def test_a_command_of_the_persons_own_stays_theirs(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    mine = {"task": {"template": "say hello to $ARGUMENTS", "description": "mine"}}
    world = new_world(shared, provider, tmp_path / "workspace", 1, {"command": mine})
    shared.call("POST", f"/session/{world.session}/command", world.folder, {"command": "task", "arguments": "all"})
    assert "say hello to all" in str(world.calls())
