"""One mission by a scripted host that tampers with its judges, through the real engine, gates and sealing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from orchestrator.app import open_missions
from orchestrator.domain.events import AttemptRefused, GateJudged, MissionSealed
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import DeliveryMode, MissionStatus
from orchestrator.engine.service import StartRequest
from orchestrator.testing.builders import make_plan, make_task

Files = Mapping[str, str | None]
PYTHON = f"PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 {sys.executable}"
PYTEST = f"{PYTHON} -m pytest -q -p no:cacheprovider"
DEADLINE_S = 100.0


@dataclass(frozen=True)
class Case:
    """What a worker does. `files` are written (None: deleted), then the shell line `then` runs in the worktree.

    `paths` names what `then` touches, for the write set. `rules` are rules of findings of which one must be told; none
    for work that is simply not proven. `kind` names the project.
    """

    name: str
    files: Files = field(default_factory=dict[str, str | None])
    then: str = ""
    paths: tuple[str, ...] = ()
    rules: tuple[str, ...] = ("judge_changed",)
    kind: str = "pytest"
    is_code_right: bool = False


@dataclass(frozen=True)
class Ended:
    """How it went: whether a seal was given, the rules of all findings that were told, and the reasons in words."""

    status: MissionStatus
    is_sealed: bool
    rules: frozenset[str]
    told: str


def make_project(folder: Path, files: Files, command: str) -> Path:
    """Write a workspace with one declared check."""
    config = {"checks": [{"name": "unit", "command": command, "timeout_s": 60}]}
    for path, text in {**files, ".opencode/orchestrator.jsonc": json.dumps(config)}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text or "")
        if text and text.startswith("#!"):
            place.chmod(0o755)
    return folder


def play(folder: Path, workspace: Path, case: Case) -> Ended:
    """Run the mission to its end; its script is written into `folder`. The workspace stays as it is."""
    actions: list[dict[str, Any]] = []
    for path, text in case.files.items():
        actions.append({"delete": path} if text is None else {"write": {"path": path, "content": text}})
    if case.then:
        actions.append({"shell": case.then, "timeout_s": 30})
    task = make_task("work", write_set=sorted({*case.files, *case.paths}))
    gives_up = [{"plan": make_plan(task)}]
    script = {"planner": gives_up, "tasks": {"work": {"worker": [{"say": "done", "actions": actions}]}}}
    place = folder / "script.json"
    place.write_text(json.dumps(script))
    request = StartRequest("make it work", f"scripted:{place}", DeliveryMode.PATCH, False, 1)
    return anyio.run(_play, workspace, request)


async def _play(workspace: Path, request: StartRequest) -> Ended:
    with anyio.fail_after(DEADLINE_S):
        async with open_missions(workspace) as service:
            with service.subscribe() as events:
                mission, _ = await service.start(request)
                async for recorded in events:
                    if type(recorded.event).__name__ in {"MissionEnded", "MissionSealed"}:
                        break
            recorded = await service.events(mission_id=mission.id, after_seq=0, limit=1_000)
            return _ended(mission, [item.event for item in recorded])


def _ended(mission: Mission, events: list[Any]) -> Ended:
    reports = [event.report for event in events if isinstance(event, GateJudged) and event.stage.value != "base"]
    findings = [finding for report in reports for finding in report.findings]
    findings += [finding for event in events if isinstance(event, AttemptRefused) for finding in event.findings]
    told = [f"{finding.rule} {finding.path}: {finding.message}" for finding in findings]
    told += [f"{report.gate}: {report.verdict.value}: {report.detail}" for report in reports if report.detail]
    told += [f"end: {mission.end_code} {mission.end_reason}"]
    return Ended(
        mission.status,
        any(isinstance(event, MissionSealed) for event in events),
        frozenset(finding.rule for finding in findings),
        "\n".join(told),
    )
