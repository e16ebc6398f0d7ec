"""The last judgement: sealed only when a sensitive check passed on the final tree; findings there become work."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.domain.events import IterationStarted, MissionSealed, TaskAdded
from orchestrator.domain.words import MissionStatus, Sensitivity
from orchestrator.testing.builders import make_task

from .conftest import Player

BASE = "def area(a, b):\n    return a * b\n"
GOOD = {"write": {"path": "area.py", "content": "def area(a, b):\n    return b * a\n"}}
BAD = {"write": {"path": "area.py", "content": "def area(a, b):\n    return a + b\n"}}
CHECK = "python -c 'import area; assert area.area(2, 3) == 6, area.area(2, 3)'"


def declare(workspace: Path, command: str, when: str = "seal", setup: list[str] | None = None) -> None:
    folder = workspace / ".opencode"
    folder.mkdir()
    checks = [{"name": "area", "command": command, "when": when, "timeout_s": 60}]
    (workspace / "area.py").write_text(BASE)
    (folder / "orchestrator.jsonc").write_text(json.dumps({"checks": checks, "setup": setup or []}))


def area_task():
    return make_task("area", write_set=["area.py"])


def test_a_check_that_fails_on_the_final_tree_becomes_work_and_the_next_round_seals(player: Player) -> None:
    declare(player.workspace, CHECK)
    behaviours = {"area": {"worker": [{"actions": [BAD]}]}, "review-1": {"fixer": [{"actions": [GOOD]}]}}
    played = player.play(area_task(), behaviours=behaviours)
    assert played.mission.status is MissionStatus.SEALED
    assert [event.number for event in played.of_type(IterationStarted)] == [1, 2]
    (added,) = played.of_type(TaskAdded)
    assert added.task.write_set == ("area.py",)
    (sealed,) = played.of_type(MissionSealed)
    (receipt,) = sealed.seal.receipts
    assert (receipt.exit_code, receipt.tree) == (0, played.mission.tip_tree)
    assert receipt.sensitivity is Sensitivity.SENSITIVE
    assert (player.workspace / "area.py").read_text().endswith("return b * a\n")


def test_a_final_tree_that_no_round_mends_is_never_sealed(player: Player) -> None:
    declare(player.workspace, CHECK)
    worse = [
        {"actions": [{"write": {"path": "area.py", "content": f"def area(a, b):\n    return {n}\n"}}]}
        for n in (1, 2, 3, 4)
    ]
    behaviours = {f"review-{n}": {"fixer": [turn]} for n, turn in enumerate(worse, 1)}
    behaviours["area"] = {"worker": [{"actions": [BAD]}]}
    player.write_script([area_task()], behaviours=behaviours)
    played = player.play_request(player.request(max_iterations=3))
    assert played.mission.status is MissionStatus.FAILED
    assert played.mission.end_code == "iterations_exhausted"
    assert len(played.of_type(IterationStarted)) == 3
    assert (player.workspace / "area.py").read_text() == BASE


def test_a_check_that_notices_nothing_does_not_seal(player: Player) -> None:
    declare(player.workspace, "true")
    played = player.play(area_task(), behaviours={"area": {"worker": [{"actions": [GOOD]}]}})
    assert played.mission.status is MissionStatus.UNVERIFIED
    assert (player.workspace / "area.py").read_text() == BASE


def test_a_failing_member_of_a_batch_holds_nobody_else_back(player: Player) -> None:
    """Six attempts end at the same moment, one breaks the check: five land, one goes to a fixer."""
    declare(player.workspace, CHECK, when="merge")
    tasks = [make_task(f"t{n}") for n in range(5)]
    behaviours = {"area": {"worker": [{"actions": [BAD]}], "fixer": [{"actions": [GOOD, NOTE]}]}}
    played = player.play(*tasks, make_task("area", write_set=["area.py", "notes.txt"]), behaviours=behaviours)
    assert played.mission.status is MissionStatus.SEALED
    assert played.starts() == ["t0", "t1", "t2", "t3", "t4", "area", "area.fix1"]
    assert played.mission.refused_count == 1


def test_setup_makes_every_worktree_ready_also_for_checks_of_an_attempt(player: Player) -> None:
    command = "test -f made/by_setup && python -c 'import area; assert area.area(2, 3) == 6'"
    (player.workspace / ".gitignore").write_text("made/\n")
    declare(player.workspace, command, when="attempt", setup=["mkdir -p made && touch made/by_setup"])
    played = player.play(area_task(), behaviours={"area": {"worker": [{"actions": [GOOD]}]}})
    assert played.mission.status is MissionStatus.SEALED
    assert not (player.workspace / "made").exists()


def test_a_project_may_lower_the_bound_on_iterations(player: Player) -> None:
    declare(player.workspace, CHECK)
    config = player.workspace / ".opencode" / "orchestrator.jsonc"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"limits": {"max_iterations": 1}}))
    played = player.play(area_task(), behaviours={"area": {"worker": [{"actions": [BAD]}]}})
    assert played.mission.end_code == "iterations_exhausted"
    assert len(played.of_type(IterationStarted)) == 1


NOTE = {"write": {"path": "notes.txt", "content": "mended\n"}}
