"""The scripted host acts through its toolbox, waits, fails as it is told, and remembers which faults struck."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from orchestrator.domain.words import FailureKind, Role
from orchestrator.hosts.scripted import ScriptedHost
from orchestrator.hosts.scripted_file import parse_script
from orchestrator.ports.host import Brief, HostError, Reply, SessionSpec, ToolError
from orchestrator.testing import RecordingToolbox, make_brief, make_task, run_virtual


def host(folder: Path | None = None, **turn: object) -> ScriptedHost:
    return ScriptedHost(parse_script(json.dumps({"tasks": {"a": {"worker": [turn], "fixer": [turn]}}})), folder)


async def ask(played: ScriptedHost, tools: RecordingToolbox, brief: Brief | None = None) -> Reply:
    session = await played.open(SessionSpec("s1", "m1", Role.WORKER, "a", "t"), tools)
    try:
        return await session.prompt(brief or make_brief(task=make_task("a")))
    finally:
        await session.close()


async def outcome(played: ScriptedHost, tools: RecordingToolbox, brief: Brief) -> str:
    try:
        return (await ask(played, tools, brief)).text
    except HostError as error:
        return error.kind.value


def test_actions_become_tool_calls(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("from a file")
    actions = [
        {"write": {"path": "a", "content": "x"}},
        {"write": {"path": "b", "content_file": "c.txt"}},
        {"write": {"path": "${path}", "content": "$${task} ${task} ${turn} $other", "is_template": True}},
        {"edit": {"path": "a", "old": "x", "new": "y"}},
        {"delete": "a"},
        {"shell": "true"},
        {"tool": {"name": "lint", "arguments": {"paths": ["a"]}}},
    ]
    tools = RecordingToolbox()
    reply = run_virtual(ask, host(tmp_path, say="did it", actions=actions), tools)
    assert reply.text == "did it"
    assert tools.calls == [
        ("write_file", {"path": "a", "content": "x"}),
        ("write_file", {"path": "b", "content": "from a file"}),
        ("write_file", {"path": "a.txt", "content": "${task} a 1 $other"}),
        ("edit_file", {"path": "a", "old": "x", "new": "y"}),
        ("delete_file", {"path": "a"}),
        ("shell", {"command": "true", "timeout_s": 120.0}),
        ("lint", {"paths": ["a"]}),
    ]


def test_a_refused_action_ends_the_turn_unless_it_may_fail() -> None:
    tools = RecordingToolbox(results={"write_file": ToolError("outside_write_set", "not yours")})
    write = {"write": {"path": "a", "content": "x"}}
    with pytest.raises(HostError, match="action 1 of worker turn 1 for a: not yours") as caught:
        run_virtual(ask, host(actions=[write]), tools)
    assert caught.value.kind is FailureKind.TOOL_FAILED
    assert run_virtual(ask, host(say="went on", actions=[{**write, "may_fail": True}]), tools).text == "went on"


def test_a_turn_takes_its_time() -> None:
    async def timed() -> float:
        begun = anyio.current_time()
        await ask(host(duration_s=1_234), RecordingToolbox())
        return anyio.current_time() - begun

    assert run_virtual(timed) == pytest.approx(1_234)


@pytest.mark.parametrize("counts_repeats", [False, True])
def test_faults_strike_and_the_turn_goes_through(counts_repeats: bool) -> None:
    """Whether the caller counts a repeated prompt or not, the script's turns come in their order."""
    turns = [
        {"say": "one", "faults": [{"kind": "rate_limited", "retry_after_s": 3, "times": 2}]},
        {"say": "two", "faults": [{"kind": "crashed"}]},
        {"say": "three"},
    ]
    played = ScriptedHost(parse_script(json.dumps({"tasks": {"a": {"worker": turns}}})))

    async def play() -> list[str]:
        heard: list[str] = []
        turn = 1
        while len(heard) < 6:
            heard.append(await outcome(played, RecordingToolbox(), make_brief(task=make_task("a"), turn=turn)))
            if counts_repeats or heard[-1] in {"one", "two", "three"}:
                turn += 1
        return heard

    assert run_virtual(play) == ["rate_limited", "rate_limited", "one", "crashed", "two", "three"]


def test_faults_of_one_task_leave_others_alone() -> None:
    data = {"defaults": {"worker": [{"say": "ok", "faults": [{"kind": "crashed"}]}]}}
    played = ScriptedHost(parse_script(json.dumps(data)))

    async def play() -> list[str]:
        briefs = [make_brief(task=make_task(name)) for name in ("a", "b", "a", "b")]
        return [await outcome(played, RecordingToolbox(), brief) for brief in briefs]

    assert run_virtual(play) == ["crashed", "crashed", "ok", "ok"]


@pytest.mark.parametrize(("at", "calls"), [("before", 0), ("after", 1)])
def test_a_fault_strikes_before_or_after_the_actions(at: str, calls: int) -> None:
    tools = RecordingToolbox()
    fault = {"kind": "crashed", "at": at, "message": "gone"}
    with pytest.raises(HostError, match="gone"):
        run_virtual(ask, host(actions=[{"delete": "a"}], faults=[fault]), tools)
    assert len(tools.calls) == calls


def test_rate_limits_carry_what_the_provider_asked_for_scaled() -> None:
    data = {"speed": 10, "defaults": {"worker": [{"faults": [{"kind": "rate_limited", "retry_after_s": 5}]}]}}
    with pytest.raises(HostError) as caught:
        run_virtual(ask, ScriptedHost(parse_script(json.dumps(data))), RecordingToolbox())
    assert (caught.value.kind, caught.value.retry_after_s) == (FailureKind.RATE_LIMITED, 0.5)


def test_timed_out_never_answers() -> None:
    played = host(say="late", faults=[{"kind": "timed_out"}])

    async def wait() -> tuple[bool, str]:
        with anyio.move_on_after(100_000) as scope:
            await ask(played, RecordingToolbox())
        return scope.cancelled_caught, (await ask(played, RecordingToolbox())).text

    assert run_virtual(wait) == (True, "late")


def test_content_files_need_a_folder() -> None:
    with pytest.raises(HostError, match="has no folder"):
        run_virtual(ask, host(actions=[{"write": {"path": "a", "content_file": "x"}}]), RecordingToolbox())
