"""Ordinary chat is as without the plugin, and commands cost no call of a model."""

from __future__ import annotations

from pathlib import Path

from opencode_process import OpenCode, configuration  # pyright: ignore[reportMissingImports] - beside this file
from worlds import World, new_world  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import FakeProvider

AGENTS = {"agent": {"own": {"permission": {"*": "allow"}, "description": "mine", "mode": "primary"}}}


def talk(opencode: OpenCode, folder: Path, session: str, agent: str | None = None) -> None:
    part = {"type": "text", "text": "hello"}
    body = {"parts": [part], **({"agent": agent} if agent else {})}
    opencode.call("POST", f"/session/{session}/message", folder, body)


def test_requests_are_the_same_with_and_without_the_plugin(world: World, tmp_path: Path) -> None:
    plain_home = tmp_path / "home"
    plain_home.mkdir()
    assert world.status().startswith("No mission yet")
    assert world.calls() == []
    talk(world.opencode, world.folder, world.session)
    world.command("steer", "nobody")
    talk(world.opencode, world.folder, world.session)
    ours = world.calls()

    plain = OpenCode(plain_home, configuration(world.provider))
    try:
        before = len(world.provider.calls)
        session = plain.session(world.folder)
        talk(plain, world.folder, session)
        talk(plain, world.folder, session)
        theirs = [call.body for call in world.provider.calls[before:]]
    finally:
        plain.stop()
    assert ours == theirs


def test_an_agent_that_may_do_all_does_not_see_our_tools(provider: FakeProvider, tmp_path: Path) -> None:
    from opencode_process import with_plugin  # noqa: PLC0415 - pyright: ignore[reportMissingImports]

    (tmp_path / "home").mkdir()
    opencode = OpenCode(tmp_path / "home", configuration(provider, plugins=with_plugin(), **AGENTS))
    try:
        world = new_world(opencode, provider, tmp_path / "workspace", 1)
        talk(opencode, world.folder, world.session, "own")
        talk(opencode, world.folder, world.session, "build")
        for call in provider.calls[world.first_call :]:
            assert call.tools
            assert not [tool for tool in call.tools if tool.startswith("orc_")]
        assert opencode.server_pids() == []
    finally:
        opencode.stop()


def test_a_missing_server_is_told_with_what_to_do(provider: FakeProvider, tmp_path: Path) -> None:
    from opencode_process import PLUGIN  # noqa: PLC0415 - pyright: ignore[reportMissingImports]

    (tmp_path / "home").mkdir()
    plugins: list[object] = [[PLUGIN.as_uri(), {"command": ["/nowhere/orchestrator", "serve"]}]]
    opencode = OpenCode(tmp_path / "home", configuration(provider, plugins=plugins))
    try:
        world = new_world(opencode, provider, tmp_path / "workspace", 1)
        assert "run: orchestrator install opencode" in world.command("task", "mend")
        assert world.calls() == []
    finally:
        opencode.stop()
