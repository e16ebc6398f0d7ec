"""Missions that memory has let go: listed, asked for, worked with, as if they were there."""

from __future__ import annotations

import pytest

from orchestrator.app import open_missions
from orchestrator.domain.words import DeliveryMode, MissionStatus
from orchestrator.engine import restoring
from orchestrator.engine.service import MissionService
from orchestrator.errors import OrchestratorError
from orchestrator.ports.journal import MissionSummary
from orchestrator.rpc.handlers import IMMEDIATE
from orchestrator.rpc.handlers.mission_list import mission_list
from orchestrator.testing.builders import make_task
from orchestrator.testing.virtual_time import run_virtual
from orchestrator_protocol.mission import MissionListParams

from .conftest import Player
from .test_resuming import ended


async def _one_after_another(player: Player, service: MissionService, count: int) -> list[str]:
    ids: list[str] = []
    for number in range(count):
        mission, _ = await service.start(player.request(f"mission {number}"))
        await ended(service, mission)
        ids.append(mission.id)
    return ids


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "MAX_FINISHED_TASKS", 2)


def test_what_memory_let_go_is_listed_and_comes_back(player: Player, little_memory: None) -> None:
    player.write_script([make_task("a")])

    async def run() -> None:
        async with open_missions(player.workspace) as service:
            ids = await _one_after_another(player, service, 4)
            assert [service.knows(mission_id) for mission_id in ids] == [False, False, True, True]
            listed = await service.listed()
            assert [mission.id for mission in listed] == ids
            assert [isinstance(mission, MissionSummary) for mission in listed] == [True, True, False, False]
            views = (await mission_list(service, MissionListParams())).missions
            assert [view.text for view in views] == [f"mission {number}" for number in range(4)]
            assert {(view.status, view.counts.total, view.counts.done) for view in views} == {
                (views[3].status, 1, views[3].counts.done)
            }
            with pytest.raises(OrchestratorError) as caught:
                service.get(ids[0])
            assert caught.value.code == "unknown_mission"
            await service.recall(ids[0])
            await service.recall("m-nobody")
            assert service.get(ids[0]).text == "mission 0"
            assert not service.knows(ids[2]), "memory holds as many as before"
            assert (await service.deliver(ids[0], DeliveryMode.PATCH)).mode is DeliveryMode.PATCH

    run_virtual(run)


def test_a_mission_never_has_two_owners(player: Player, little_memory: None) -> None:
    player.write_script([make_task("a")])

    async def run() -> None:
        async with open_missions(player.workspace) as service:
            first = (await _one_after_another(player, service, 1))[0]
            owner = service.ledger(first)
            await _one_after_another(player, service, 2)
            assert not service.knows(first)
            await service.recall(first)
            assert service.ledger(first) is owner

    run_virtual(run)


def test_missions_without_tasks_are_forgotten_too(player: Player, little_memory: None) -> None:
    player.write_script([make_task("a")], planner=[{"text": "no plan"}])

    async def run() -> None:
        async with open_missions(player.workspace) as service:
            ids = await _one_after_another(player, service, 4)
            assert service.get(ids[-1]).status is MissionStatus.FAILED
            assert sum(service.knows(mission_id) for mission_id in ids) == 2
            # The key of a start that is sent again still leads to its mission.
            assert [mission.id for mission in await service.listed()] == ids

    run_virtual(run)


def test_what_is_answered_on_the_spot_never_reads_the_journal() -> None:
    assert "mission/list" not in IMMEDIATE
