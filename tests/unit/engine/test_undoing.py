"""An undo that a dying server cut off, at each of its steps: asked for again, it comes to the same end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.app import open_missions
from orchestrator.domain.events import MissionUndone, TaskUndone
from orchestrator.domain.words import DeliveryMode, TaskStatus
from orchestrator.engine.ledger import Ledger
from orchestrator.testing.builders import make_task
from orchestrator.testing.virtual_time import run_virtual
from orchestrator.workspace.room import ShadowWorkspace

from .conftest import Player
from .test_resuming import ended, of

STEPS = [
    ("a", Ledger, "do"), ("a", ShadowWorkspace, "undo"), ("a", ShadowWorkspace, "advance"),
    ("", Ledger, "do"), ("", ShadowWorkspace, "undo"),
]  # fmt: skip
"""What is undone (a task, or the mission), and the call behind which the server dies."""


class _Died(Exception):
    """The server is gone."""


def _dying_after(real: Callable[..., Any]) -> Callable[..., Any]:
    async def cut(*args: Any, **options: Any) -> None:
        await real(*args, **options)
        raise _Died

    return cut


@pytest.mark.parametrize(("task_id", "owner", "step"), STEPS)
def test_an_undo_that_was_cut_off_can_be_asked_for_again(
    player: Player, monkeypatch: pytest.MonkeyPatch, task_id: str, owner: type, step: str
) -> None:
    (player.workspace / "a.txt").write_bytes(b"before\r\n\xff")
    change = {
        name: {"worker": [{"actions": [{"write": {"path": f"{name}.txt", "content": f"by {name}\n"}}]}]}
        for name in "ab"
    }
    tasks = [make_task(name, write_set=[f"{name}.txt"]) for name in "ab"]
    player.write_script(tasks, behaviours=change)

    async def first() -> str:
        async with open_missions(player.workspace) as service:
            mission, _ = await service.start(player.request())
            await ended(service, mission)
            await service.deliver(mission.id, DeliveryMode.APPLY)
            assert (player.workspace / "a.txt").read_bytes() == b"by a\n"
            with monkeypatch.context() as patch:
                patch.setattr(owner, step, _dying_after(getattr(owner, step)))
                with pytest.raises(_Died):
                    await service.undo(mission.id, task_id, "me")
            return mission.id

    async def second(mission_id: str) -> None:
        async with open_missions(player.workspace) as service:
            await service.undo(mission_id, task_id, "me")
            mission = service.get(mission_id)
            assert (player.workspace / "a.txt").read_bytes() == b"before\r\n\xff"
            assert (player.workspace / "b.txt").exists() == bool(task_id)
            recorded = await service.events(mission_id=mission_id, after_seq=0, limit=1_000)
            assert len(of(recorded, TaskUndone if task_id else MissionUndone)) == 1
            if task_id:
                assert mission.tasks["a"].status is TaskStatus.STRUCK
                assert await service.changed_paths(mission_id) == ("b.txt",)

    run_virtual(second, run_virtual(first))
