"""What a hosted session may do: our tools alone, within the budget, told what a person says."""

from __future__ import annotations

import json
import re
from pathlib import Path

from opencode_process import OpenCode, running, until  # pyright: ignore[reportMissingImports] - beside this file
from worlds import World, new_world, orchestrator  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import Answer, Call, Failure, FakeProvider, ToolCall

OWN_TOOLS = ("bash", "write", "edit", "read", "glob", "grep", "task", "webfetch", "todowrite", "question")


def test_tools_of_opencode_are_refused_and_the_turn_goes_on(world: World) -> None:
    """A model calls each of them all the same, once, before its work."""
    forbidden = world.folder / "forbidden"
    arguments: dict[str, object] = {
        "command": f"touch {forbidden}", "description": "d", "filePath": str(forbidden), "content": "x", "pattern": "*",
        "oldString": "", "newString": "x", "prompt": "p", "subagent_type": "general", "url": "http://127.0.0.1:1/",
        "format": "text", "todos": [], "questions": [],
    }  # fmt: skip
    all_at_once = Answer(calls=tuple(ToolCall(tool, arguments) for tool in OWN_TOOLS))

    def strike(call: Call, answer: Answer) -> Answer | Failure:
        return all_at_once if "orc_edit_file" in call.tools and call.turn == 1 else answer

    world.model.strike = strike
    world.model.calls_before = len(OWN_TOOLS)
    assert "Sealed" in world.summary(world.start())
    assert not forbidden.exists()
    told = json.dumps(world.calls())
    assert all(f"unavailable tool '{tool}'" in told for tool in OWN_TOOLS), "the session hears which tool it was"


def test_a_budget_that_is_used_up_holds_calls_back(shared: OpenCode, provider: FakeProvider, tmp_path: Path) -> None:
    world = new_world(shared, provider, tmp_path / "budget", 1)
    settings = world.folder / ".opencode/orchestrator.jsonc"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "budget": {"tokens": 12_000}}))
    mission = world.start()
    asked = until(lambda: re.search(r"asks \((q-\S+)\): .*tokens.*", world.status()), "the limit is asked about")
    calls = len(world.calls())
    assert [task for task in world.status().splitlines() if "running" in task or "pending" in task]
    assert len(world.calls()) == calls, "the call waits and is not made"
    orchestrator(world, "answer", "allow", "--question", asked[1], "--budget-tokens", "1000000")
    assert "Sealed" in world.summary(mission)
    assert len(world.calls()) > calls


def test_words_of_a_person_reach_the_session(world: World) -> None:
    world.model.command = "sleep 300.8"
    mission = world.start()
    until(lambda: len(running("300.8")) == 2, "the commands run")
    assert world.command("steer", "part0 leave the zebra alone") == "Told: part0."
    assert world.command("steer", "count the giraffes") == "Told: part0, part1."
    for process in running("300.8"):
        process.kill()
    assert "Sealed" in world.summary(mission)
    told = [json.dumps(body) for body in world.calls()]
    assert {part for body in told if "giraffes" in body for part in re.findall(r"part\d: Mend", body)} == {
        "part0: Mend",
        "part1: Mend",
    }
    assert all("part0: Mend" in body for body in told if "zebra" in body)
    assert any("zebra" in body for body in told)
