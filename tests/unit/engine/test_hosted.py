"""Sessions that a client hosts: they outlive the server, and the next one goes on with them in their worktrees."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest

from orchestrator.app import open_missions
from orchestrator.domain.budget import Amounts, Limit
from orchestrator.domain.commands import AnswerQuestion
from orchestrator.domain.events import AttemptIntegrated, AttemptInterrupted, AttemptStarted, SessionOpened
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import Answer, FailureKind, MissionStatus, TaskStatus
from orchestrator.engine.service import MissionService, StartRequest
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Containment, SessionSpec, ToolDescription, ToolError
from orchestrator.ports.hosting import HostedState, TurnEnded
from orchestrator.ports.journal import Recorded
from orchestrator.testing.builders import make_plan, make_task
from orchestrator.testing.virtual_time import run_virtual

from .conftest import Player


@dataclass
class Editor:
    """A client that hosts. Its planner answers at once; its workers wait until the test finishes them."""

    plan: str
    id: str = "c1"
    name: str = "editor"
    containment: Containment = "mediated"
    service: MissionService | None = None
    sessions: dict[str, SessionSpec] = field(default_factory=dict[str, SessionSpec])
    busy: set[str] = field(default_factory=set[str])
    prompts: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    aborted: list[str] = field(default_factory=list[str])
    deleted: list[str] = field(default_factory=list[str])
    tools: tuple[ToolDescription, ...] = ()
    is_forgetful: bool = False

    async def create(self, spec: SessionSpec, tools: tuple[ToolDescription, ...]) -> str:
        self.sessions[spec.session_id] = spec
        self.tools = tools
        return f"place-{spec.session_id}"

    async def prompt(self, session_id: str, place: str, text: str) -> None:
        self.prompts.append((session_id, text))
        self.busy.add(session_id)
        if not self.sessions[session_id].task_id:
            self.finish(session_id, self.plan)

    async def abort(self, session_id: str, place: str) -> None:
        self.aborted.append(session_id)
        self.busy.discard(session_id)

    async def look(self, session_id: str, place: str) -> HostedState:
        is_alive = session_id in self.sessions and not self.is_forgetful
        return HostedState(is_alive, session_id in self.busy, "said before")

    async def compact(self, session_id: str, place: str, keep: str) -> bool:
        return False

    async def delete(self, session_id: str, place: str) -> None:
        self.deleted.append(session_id)
        self.sessions.pop(session_id, None)

    def finish(self, session_id: str, text: str = "done", failure: FailureKind | None = None) -> None:
        assert self.service is not None
        self.busy.discard(session_id)
        self.service.hosted.ended(self.id, session_id, TurnEnded(text, failure))

    def worker(self, task_id: str) -> str:
        return next(name for name, spec in self.sessions.items() if spec.task_id == task_id and name in self.busy)

    async def write(self, session_id: str, path: str, content: str) -> None:
        assert self.service is not None
        await self.service.hosted.call_tool(self.id, session_id, "write_file", {"path": path, "content": content})

    def join(self, service: MissionService) -> None:
        self.service = service
        service.hosted.join(self)


async def until(happened: Callable[[], bool]) -> None:
    with anyio.fail_after(20_000):
        while not happened():  # noqa: ASYNC110 - virtual time
            await anyio.sleep(1)


@pytest.fixture
def editor() -> Editor:
    return Editor(json.dumps(make_plan(make_task("a"), make_task("b"))))


def request(player: Player, **changes: Any) -> StartRequest:
    return replace(player.request(), host="editor", **changes)


async def end(service: MissionService, mission: Mission) -> list[Recorded]:
    await until(lambda: mission.status.is_terminal and not service.is_busy)
    return await service.events(mission_id=mission.id, after_seq=0, limit=1_000)


def of(recorded: list[Recorded], kind: type) -> list[str]:
    return [getattr(item.event, "task_id", "") for item in recorded if isinstance(item.event, kind)]


def test_a_client_hosts_a_mission(player: Player, editor: Editor) -> None:
    async def run() -> None:
        async with open_missions(player.workspace) as service:
            mission, _ = await service.start(request(player, models=(("worker", "small"),)))
            await anyio.sleep(100)
            assert not mission.plan_version, "it waits for a client that can host"
            editor.join(service)
            await until(lambda: len(editor.busy) == 2)
            assert {"read_file", "write_file", "shell"} <= {tool.name for tool in editor.tools}
            first = editor.worker("a")
            assert editor.sessions[first].model == "small"
            assert editor.sessions[first].system
            await editor.write(first, "a.txt", "a\n")
            with pytest.raises(ToolError, match="not in the write set"):
                await editor.write(first, "b.txt", "mine\n")
            with pytest.raises(OrchestratorError, match="hosts no session"):
                await service.hosted.call_tool("someone else", first, "read_file", {"path": "a.txt"})
            await editor.write(editor.worker("b"), "b.txt", "b\n")
            editor.finish(editor.worker("b"))
            editor.finish(first)
            recorded = await end(service, mission)
            assert mission.status is MissionStatus.UNVERIFIED
            assert sorted(of(recorded, AttemptIntegrated)) == ["a", "b"]
            assert sorted(of(recorded, SessionOpened)) == ["", "", "a", "b"], "a planner, two workers, a reviewer"
            assert len(editor.deleted) == 4

    run_virtual(run)


def test_calls_of_the_model_are_reserved_and_settled(player: Player, editor: Editor) -> None:
    async def run() -> None:
        async with open_missions(player.workspace) as service:
            editor.join(service)
            limits = (Limit("mission", "tokens", 100),)
            mission, _ = await service.start(request(player, limits=limits))
            await until(lambda: len(editor.busy) == 2)
            session = editor.worker("a")
            held = await service.hosted.reserve(editor.id, session, Amounts(tokens=90))
            assert mission.budget.warned == {("mission", "tokens")}
            async with anyio.create_task_group() as group:
                group.start_soon(service.hosted.reserve, editor.id, session, Amounts(tokens=20))
                await until(lambda: bool(mission.questions))
                assert mission.budget.used("mission", "tokens") == 90, "what does not fit is never reserved"
                await service.hosted.settle(editor.id, session, held, Amounts(tokens=10))
                (question,) = mission.questions
                await service.do(mission.id, AnswerQuestion(question, Answer.ALLOW, "me"))
            assert mission.budget.total().tokens == 10
            await service.stop(mission.id)
            assert sorted(editor.aborted) == sorted(set(editor.aborted))
            assert len(editor.aborted) == 2

    run_virtual(run)


def test_each_limit_has_a_question_of_its_own(player: Player, editor: Editor) -> None:
    """Who waits while another limit is asked about is not refused by that answer, but asks in turn."""

    async def run() -> None:
        async with open_missions(player.workspace) as service:
            editor.join(service)
            limits = (Limit("mission", "tokens", 10), Limit("mission", "money_microusd", 10))
            mission, _ = await service.start(request(player, limits=limits))
            await until(lambda: len(editor.busy) == 2)
            refused: list[str] = []

            async def ask(task_id: str, worst: Amounts) -> None:
                with pytest.raises(OrchestratorError) as denied:
                    await service.hosted.reserve(editor.id, editor.worker(task_id), worst)
                refused.append(denied.value.message)

            async with anyio.create_task_group() as group:
                group.start_soon(ask, "a", Amounts(tokens=20))
                await until(lambda: bool(mission.questions))
                group.start_soon(ask, "b", Amounts(money_microusd=20))
                for about, answer in (("tokens", Answer.DENY), ("money", Answer.ALWAYS), ("money", Answer.DENY)):
                    await anyio.sleep(1)
                    (question,) = mission.questions.values()
                    assert about in question.text
                    await service.do(mission.id, AnswerQuestion(question.id, answer, "me"))
            assert ["tokens" in words for words in refused] == [True, False]
            await service.stop(mission.id)

    run_virtual(run)


def test_live_sessions_go_on_under_the_next_server(player: Player, editor: Editor) -> None:
    """One session writes before the server ends and goes on after it; the other ended its turn in between."""

    async def first_server() -> str:
        async with open_missions(player.workspace) as service:
            editor.join(service)
            mission, _ = await service.start(request(player))
            await until(lambda: len(editor.busy) == 2)
            await editor.write(editor.worker("a"), "a.txt", "from before\n")
            await editor.write(editor.worker("b"), "b.txt", "b\n")
            editor.sessions = dict(editor.sessions)
            keep = (dict(editor.sessions), set(editor.busy))
        # The server's orderly end aborted and deleted them; a killed one would not have.
        editor.sessions, editor.busy = keep
        return mission.id

    async def next_server(mission_id: str) -> None:
        async with open_missions(player.workspace) as service:
            mission = service.get(mission_id)
            editor.id = "c2"
            editor.busy.discard(editor.worker("b"))
            editor.join(service)
            await until(lambda: mission.tasks["b"].status is TaskStatus.DONE)
            session = editor.worker("a")
            read = await service.hosted.call_tool("c2", session, "read_file", {"path": "a.txt"})
            assert "from before" in str(read)
            editor.finish(session)
            recorded = await end(service, mission)
            assert mission.status is MissionStatus.UNVERIFIED
            assert of(recorded, AttemptInterrupted) == []
            assert sorted(of(recorded, AttemptStarted)) == ["a", "b"]
            assert sorted(of(recorded, AttemptIntegrated)) == ["a", "b"]
            assert "+from before" in await service.diff(mission_id, "a")
            assert [text for name, text in editor.prompts if name == session][1:] == []

    run_virtual(next_server, run_virtual(first_server))


def test_sessions_that_did_not_outlive_it_are_tried_again(player: Player, editor: Editor) -> None:
    async def first_server() -> str:
        async with open_missions(player.workspace) as service:
            editor.join(service)
            mission, _ = await service.start(request(player))
            await until(lambda: len(editor.busy) == 2)
            return mission.id

    async def next_server(mission_id: str) -> None:
        async with open_missions(player.workspace) as service:
            mission = service.get(mission_id)
            editor.is_forgetful = True
            editor.join(service)
            await until(lambda: len(editor.busy) == 2 and mission.tasks["a"].attempt_count == 2)
            for name in ("a", "b"):
                await editor.write(editor.worker(name), f"{name}.txt", name)
                editor.finish(editor.worker(name))
            recorded = await end(service, mission)
            assert sorted(of(recorded, AttemptInterrupted)) == ["a", "b"]
            assert mission.status is MissionStatus.UNVERIFIED

    run_virtual(next_server, run_virtual(first_server))


def test_a_client_that_comes_back_keeps_its_sessions(player: Player, editor: Editor) -> None:
    async def run() -> None:
        async with open_missions(player.workspace) as service:
            editor.join(service)
            mission, _ = await service.start(request(player))
            await until(lambda: len(editor.busy) == 2)
            service.hosted.leave("c1")
            await anyio.sleep(10)
            editor.id = "c2"
            editor.join(service)
            await anyio.sleep(10)
            for name in ("a", "b"):
                await editor.write(editor.worker(name), f"{name}.txt", name)
                editor.finish(editor.worker(name))
            recorded = await end(service, mission)
            assert sorted(of(recorded, AttemptStarted)) == ["a", "b"]
            assert mission.recovered_count == 0

    run_virtual(run)


def test_a_failed_turn_is_healed_by_the_table(player: Player, editor: Editor) -> None:
    async def run() -> None:
        async with open_missions(player.workspace) as service:
            editor.join(service)
            mission, _ = await service.start(request(player))
            await until(lambda: len(editor.busy) == 2)
            editor.finish(editor.worker("a"), "too many requests", FailureKind.RATE_LIMITED)
            await until(lambda: len(editor.busy) == 2)
            for name in ("a", "b"):
                await editor.write(editor.worker(name), f"{name}.txt", name)
                editor.finish(editor.worker(name))
            await end(service, mission)
            assert mission.recovered_count == 1

    run_virtual(run)
