"""Whole missions in virtual time: the real engine and the real rooms, a scripted host, no waiting."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from orchestrator.app import open_missions
from orchestrator.domain.events import AttemptStarted
from orchestrator.domain.mission import Mission
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import DeliveryMode
from orchestrator.engine.service import StartRequest
from orchestrator.journal.store import SqliteJournal
from orchestrator.ports.journal import Recorded
from orchestrator.testing.builders import make_plan
from orchestrator.testing.virtual_time import real_work, run_virtual

WRITE = {"write": {"path": "${path}", "content": "${task} turn ${turn}\n", "is_template": True}}


@dataclass
class Played:
    """How a mission went: its state, its events, and how long it took in virtual seconds."""

    mission: Mission
    recorded: list[Recorded]
    duration_s: float

    def of_type(self, kind: type) -> list[Any]:
        return [item.event for item in self.recorded if isinstance(item.event, kind)]

    def starts(self) -> list[str]:
        return [event.task_id for event in self.of_type(AttemptStarted)]


class Player:
    """Writes a script and plays missions by it."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        (self.workspace / "README.md").write_text("a workspace\n")
        self.script = folder / "script.json"

    def write_script(
        self,
        tasks: Sequence[TaskSpec],
        *,
        duration_s: float = 10.0,
        behaviours: Mapping[str, object] | None = None,
        planner: Sequence[object] | None = None,
        advice: Mapping[str, object] | None = None,
    ) -> None:
        """`advice` are turns of searchers, reviewers, and planners that plan stuck work anew, for every task."""
        turns = list(planner or [{"plan": make_plan(*tasks)}])
        default = [{"say": "done", "actions": [WRITE]}]
        script = {
            "seed": 1,
            "defaults": {"duration_s": duration_s, "worker": default, "fixer": default, **(advice or {})},
            "planner": turns,
            "tasks": dict(behaviours or {}),
        }
        self.script.write_text(json.dumps(script))

    def request(self, text: str = "do it", max_iterations: int = 20) -> StartRequest:
        return StartRequest(text, f"scripted:{self.script}", DeliveryMode.APPLY, False, max_iterations)

    def play(self, *tasks: TaskSpec, **script: Any) -> Played:
        self.write_script(tasks, **script)
        return self.play_request(self.request())

    def play_request(self, request: StartRequest) -> Played:
        """Play the script that was written last."""
        return run_virtual(self._play, request)

    async def _play(self, request: StartRequest) -> Played:
        async with open_missions(self.workspace) as service:
            begin = anyio.current_time()
            with service.subscribe() as events:
                mission, _ = await service.start(request)
                async for recorded in events:
                    if type(recorded.event).__name__ in {"MissionEnded", "MissionDelivered"}:
                        break
            duration_s = anyio.current_time() - begin
            return Played(mission, await service.events(mission_id=mission.id, after_seq=0, limit=1_000), duration_s)


@pytest.fixture
def player(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Player:
    append = SqliteJournal.append

    async def append_in_real_time(self: SqliteJournal, *args: Any) -> list[Recorded]:
        with real_work():  # the journal writes in a thread of its own, which virtual time can't see
            return await append(self, *args)

    monkeypatch.setattr(SqliteJournal, "append", append_in_real_time)
    return Player(tmp_path)
