"""Whole missions with the model host over real HTTP: reviewer, searcher, decisions, another model, one task."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import anyio
import pytest

from orchestrator.app import open_missions
from orchestrator.domain.events import MissionDiagnosed, NoteTaken, ReviewGiven, ToolCalled
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import Cause, DeliveryMode, MissionStatus, NoteKind, ReviewVerdict, Strategy
from orchestrator.engine.searching import SEARCHED_FILES
from orchestrator.engine.service import StartRequest
from orchestrator.testing.provider import Answer, Call, Failure, FakeProvider, Policy, ToolCall, serving

pytestmark = pytest.mark.anyio
CHECK = {"name": "runs", "command": "python3 -m compileall -f -q .", "when": "merge"}


def task(name: str, *after: str) -> dict[str, Any]:
    return {"id": name, "title": name, "why": "asked", "write_set": [f"{name}.py"], "depends_on": list(after)}


def act(tool: str, /, **arguments: object) -> Answer:
    return Answer(calls=(ToolCall(tool, arguments),))


def role_of(call: Call) -> str:
    """Whose session asks, by its system prompt."""
    starts = {"You plan": "planner", "You search": "searcher", "You review": "reviewer", "You mend": "fixer"}
    return next((role for start, role in starts.items() if call.system.startswith(start)), "worker")


def writing(call: Call, content: str = "x = 1\n", **result: object) -> Answer:
    """Write the file of the task, then finish."""
    if not any("write_file" in message.called for message in call.messages):
        told = call.messages[0].text
        name = told.partition("## You may write\n- ")[2].partition("\n")[0]
        return act("write_file", path=name, content=content)
    return act("finish_task", summary="done", **result)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "workspace"
    (folder / ".opencode").mkdir(parents=True)
    (folder / ".opencode" / "orchestrator.jsonc").write_text(json.dumps({"checks": [CHECK]}))
    (folder / "base.py").write_text("def base():\n    return 1\n")
    return folder


class Run:
    """A mission that has ended: its state, its events, and the calls of its models by role."""

    def __init__(self, mission: Mission, events: list[Any], provider: FakeProvider) -> None:
        self.mission = mission
        self._events = events
        self.calls: dict[str, list[Call]] = defaultdict(list)
        for call in provider.calls:
            self.calls[role_of(call)].append(call)

    def of_type(self, kind: type) -> list[Any]:
        return [event for event in self._events if isinstance(event, kind)]


async def play(workspace: Path, policy: Policy, models: dict[str, list[str]] | None = None) -> Run:
    with serving(policy) as provider:
        row = {"kind": "openai", "base_url": provider.url, "silence_timeout_s": 60}
        config = workspace.parent / "config" / "opencode-orchestrator" / "config.jsonc"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(json.dumps({"providers": {"fake": row}, "models": models or {"default": ["fake/coder"]}}))
        async with open_missions(workspace) as service:
            with service.subscribe() as events, anyio.fail_after(300):
                request = StartRequest(
                    "make the modules", "model", DeliveryMode.APPLY, is_trusted=True, max_iterations=9
                )
                mission, _ = await service.start(request)
                async for recorded in events:
                    if type(recorded.event).__name__ in {"MissionEnded", "MissionDelivered"}:
                        break
            found = await service.events(mission_id=mission.id, after_seq=0, limit=1_000)
        return Run(mission, [item.event for item in found], provider)


async def test_a_reviewer_s_finding_is_mended_before_the_seal(workspace: Path) -> None:
    finding = {
        "path": "a.py",
        "line": 1,
        "message": "x must be 2",
        "is_blocking": True,
        "evidence_kind": "quoted_requirement",
        "evidence": "make the modules",
    }

    def policy(call: Call) -> Answer | Failure:
        match role_of(call):
            case "planner":
                return act("submit_plan", tasks=[task("a"), task("b")])
            case "reviewer" if "x = 2" in call.messages[0].text:
                return act("submit_review", verdict="approve", summary="good")
            case "reviewer" if call.turn == 1:
                return act("run_check", name="runs")
            case "reviewer":
                return act("submit_review", verdict="request_changes", summary="no", findings=[finding])
            case "fixer":
                return writing(call, "x = 2\n")
            case _:
                return writing(call)

    run = await play(workspace, policy)
    assert run.mission.status is MissionStatus.SEALED, run.mission.end_reason
    assert [given.text for given in run.of_type(ReviewGiven)] == ["no", "good"]
    assert [given.verdict for given in run.of_type(ReviewGiven)] == [
        ReviewVerdict.REQUEST_CHANGES,
        ReviewVerdict.APPROVE,
    ]
    assert (workspace / "a.py").read_text() == "x = 2\n"
    told = run.calls["reviewer"][0].messages[0].text
    assert "+x = 1" in told
    assert "runs: clean" in told
    assert "x must be 2" in run.calls["fixer"][0].messages[0].text
    assert not {"write_file", "edit_file", "shell"} & set(run.calls["reviewer"][0].tools)
    assert [event.code for event in run.of_type(ToolCalled) if event.tool == "run_check"] == [""]


async def test_decisions_of_a_result_stand_in_the_next_brief(workspace: Path) -> None:
    def policy(call: Call) -> Answer | Failure:
        if role_of(call) == "planner":
            return act("submit_plan", tasks=[task("a"), task("b", "a")])
        if role_of(call) == "reviewer":
            return act("submit_review", verdict="approve", summary="good")
        return writing(call, decisions=["names end in _s"], failed_approaches=["a global"])

    run = await play(workspace, policy)
    assert run.mission.status is MissionStatus.SEALED, run.mission.end_reason
    kinds = [(note.task_id, note.kind, note.text) for note in run.of_type(NoteTaken)]
    assert kinds == [("a", NoteKind.DECISION, "names end in _s"), ("a", NoteKind.FAILED_APPROACH, "a global")]
    first, *_, last = run.calls["worker"]
    assert "Decisions so far" not in first.messages[0].text
    assert "decision: a: names end in _s" in last.messages[0].text
    assert "failed approach: a: a global" in last.messages[0].text


async def test_a_planner_of_a_large_workspace_sends_a_searcher(workspace: Path) -> None:
    for number in range(SEARCHED_FILES):
        (workspace / f"f{number}.txt").write_text("text\n")

    def policy(call: Call) -> Answer | Failure:
        match role_of(call):
            case "planner" if call.turn == 1:
                return act("search_workspace", question="where is base?")
            case "planner":
                assert "base.py" in call.last
                return act("submit_plan", tasks=[task("a")])
            case "searcher":
                return act(
                    "report_findings", summary="in base.py", places=[{"path": "base.py", "line": 1, "why": "it"}]
                )
            case _:
                return (
                    act("write_file", path="a.py", content="x = 1\n")
                    if call.turn < 4
                    else act("finish_task", summary="ok")
                )

    run = await play(workspace, policy)
    assert run.mission.status is MissionStatus.SEALED, run.mission.end_reason
    assert "search_workspace" in run.calls["planner"][0].tools
    assert "where is base?" in run.calls["searcher"][0].messages[0].text
    (note,) = run.of_type(NoteTaken)
    assert (note.kind, note.task_id) == (NoteKind.SEARCH, "")


async def test_a_small_workspace_offers_no_searcher_and_nobody_to_ask(workspace: Path) -> None:
    def policy(call: Call) -> Answer | Failure:
        if role_of(call) == "planner":
            return act("submit_plan", tasks=[task("a")])
        return act("write_file", path="a.py", content="x = 1\n") if call.turn < 3 else act("finish_task", summary="ok")

    run = await play(workspace, policy)
    assert run.mission.status is MissionStatus.SEALED, run.mission.end_reason
    assert not {"search_workspace", "ask_user", "web_fetch"} & set(run.calls["planner"][0].tools)
    assert "note" in run.calls["planner"][0].tools


async def test_one_task_is_one_conversation(workspace: Path) -> None:
    """The planner's session goes on as the worker: it reads nothing twice, and its second brief is short."""

    def policy(call: Call) -> Answer | Failure:
        if role_of(call) == "planner":
            return act("read_file", path="base.py") if call.turn == 1 else act("submit_plan", tasks=[task("a")])
        return act("write_file", path="a.py", content="x = 1\n") if call.turn == 3 else act("finish_task", summary="ok")

    run = await play(workspace, policy)
    assert run.mission.status is MissionStatus.SEALED, run.mission.end_reason
    assert [len(run.calls[role]) for role in ("planner", "worker", "reviewer")] == [2, 2, 0]
    worker = run.calls["worker"][0]
    assert worker.messages[0].text == run.calls["planner"][0].messages[0].text
    assert any("def base" in message.text for message in worker.messages)
    assert "## Mission" not in worker.messages[-1].text
    assert "## You may write" in worker.messages[-1].text


async def test_what_one_model_can_not_do_another_is_asked_for(workspace: Path) -> None:
    def policy(call: Call) -> Answer | Failure:
        if role_of(call) == "planner":
            return act("submit_plan", tasks=[task("a"), task("b")])
        if role_of(call) == "reviewer":
            return act("submit_review", verdict="approve", summary="good")
        if role_of(call) == "searcher":
            return act("report_findings", summary="nothing explains it")
        is_weak = call.model == "coder" and "- a.py" in call.messages[0].text
        return writing(call, "def f(:\n" if is_weak else "x = 1\n")

    chain = ["fake/coder", "fake/other"]
    run = await play(workspace, policy, {"default": chain})
    tried = [(event.cause, event.strategy, event.model) for event in run.of_type(MissionDiagnosed)]
    assert tried == [
        (Cause.SAME_FINDINGS, Strategy.SEARCH, ""),
        (Cause.SAME_FINDINGS, Strategy.OTHER_MODEL, "fake/other"),
    ]
    assert run.mission.status is MissionStatus.SEALED, run.mission.end_reason
    assert run.calls["worker"][-1].model == "other"
