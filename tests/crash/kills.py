"""Real processes and SIGKILL: missions whose server and client are killed at random points, until they end.

`python tests/crash/kills.py` kills 10,000 times and prints the table; `--kills N --seed S` sets another number,
`--minutes N` a bound in time. Lanes
run side by side, each with workspaces and a state directory of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from figures import Line, save, tell
from kills_evidence import Row, Rows, Verdict, judge
from kills_nursery import append, ask

from orchestrator.config.places import Places, workspace_root

LONG_KILLS = 10_000
VICTIMS = ("server", "server", "server", "client", "both", "both")
MOMENTS = (
    "mission.accepted", "snapshot.taken", "plan.accepted", "session.opened", "attempt.committed", "gate.judged",
    "attempt.integrated", "attempt.refused", "task.added", "sealing.started", "mission.sealed", "delivery.started",
    "mission.taken_up",
)  # fmt: skip
KILLS_PER_MISSION = 9
ORPHAN_S = 2.0
LASTING_S = 20.0
MISSION_TIMEOUT_S = 240.0


@dataclass(slots=True)
class Tally:
    """What a run of kills found. The times are seconds."""

    wanted: int = 0
    kills: Counter[str] = field(default_factory=Counter[str])
    missions: int = 0
    left: int = 0
    unsealed: list[str] = field(default_factory=list[str])
    orphans: list[str] = field(default_factory=list[str])
    lasting_orphans: list[str] = field(default_factory=list[str])
    resume_s: list[float] = field(default_factory=list[float])
    verdict: Verdict = field(default_factory=Verdict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def is_clean(self) -> bool:
        """Whether zero is where zero is due. An orphan that is gone a little later is shown and does not count here."""
        return not self.faults

    @property
    def faults(self) -> int:
        """How much is wrong that must not be."""
        found = self.verdict
        wrong = (self.unsealed, self.lasting_orphans, found.lost, found.twice, found.problems)
        return sum(len(lines) for lines in wrong)

    def add(self, verdict: Verdict) -> None:
        """Count a mission in."""
        with self.lock:
            self.missions += 1
            mine = self.verdict
            mine.facts += verdict.facts
            mine.repeated_s += verdict.repeated_s
            mine.total_s += verdict.total_s
            for name in ("lost", "twice", "problems"):
                getattr(mine, name).extend(getattr(verdict, name))

    def lines(self) -> list[Line]:
        """For the table of all crash tests."""
        found = self.verdict
        whole = Line(
            "all kills",
            self.kills.total(),
            lost=len(found.lost),
            twice=len(found.twice),
            orphans=len(self.orphans),
            unsealed=len(self.unsealed),
            resume_s=self.resume_s,
            repeated=(found.repeated_s, found.total_s),
            other=len(found.problems) + len(self.lasting_orphans),
        )
        parts = [Line(f"killed: {name}", count) for name, count in sorted(self.kills.items())]
        return [*parts, whole]

    def table(self) -> str:
        """For people."""
        found = self.verdict
        times = sorted(self.resume_s) or [0.0]
        share = 100 * found.repeated_s / max(found.total_s, 1e-9)
        table: list[tuple[str, object]] = [(f"kills: {name}", count) for name, count in sorted(self.kills.items())]
        table += [
            ("kills", self.kills.total()),
            ("missions", self.missions),
            ("clients told: server gone", self.left),
            ("facts that a client had seen", found.facts),
            ("acknowledged facts lost", len(found.lost)),
            ("attempts run twice in silence", len(found.twice)),
            (f"orphans {ORPHAN_S:g} s after a kill", len(self.orphans)),
            (f"orphans {LASTING_S:g} s after a kill", len(self.lasting_orphans)),
            ("missions not ending sealed", len(self.unsealed)),
            ("other problems (audit, defects)", len(found.problems)),
            ("time to resume, median, s", f"{statistics.median(times):.2f}"),
            ("time to resume, p95, s", f"{times[int(0.95 * (len(times) - 1))]:.2f}"),
            ("session seconds repeated / all", f"{found.repeated_s:.0f} / {found.total_s:.0f} ({share:.0f} %)"),
        ]
        lines = [f"{name:<34}{value!s:>16}" for name, value in table]
        worst = [*found.lost, *found.twice, *found.problems, *self.unsealed, *self.lasting_orphans, *self.orphans]
        return "\n".join([*lines, *(f"  {line[:300]}" for line in worst[:15])])


class Mission:
    """One mission in a workspace of its own, its processes, and their killer."""

    def __init__(self, tally: Tally, nursery: str, folder: Path, dice: random.Random) -> None:
        self.tally, self.nursery, self.dice = tally, nursery, dice
        self.root = workspace_root(folder / "project")
        self.state = folder / "state"
        self.seen, self.witness = Rows(folder / "seen.jsonl"), Rows(folder / "witness.jsonl")
        self.request: Row = {
            "what": "client",
            "root": str(self.root),
            "host": f"scripted:{_write_project(self.root, folder, dice)}",
            "key": folder.name,
            "seen": str(self.seen.path),
            "witness": str(self.witness.path),
            "environment": {"ORCHESTRATOR_STATE_DIR": str(self.state), "ORCHESTRATOR_IDLE_TIMEOUT_S": "60"},
        }
        self.watchers: list[threading.Thread] = []

    def run(self, kills: int) -> int:
        """Start, kill, and judge after the end; how often it killed."""
        deadline_s = time.monotonic() + MISSION_TIMEOUT_S
        ask(self.nursery, self.request)
        count = 0
        while count < kills:
            if self._wait_for_moment(deadline_s):
                break
            count += self._kill(self.dice.choice(VICTIMS))
            if not self._client_lives():
                time.sleep(self.dice.choice((0.0, 0.0, 0.3)))
                ask(self.nursery, self.request)
        while not self._status() and time.monotonic() < deadline_s:
            if not self._client_lives():
                ask(self.nursery, self.request)
                time.sleep(0.3)
            time.sleep(0.02)
        for watcher in self.watchers:
            watcher.join()
        self._judge()
        return count

    def _status(self) -> str:
        return next((row["status"] for row in self.seen() if row["what"] == "status"), "")

    def _wait_for_moment(self, deadline_s: float) -> bool:
        """Until the next kill is due, at an event or after a while; whether the mission has ended before."""
        wanted = self.dice.choice(MOMENTS) if self.dice.random() < 0.6 else ""
        until_s = min(deadline_s, time.monotonic() + (6.0 if wanted else self.dice.uniform(0.0, 1.5)))
        start = len(self.seen())
        while time.monotonic() < until_s:
            found = self.seen()
            if any(row["what"] == "status" for row in found):
                return True
            if wanted and any(row["what"] == "event" and row["event"]["type"] == wanted for row in found[start:]):
                time.sleep(self.dice.choice((0.0, 0.0, 0.005, 0.03)))
                return False
            time.sleep(0.004)
        return False

    def _kill(self, victim: str) -> bool:
        """Kill, if there is something to kill; whether there was."""
        servers, clients = self._servers(), self._clients()
        targets = {"server": servers, "client": clients, "both": [*servers, *clients]}
        processes = targets[victim]
        if not processes:
            return False
        with self.tally.lock:
            self.tally.kills[victim] += 1
        held = [process for process in processes if _signal(process, signal.SIGSTOP)]
        offspring = [child for process in held if process in servers for child in _tree(process)]
        for process in held:
            _signal(process, signal.SIGKILL)
        killed_s = time.monotonic()
        for process in held:
            append(str(self.witness.path), what="killed", pid=process.pid)
        if any(process in servers for process in held):
            seq = max((row["event"]["seq"] for row in self.seen() if row["what"] == "event"), default=0)
            for work in (self._watch_orphans, self._watch_resume):
                watcher = threading.Thread(target=work, args=(killed_s, seq, offspring))
                watcher.start()
                self.watchers.append(watcher)
        return True

    def _watch_orphans(self, killed_s: float, _seq: int, offspring: list[psutil.Process]) -> None:
        """What the dead server had started is gone, after two seconds."""
        known = {(process.pid, process.create_time()) for process in offspring if process.is_running()}
        before_s = time.time() - (time.monotonic() - killed_s)
        left: list[str] = []
        for limit_s, found in ((ORPHAN_S, self.tally.orphans), (LASTING_S, self.tally.lasting_orphans)):
            while left := self._left(known, before_s):
                if time.monotonic() - killed_s > limit_s:
                    break
                time.sleep(0.05)
            with self.tally.lock:
                found.extend(left)
            if not left:
                return

    def _left(self, known: set[tuple[int, float]], before_s: float) -> list[str]:
        """Processes of the dead server that live: those that were its children, and any older one with its mark."""
        servers = {process.pid for process in self._servers()}
        clients = {process.pid for process in self._clients()}
        found: list[str] = []
        for process in psutil.process_iter():
            try:
                if process.pid in servers | clients or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                born_s = process.create_time()
                if (process.pid, born_s) in known or (born_s < before_s - 0.02 and self._is_marked(process)):
                    found.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
            except (psutil.Error, OSError):
                continue
        return found

    def _is_marked(self, process: psutil.Process) -> bool:
        """Whether its environment or its arguments name this mission's state: every command has it as HOME."""
        mark = os.fsencode(self.state)
        folder = Path(f"/proc/{process.pid}")
        return mark in (folder / "environ").read_bytes() or mark in (folder / "cmdline").read_bytes()

    def _watch_resume(self, killed_s: float, seq: int, _offspring: list[psutil.Process]) -> None:
        """Until a client sees the first new event."""
        while time.monotonic() - killed_s < MISSION_TIMEOUT_S:
            for row in self.seen():
                if row["what"] == "event" and row["event"]["seq"] > seq and row["at_s"] > killed_s:
                    with self.tally.lock:
                        self.tally.resume_s.append(row["at_s"] - killed_s)
                    return
                if row["what"] == "status":
                    return
            time.sleep(0.05)

    def _judge(self) -> None:
        status = self._status()
        failed = [row["error"] for row in self.seen() if row["what"] == "failed"]
        where = Places(self.root, next((self.state / "w").iterdir()))
        verdict = judge(where, self.seen(), self.witness())
        verdict.problems += failed
        with self.tally.lock:
            self.tally.left += sum(row["what"] == "left" for row in self.seen())
        verdict.problems += [f"delivered {name} wrongly" for name in _WORK if not self._is_delivered(name)]
        if status != "sealed":
            with self.tally.lock:
                self.tally.unsealed.append(f"{self.root}: {status or 'no end'}")
        self.tally.add(verdict)
        self._end()

    def _end(self) -> None:
        """Let nothing outlive the mission, also what was about to start when it ended."""
        quiet_until_s = time.monotonic() + 0.5
        while time.monotonic() < quiet_until_s:
            for process in [*self._servers(), *self._clients()]:
                if _signal(process, signal.SIGKILL):
                    quiet_until_s = time.monotonic() + 0.5
            time.sleep(0.05)

    def _is_delivered(self, name: str) -> bool:
        path = self.root / f"{name}.py"
        return path.exists() and path.read_text() == _WORK[name]

    def _servers(self) -> list[psutil.Process]:
        """The shared server: the holder of the lock on its card."""
        cards = self.state.glob("w/*/server.json")
        return [found for card in cards if (found := _process(_pid_of(card)))]

    def _clients(self) -> list[psutil.Process]:
        return [found for row in self.seen() if row["what"] == "pid" and (found := _process(row["pid"]))]

    def _client_lives(self) -> bool:
        return bool(self._clients())


_WORK = {name: f"def {name}():\n    return '{name}'\n" for name in ("a", "b", "c", "d", "e", "f")}


def _write_project(root: Path, folder: Path, dice: random.Random) -> Path:
    """A project with checks, and the script of a mission of six tasks, one of which is refused at first."""
    root.mkdir(parents=True)
    (root / "main.py").write_text("print('hello')\n")
    (root / ".opencode").mkdir()
    checks = [
        {"name": "compiles", "command": "python -m compileall -q -f .", "when": "seal", "timeout_s": 120},
        {"name": "marks", "command": 'test -z "$(grep -l BROKEN *.py)"', "when": "attempt", "timeout_s": 120},
    ]
    (root / ".opencode" / "orchestrator.jsonc").write_text(json.dumps({"checks": checks}))
    after = {"d": ["a", "b"], "f": ["c"]}
    tasks = [
        {"id": name, "title": name, "why": "asked", "write_set": [f"{name}.py"], "depends_on": after.get(name, [])}
        for name in _WORK
    ]
    behaviours: dict[str, Any] = {}
    for name, content in _WORK.items():
        good = {"duration_s": round(dice.uniform(0.2, 1.2), 2), "actions": [_write(name, content)]}
        if name == "b":
            good["actions"].append({"shell": "sleep 0.3", "timeout_s": 60})
        first = {"duration_s": 0.1, "actions": [_write(name, "BROKEN = 1\n")]} if name == "e" else good
        behaviours[name] = {"worker": [first], "fixer": [good]}
    script = folder / "script.json"
    script.write_text(json.dumps({"planner": [{"duration_s": 0.2, "plan": {"tasks": tasks}}], "tasks": behaviours}))
    return script


def _write(name: str, content: str) -> dict[str, Any]:
    return {"write": {"path": f"{name}.py", "content": content}}


def _pid_of(card: Path) -> int:
    try:
        return int(json.loads(card.read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return 0


def _process(pid: int) -> psutil.Process | None:
    try:
        process = psutil.Process(pid) if pid else None
        return process if process and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def _signal(process: psutil.Process, number: int) -> bool:
    try:
        process.send_signal(number)
    except psutil.Error:
        return False
    return True


def _tree(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _lane(tally: Tally, nursery: str, folder: Path, seed: int, kills: int) -> None:
    """Missions one after another until this lane's kills are done."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    left, number = kills, 0
    while left > 0 and not tally.stop.is_set():
        number += 1
        place = folder / f"lane{seed}-{number}"
        place.mkdir()
        try:
            left -= Mission(tally, nursery, place, dice).run(min(left, KILLS_PER_MISSION))
        except Exception as error:  # noqa: BLE001 - a fault of this driver counts as one, and loses nothing that was found
            with tally.lock:
                tally.verdict.problems.append(f"{place}: {type(error).__name__}: {error}")
            return
        tell(tally.kills.total(), tally.wanted, f"{tally.missions} missions ended, {tally.faults} faults")
        if tally.is_clean:
            shutil.rmtree(place, ignore_errors=True)


def run(kills: int, seed: int, lanes: int = 1, tally: Tally | None = None) -> Tally:
    """Kill so often, or until the tally's `stop` is set; what was found."""
    tally = tally or Tally()
    tally.wanted = kills
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    nursery = str(folder / "nursery")
    script = Path(__file__).with_name("kills_nursery.py")
    process = subprocess.Popen(
        [sys.executable, str(script), nursery], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        with ThreadPoolExecutor(lanes) as pool:
            work = [pool.submit(_lane, tally, nursery, folder, seed + n, kills // lanes) for n in range(lanes)]
            for future in work:
                future.result()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        if tally.is_clean:
            shutil.rmtree(folder, ignore_errors=True)
    return tally


def main() -> int:
    """So many kills, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=LONG_KILLS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lanes", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=0.0, help="begin no mission after so long; 0: no bound")
    parser.add_argument("--figures", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    began_s = time.monotonic()
    tally = Tally()
    if arguments.minutes:
        timer = threading.Timer(60 * arguments.minutes, tally.stop.set)
        timer.daemon = True
        timer.start()
    for number in (signal.SIGTERM, signal.SIGINT):  # A long run that is stopped shows what it has found.
        signal.signal(number, lambda *_: tally.stop.set())
    run(arguments.kills, arguments.seed, arguments.lanes, tally)
    save(arguments.figures, tally.lines())
    sys.stdout.write(
        f"kills of real processes, seed {arguments.seed}, {time.monotonic() - began_s:.0f} s\n{tally.table()}\n"
    )
    return 0 if tally.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
