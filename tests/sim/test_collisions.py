"""Tasks that all want the same few files, on fifty slots: the final tree is the one that serial work would leave."""

from __future__ import annotations

import random
from dataclasses import replace
from unittest import mock

import anyio
import anyio.to_thread
import pytest
from sim_host import FaultPlan
from simulation import World, _inline

from orchestrator.domain.events import AttemptIntegrated
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import ApprovalMode, MissionStatus
from orchestrator.engine.limits import Limits
from orchestrator.testing.virtual_time import run_virtual

FILES = ("src/one.py", "src/two.py", "lib/", "lib/three.py")


def colliding(chance: random.Random, count: int = 60) -> list[TaskSpec]:
    return [
        TaskSpec(f"t{n}", f"Do {n}", "why", tuple(sorted(chance.sample(FILES[:3] if n % 2 else FILES, 2))))
        for n in range(count)
    ]


def calm(plan: FaultPlan) -> FaultPlan:
    return FaultPlan(
        {}, 0, 0, 0, 0, {}, 0, (), plan.median_s, lives_on=False, is_metered=False, advising=frozenset(), objecting=0.0
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_final_tree_is_that_of_serial_work(seed: int) -> None:
    async def main() -> World:
        world = World(seed)
        world.host.plan = calm(world.host.plan)
        world.host.tasks = colliding(random.Random(seed))  # noqa: S311 - no secret
        world.deaths = world.conflict_share = world.retries = 0
        world.is_restless = False
        world.memory = 0.1
        world.limits = Limits(slots=50)
        world.request = replace(world.request, limits=(), approval=ApprovalMode.NEVER)
        with mock.patch.object(anyio.to_thread, "run_sync", _inline):
            await world.play()
        return world

    world = run_virtual(main)
    mission = next(iter(world.rules.missions.values()))
    assert mission.status is MissionStatus.SEALED
    assert not world.rules.problems
    order = [item.event.task_id for item in world.journal.recorded if isinstance(item.event, AttemptIntegrated)]
    assert sorted(order) == sorted(task.id for task in world.host.tasks)
    serial = {"src/f0.py": "old", "README": "hello", "lib/one.py": "one"}
    tasks = {task.id: task for task in world.host.tasks}
    for task_id in order:
        for entry in tasks[task_id].write_set:
            serial[f"{entry}made-{task_id}" if entry.endswith("/") else entry] = f"{task_id} 1"
    assert world.disk.files(mission.tip) == serial
    assert world.disk.user == serial
