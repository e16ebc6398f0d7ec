"""A person edits `todo.md` while the mission runs: what they wrote steers it, and nothing of theirs is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from orchestrator.app import open_missions
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import MissionStatus, TaskStatus
from orchestrator.engine.service import MissionService
from orchestrator.testing.builders import make_task
from orchestrator.testing.virtual_time import run_virtual

from .conftest import Player

Story = Callable[[MissionService, Mission, Path], Awaitable[None]]


async def until(happened: Callable[[], bool]) -> None:
    with anyio.fail_after(10_000):
        while not happened():  # noqa: ASYNC110 - virtual time
            await anyio.sleep(1)


def play(player: Player, story: Story) -> tuple[Mission, str]:
    """Tell a story beside a mission; the mission and its file at the end."""
    todo = player.workspace / ".opencode" / "todo.md"

    async def run() -> Mission:
        async with open_missions(player.workspace) as service:
            mission, _ = await service.start(player.request())
            await story(service, mission, todo)
            await until(lambda: mission.status.is_terminal and not service.is_busy)
            return mission

    return run_virtual(run), todo.read_text()


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_ticking_striking_and_adding_steer_the_mission(player: Player) -> None:
    tasks = [make_task("a"), *(make_task(name, depends_on=["a"]) for name in ("b", "c", "d"))]
    player.write_script(tasks, duration_s=100.0)

    async def story(service: MissionService, mission: Mission, todo: Path) -> None:
        await until(lambda: "a" in mission.leases and todo.exists() and "a.txt" in todo.read_text())
        replace(todo, "- [ ] b:", "- [x] b:")
        replace(todo, "- [ ] c:", "- [-] c:")
        replace(todo, "- [ ] d:", "my own words\n- [ ] d:")
        with todo.open("a") as file:
            file.write("- [ ] extra: One more thing — extra.txt\n")
        await until(lambda: "extra" in mission.tasks)

    mission, text = play(player, story)
    assert mission.status is MissionStatus.UNVERIFIED
    assert {name: task.status for name, task in mission.tasks.items()} == {
        "a": TaskStatus.DONE,
        "b": TaskStatus.DONE,
        "c": TaskStatus.STRUCK,
        "d": TaskStatus.DONE,
        "extra": TaskStatus.DONE,
    }
    assert mission.tasks["b"].attempt_count == mission.tasks["c"].attempt_count == 0
    assert mission.tasks["extra"].attempt_count == 1
    assert "\nmy own words\n- [x] d:" in text
    assert "- [-] c:" in text


def test_an_edit_that_can_not_be_made_is_explained_in_the_file(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=100.0)

    async def story(service: MissionService, mission: Mission, todo: Path) -> None:
        await until(lambda: "a" in mission.leases and todo.exists() and "- [/] a:" in todo.read_text())
        replace(todo, "- [/] a:", "- [-] a:")
        await until(lambda: "> not taken: strike a: task a is running; stop it first" in todo.read_text())

    mission, text = play(player, story)
    assert mission.tasks["a"].status is TaskStatus.DONE
    assert "- [x] a:" in text


def test_a_line_added_before_there_is_a_plan_waits_for_it(player: Player) -> None:
    player.write_script([make_task("a")], duration_s=100.0)

    async def story(service: MissionService, mission: Mission, todo: Path) -> None:
        await until(todo.exists)
        assert not mission.plan_version
        with todo.open("a") as file:
            file.write("- [ ] later: Also this — later.txt\n")
        await until(lambda: "later" in mission.tasks)

    mission, _ = play(player, story)
    assert mission.tasks["later"].status is TaskStatus.DONE


def test_edits_made_while_no_server_ran_are_taken(player: Player) -> None:
    player.write_script([make_task("a"), make_task("b", depends_on=["a"])], duration_s=100.0)
    todo = player.workspace / ".opencode" / "todo.md"

    async def begin() -> str:
        async with open_missions(player.workspace) as service:
            mission, _ = await service.start(player.request())
            await until(lambda: "a" in mission.leases and todo.exists() and "b.txt" in todo.read_text())
            return mission.id

    async def finish(mission_id: str) -> Mission:
        async with open_missions(player.workspace) as service:
            await until(lambda: service.get(mission_id).status.is_terminal and not service.is_busy)
            return service.get(mission_id)

    mission_id = run_virtual(begin)
    replace(todo, "- [ ] b:", "- [-] b:")
    assert run_virtual(finish, mission_id).tasks["b"].status is TaskStatus.STRUCK


def test_a_list_that_was_there_before_is_kept_in_the_state_directory(player: Player) -> None:
    todo = player.workspace / ".opencode" / "todo.md"
    todo.parent.mkdir()
    todo.write_text("# mine\n- [ ] buy milk\n")
    player.write_script([make_task("a")], duration_s=10.0)

    async def story(service: MissionService, mission: Mission, todo: Path) -> None:
        await until(lambda: mission.status.is_terminal)

    mission, _ = play(player, story)
    assert set(mission.tasks) == {"a"}
    from orchestrator.config.places import places  # noqa: PLC0415 - the state directory is the test's own

    (kept,) = (places(player.workspace).state / "todo-kept").iterdir()
    assert kept.read_text() == "# mine\n- [ ] buy milk\n"
