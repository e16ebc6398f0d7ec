"""Missions in a real OpenCode, headless: from /task to the seal."""

from __future__ import annotations

import json
import re
from pathlib import Path

from opencode_process import PLUGIN, SERVE, OpenCode, until, with_plugin  # pyright: ignore[reportMissingImports] - beside this file
from worlds import World, configure, new_world, orchestrator  # pyright: ignore[reportMissingImports] - beside this file

from orchestrator.testing.provider import FakeProvider

FIRST_REQUEST_BYTES = 2_048


def test_ten_sessions_side_by_side_to_the_seal(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "ten", 10)
    with shared.toasts(world.folder) as toasts:
        mission = world.start()
        until(lambda: re.match(r"\[\d+/10 \w+\] mine", title(world)), "the counts stand in the title")
        assert "Sealed" in world.summary(mission)
        until(lambda: any("sealed" in toast.lower() for toast in toasts), f"a toast tells the seal: {toasts}")
    assert toasts[:2] == ["The mission has begun.", "The plan has 10 tasks."]
    assert "All work is merged; every check runs again." in toasts
    assert len(toasts) <= 6, toasts
    assert all("value * 2" in (world.folder / f"part{n}.py").read_text() for n in range(10))

    children = shared.children(world.folder, world.session)
    assert {child["parentID"] for child in children} == {world.session}
    agents = [child["agent"] for child in children]
    assert (agents.count("orc-planner"), agents.count("orc-worker")) == (1, 10)
    assert {f"Mend part {n}" for n in range(10)} <= {child["title"] for child in children}
    assert {child["directory"] for child in children} == {str(world.folder)}
    until(lambda: title(world) == "mine", "the title is back")
    assert not shared.busy(world.folder)

    first = [call for call in provider.calls[world.first_call :] if call.turn == 1]
    assert len(first) == len(children), "each session begins empty: nothing of another task is in it"
    for call in first:
        assert all(tool.startswith("orc_") for tool in call.tools)
        assert len(call.messages) == 1
        told = len(json.dumps([call.system, call.messages[0].text], ensure_ascii=False).encode())
        assert len(json.dumps(call.body, ensure_ascii=False).encode()) <= told + FIRST_REQUEST_BYTES
    assert f"{mission}  sealed  10/10" in world.status()

    shared.chat(world.folder, world.session, "hello")
    chat = world.calls()[-1]
    assert [message["content"] for message in chat["messages"] if message["role"] != "system"] == ["hello"]
    assert "orc_" not in json.dumps(chat), "nothing of a mission is in the chat behind it"


def title(world: World) -> str:
    """The title of the person's session."""
    return str(world.opencode.call("GET", f"/session/{world.session}", world.folder)["title"])


def test_refused_work_is_told_once_and_mended(world: World) -> None:
    world.model.clumsy = {"part0.py", "part1.py"}
    world.model.is_using_more = True  # tools that are not shown are within reach
    with world.opencode.toasts(world.folder) as toasts:
        assert "Sealed" in world.summary(world.start())
        until(lambda: refusals(toasts) == 2, f"the refusals are told, each once: {toasts}")
    assert refusals(toasts) == 2, toasts


def refusals(toasts: list[str]) -> int:
    """How many refused results toasts tell of."""
    return sum(int(toast.split()[0]) for toast in toasts if "refused" in toast)


def test_a_plan_is_refused_made_anew_approved_and_the_work_undone(world: World) -> None:
    mission = world.start("--plan mend all parts", by="auto")
    until(lambda: "/approve yes" in world.shown(), "the plan is asked about")
    assert "/approve yes" in world.status()
    assert world.command("approve", "no leave the zebra alone") == "The plan is refused."
    until(lambda: world.shown().count("The mission asks (") == 2 or None, "the second plan is asked about")
    assert "zebra" in json.dumps(world.calls())
    assert world.command("approve", "yes") == "The plan is approved."
    assert "Sealed" in world.summary(mission)
    assert "part0.py" in world.command("task-undo")
    assert "value * 2" not in (world.folder / "part0.py").read_text()
    assert "no mission is under way" in world.command("steer", "go on")


def test_what_opencode_asks_is_answered_from_any_client(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    """The person's own rule for commands holds: here, in another client, in OpenCode's dialog; yes and no."""
    world = new_world(shared, provider, tmp_path / "asking", 4, {"permission": {"bash": "ask"}})
    world.model.command = "echo {name}"
    mission = world.start()
    questions = {f"shell: echo part{n}.py" for n in range(4)}
    until(lambda: all(question in world.status() for question in questions), "all commands are asked about")
    ids = {line.split("shell: ")[1].split(" Answer")[0]: line.split("(")[1].split(")")[0] for line in asked(world)}

    assert world.command("approve", f"{ids['echo part0.py']} yes") == "Answered: allow."
    orchestrator(world, "answer", "always", "--question", ids["echo part1.py"])
    (mine,) = [one for one in shared.call("GET", "/permission", world.folder) if one["patterns"] == ["echo part2.py"]]
    shared.call("POST", f"/permission/{mine['id']}/reply", world.folder, {"reply": "once"})
    assert world.command("approve", f"{ids['echo part3.py']} no the tests are enough") == "Answered: deny."

    assert "Sealed" in world.summary(mission)
    told = json.dumps(world.calls())
    assert "the tests are enough" in told, "the session is told why"
    assert shared.call("GET", "/permission", world.folder) == []


def asked(world: World) -> list[str]:
    """The lines of /tasks that ask."""
    return [line for line in world.status().splitlines() if "asks (" in line]


def test_two_directories_and_a_plugin_that_is_loaded_twice(
    shared: OpenCode, provider: FakeProvider, tmp_path: Path
) -> None:
    copy = tmp_path / "orchestrator/install/opencode_plugin.js"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(PLUGIN.read_bytes())
    one = new_world(shared, provider, tmp_path / "one", 2)
    two = new_world(shared, provider, tmp_path / "two", 2)
    configure(two.folder, plugin=[*with_plugin(), [copy.as_uri(), {"command": SERVE}]])
    shared.reload(two.folder)
    missions = one.start(), two.start()
    assert "Sealed" in one.summary(missions[0])
    assert "Sealed" in two.summary(missions[1])
    for world in (one, two):
        children = shared.children(world.folder, world.session)
        assert all(child["directory"] == str(world.folder) for child in children)
        assert [child["agent"] for child in children].count("orc-worker") == 2
        assert len(shared.server_pids(world.folder)) == 1
        assert world.shown().count("## How it ended") == 1
