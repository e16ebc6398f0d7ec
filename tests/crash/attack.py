"""An attack on the plan: many writers at once, and no acknowledged write may be lost.

Each writer owns one task, and renames it again and again with the plan's version that it believes in. What was refused
must name the current version; what was acknowledged must be in the journal, once, at the version that was answered.
`python tests/crash/attack.py` makes 10,000 writes each way, `--writes N` another number.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from figures import Line, save, tell

from orchestrator.app import open_missions
from orchestrator.client import RemoteError, connect_shared
from orchestrator.config.places import places
from orchestrator.domain.commands import RevisePlan
from orchestrator.domain.events import PlanRevised
from orchestrator.domain.revision import EditKind, PlanEdit
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import DeliveryMode
from orchestrator.engine.service import StartRequest
from orchestrator.journal.audit import audit
from orchestrator.journal.reader import JournalReader
from orchestrator_protocol.mission import MissionStartParams
from orchestrator_protocol.plan import PlanEditParams, PlanGetParams, PlanReviseParams

WRITES = 10_000
WRITERS = 50
PROCESSES = 8
Write = Callable[[int, str], Awaitable[int]]
"""Rename a task to a title at a version; answers the new version. Raises _Conflict."""


class _Conflict(Exception):
    def __init__(self, version: object) -> None:
        super().__init__(version)
        self.version = version


@dataclass(slots=True)
class Tally:
    """What came of the writes. `acknowledged` are title and version."""

    name: str
    acknowledged: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    conflicts: int = 0
    unnamed: int = 0
    lost: int = 0
    invented: int = 0
    duration_s: float = 0.0
    is_intact: bool = True

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, invented, or refused without a word."""
        return not (self.lost or self.invented or self.unnamed) and self.is_intact

    def line(self) -> Line:
        """For the table of all crash tests."""
        other = self.invented + self.unnamed + (not self.is_intact)
        return Line(self.name, len(self.acknowledged), writes_lost=self.lost, other=other)

    def table(self) -> str:
        """For people."""
        count = len(self.acknowledged)
        tries = count + self.conflicts
        found: list[tuple[str, object]] = [
            ("writes acknowledged", count),
            ("acknowledged writes lost", self.lost),
            ("writes in the plan that nobody was told", self.invented),
            ("conflicts", self.conflicts),
            ("conflicts without the current version", self.unnamed),
            ("conflict rate, %", f"{100 * self.conflicts / max(tries, 1):.1f}"),
            ("acknowledged writes a second", f"{count / max(self.duration_s, 1e-9):.0f}"),
            ("journal intact", "yes" if self.is_intact else "NO"),
        ]
        return "\n".join([self.name, *(f"  {name:<42}{value!s:>10}" for name, value in found)])


def prepare(folder: Path) -> str:
    """A workspace, and the script of a mission that plans 50 tasks and waits for its approval; the host."""
    (folder / "project").mkdir()
    (folder / "project" / "README.md").write_text("a project\n")
    tasks = [{"id": f"t{n}", "title": f"t{n}", "why": "asked", "write_set": [f"t{n}.txt"]} for n in range(WRITERS)]
    script = folder / "script.json"
    script.write_text(json.dumps({"planner": [{"plan": {"tasks": tasks}}], "tasks": {}}))
    return f"scripted:{script}"


async def write_often(write: Write, task_id: str, version: int, count: int, tally: Tally) -> None:
    """Write until `count` writes were acknowledged; after a refusal with the version that it named."""
    for number in range(count):
        title = f"{task_id} write {number}"
        while True:
            try:
                version = await write(version, title)
            except _Conflict as conflict:
                tally.conflicts += 1
                if not isinstance(conflict.version, int):
                    tally.unnamed += 1
                    return
                version = conflict.version
                continue
            tally.acknowledged.append((title, version))
            break


def compare(tally: Tally, workspace: Path, known: int) -> None:
    """Hold the journal against what was acknowledged. `known`: revisions that were there before."""
    where = places(workspace)
    revised: list[PlanRevised] = []
    with JournalReader(where.journal) as reader:
        after = 0
        while page := reader.read(after_seq=after, limit=1_000):
            revised += [item.event for item in page if isinstance(item.event, PlanRevised)]
            after = page[-1].seq
    kept = [(edit.title, event.version) for event in revised[known:] for edit in event.edits]
    tally.lost = len(set(tally.acknowledged) - set(kept))
    tally.invented = len(kept) - len(tally.acknowledged) + tally.lost
    tally.is_intact = audit(where.journal).is_intact


async def attack_in_process(folder: Path, writes: int) -> Tally:
    """50 tasks of one process, on the engine itself."""
    host = prepare(folder)
    workspace = folder / "project"
    tally = Tally(f"{WRITERS} tasks in one process")
    async with open_missions(workspace) as service:
        mission, _ = await service.start(_request(host))
        with anyio.fail_after(60):
            while not mission.questions:  # noqa: ASYNC110 - no event says so
                await anyio.sleep(0.02)
        began_s = time.monotonic()

        def writer(task_id: str) -> Write:
            async def write(version: int, title: str) -> int:
                edit = PlanEdit(EditKind.RETITLE, task_id, title)
                try:
                    events = await service.do(mission.id, RevisePlan(version, "writer", (edit,)))
                except RuleViolation as refused:
                    raise _Conflict((refused.data or {}).get("version")) from None
                return next(event.version for event in events if isinstance(event, PlanRevised))

            return write

        async with anyio.create_task_group() as group:
            for number in range(WRITERS):
                name = f"t{number}"
                group.start_soon(write_often, writer(name), name, mission.plan_version, writes // WRITERS, tally)
        tally.duration_s = time.monotonic() - began_s
    compare(tally, workspace, 0)
    return tally


def _request(host: str) -> StartRequest:
    from orchestrator.domain.words import ApprovalMode  # noqa: PLC0415 - beside its only use

    return StartRequest("rename", host, DeliveryMode.APPLY, False, 20, approval=ApprovalMode.PLAN)


async def attack_over_socket(folder: Path, writes: int) -> Tally:
    """8 processes, each with a connection of its own to the shared server."""
    host = prepare(folder)
    workspace = folder / "project"
    tally = Tally(f"{PROCESSES} processes over the socket")
    async with connect_shared(workspace) as client:
        params = MissionStartParams(text="rename", host=host, approval="plan")
        mission_id = (await client.request(params)).mission_id
        with anyio.fail_after(60):
            while not await _is_planned(client, mission_id):  # noqa: ASYNC110 - over the wire there is only asking
                await anyio.sleep(0.05)
        began_s = time.monotonic()
        argv = [sys.executable, __file__, "--client", str(workspace), mission_id, str(-(-writes // PROCESSES))]
        clients = [_start([*argv, str(number)]) for number in range(PROCESSES)]
        for process in clients:
            out, _ = await anyio.to_thread.run_sync(process.communicate)
            if process.returncode != 0:
                raise RuntimeError(f"a writer ended with {process.returncode}")
            said = json.loads(out)
            tally.acknowledged += [(title, version) for title, version in said["acknowledged"]]
            tally.conflicts += said["conflicts"]
            tally.unnamed += said["unnamed"]
        tally.duration_s = time.monotonic() - began_s
    compare(tally, workspace, 0)
    return tally


def _start(argv: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv, stdout=subprocess.PIPE)


async def _is_planned(client: Any, mission_id: str) -> bool:
    try:
        return bool((await client.request(PlanGetParams(mission_id=mission_id))).version)
    except RemoteError:
        return False


async def be_client(workspace: Path, mission_id: str, count: int, number: int) -> None:
    """One writing process; its tally on stdout."""
    tally = Tally("")
    task_id = f"t{number}"
    async with connect_shared(workspace) as client:

        async def write(version: int, title: str) -> int:
            edit = PlanEditParams(kind="retitle", task_id=task_id, title=title)
            try:
                params = PlanReviseParams(mission_id=mission_id, version=version, edits=[edit])
                return (await client.request(params)).version
            except RemoteError as refused:
                if refused.code != "plan_conflict":
                    raise
                raise _Conflict((refused.data or {}).get("version")) from None

        version = (await client.request(PlanGetParams(mission_id=mission_id))).version
        await write_often(write, task_id, version, count, tally)
    said = {"acknowledged": tally.acknowledged, "conflicts": tally.conflicts, "unnamed": tally.unnamed}
    sys.stdout.write(json.dumps(said))


def main() -> int:
    """Both attacks, and their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=WRITES)
    parser.add_argument("--client", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--figures", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.client:
        workspace, mission_id, count, number = arguments.client
        anyio.run(be_client, Path(workspace), mission_id, int(count), int(number))
        return 0
    tallies: list[Tally] = []
    attacks = (attack_in_process, attack_over_socket)
    for attack in attacks:
        with tempfile.TemporaryDirectory(prefix="attack-") as name:
            os.environ.update(ORCHESTRATOR_STATE_DIR=f"{name}/state", ORCHESTRATOR_IDLE_TIMEOUT_S="1")
            tally = anyio.run(attack, Path(name), arguments.writes)
            end_server(Path(name) / "state")
        tallies.append(tally)
        sys.stdout.write(f"{tally.table()}\n")
        tell(len(tallies), len(attacks), f"{len(tally.acknowledged):,} writes by {tally.name}")
    save(arguments.figures, [tally.line() for tally in tallies])
    return 0 if all(tally.is_clean for tally in tallies) else 1


def end_server(state: Path) -> None:
    """End the shared server that an attack has left."""
    for card in state.glob("w/*/server.json"):
        pid = int(json.loads(card.read_text())["pid"])
        os.kill(pid, 15)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
