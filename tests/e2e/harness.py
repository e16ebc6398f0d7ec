"""The real command line as a child process, and what tests look at afterwards: events, trees, processes."""

from __future__ import annotations

import json
import os
import pty
import queue
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pygit2

ORCHESTRATOR = str(Path(sys.executable).with_name("orchestrator"))
SERVER_FILES = {f".opencode/{name}" for name in ("todo.md", "summary.md", ".todo.md.new", ".summary.md.new")}
PASSES = "python -m pytest -q -p no:cacheprovider"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completed:
    """What a command left behind. `events` and `status` are read from stdout on first use (`--json`)."""

    code: int
    out: str
    err: str
    duration_s: float

    @property
    def rows(self) -> list[Json]:
        """Every line of stdout as JSON; fails when one is not."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def events(self) -> list[Json]:
        """The events of a mission run with --json."""
        return [row for row in self.rows if "seq" in row]

    @property
    def status(self) -> Json:
        """The last line of a mission run with --json."""
        return self.rows[-1]

    def of(self, kind: str) -> list[Json]:
        """The data of all events of one type."""
        return [event["data"] for event in self.events if event["type"] == kind]

    def one(self, kind: str) -> Json:
        """The data of the only event of a type."""
        (data,) = self.of(kind)
        return data


def environment(**more: str) -> dict[str, str]:
    """This environment without what colours or widens output, plus `more`."""
    kept = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "COLUMNS", "NO_COLOR"}}
    return {**kept, "TERM": "dumb", **more}


def orchestrator(
    *args: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout_s: float = 100.0
) -> Completed:
    """Run the command line to its end, with nothing on stdin."""
    began = time.monotonic()
    done = subprocess.run(
        [ORCHESTRATOR, *map(str, args)],
        cwd=cwd,
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    return Completed(done.returncode, done.stdout.decode(), done.stderr.decode(), time.monotonic() - began)


class Running:
    """A command line under way: `wait_for` follows its events, signals go to it alone."""

    def __init__(self, *args: str | Path, env: Mapping[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [ORCHESTRATOR, *map(str, args)],
            env=environment(PYTHONFAULTHANDLER="1", **(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.seen: dict[int, psutil.Process] = {}
        self._began = time.monotonic()
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._out: list[str] = []
        self._err: list[str] = []
        self._readers = [threading.Thread(target=self._read_out), threading.Thread(target=self._read_err)]
        for reader in self._readers:
            reader.start()

    def _read_out(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._out.append(line.decode())
            self._lines.put(self._out[-1])
        self._lines.put(None)

    def _read_err(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._err.append(line.decode())

    def wait_for(self, is_wanted: Callable[[Json], bool] | str, timeout_s: float = 60.0) -> Json:
        """The next event (from --json) of a type, or for which a function holds."""
        deadline = time.monotonic() + timeout_s
        while True:
            line = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            assert line is not None, f"ended before the event came: {''.join(self._err)}"
            event = json.loads(line)
            if event.get("type") == is_wanted if isinstance(is_wanted, str) else is_wanted(event):
                return event

    def wait_for_words(self, words: str, timeout_s: float = 30.0) -> None:
        """Until stderr holds these words."""
        until(lambda: words in "".join(self._err), f"{words!r} on stderr", timeout_s)

    def note_tree(self) -> list[psutil.Process]:
        """Remember and answer every process that this command line and the shared server have started and that lives.

        The shared server itself is not among them: it stays.
        """
        now: list[psutil.Process] = []
        for pid in (self.process.pid, *server_pids()):
            try:
                now += psutil.Process(pid).children(recursive=True)
            except psutil.NoSuchProcess:
                continue
        self.seen.update({process.pid: process for process in now})
        return now

    def server(self) -> psutil.Process:
        """The shared server's process."""
        self.note_tree()
        (pid,) = server_pids()
        return psutil.Process(pid)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command line alone, having noted what it started."""
        self.note_tree()
        self.process.send_signal(number)

    def end(self, timeout_s: float = 60.0) -> Completed:
        """Wait for the end; when it does not come, fail with where the program stands."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # the fault handler writes all stacks to stderr
            self.process.wait(10)
            self._readers[1].join(timeout=10)
            said = "".join([*self._out[-5:], *self._err])
            raise AssertionError(f"it has not ended within {timeout_s} s: {said}") from None
        for reader in self._readers:
            reader.join(timeout=10)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return Completed(code, "".join(self._out), "".join(self._err), time.monotonic() - self._began)

    def abandon(self) -> None:
        """For a fixture's end: kill what a failed test left."""
        if self.process.poll() is None:
            self.note_tree()
            self.process.kill()
        for process in self.seen.values():
            if process.is_running():
                process.kill()
        self.end()


def until(is_true: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
    """Wait until a condition holds; fails with `what` after the deadline."""
    deadline = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)


def server_pids() -> list[int]:
    """The shared servers of this test's state directory."""
    state = Path(os.environ["ORCHESTRATOR_STATE_DIR"])
    found = [json.loads(card.read_text())["pid"] for card in state.glob("w/*/server.json")]
    return [pid for pid in found if psutil.pid_exists(pid)]


def living(processes: Iterable[psutil.Process]) -> list[str]:
    """Command lines of those that still live; zombies are dead."""
    alive: list[str] = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(" ".join(process.cmdline()))
        except psutil.NoSuchProcess:
            continue
    return alive


def strays(state_dir: Path) -> list[str]:
    """Processes of this machine that work in a state directory, however they were started."""
    found: list[str] = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(state_dir) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def all_gone(running: Running, state_dir: Path, within_s: float) -> None:
    """Fails unless nothing that was started lives, after at most `within_s` seconds."""
    until(lambda: not living(running.seen.values()), "the processes that were noted are gone", within_s)
    until(lambda: not strays(state_dir), "no process works in the state directory", within_s)


@dataclass(slots=True)
class Plan:
    """A scripted host's file in the making."""

    tasks: list[Json] = field(default_factory=list[Json])
    behaviours: Json = field(default_factory=dict[str, Any])
    planner_s: float = 0.0

    def task(self, task_id: str, *write_set: str, work: Json | Sequence[Json], **more: Any) -> Plan:
        """Add a task and what its worker does: one turn or several. `more` goes into the plan."""
        turns = [work] if isinstance(work, dict) else list(work)
        self.tasks.append({"id": task_id, "title": task_id, "why": "asked", "write_set": list(write_set), **more})
        self.behaviours[task_id] = {"worker": turns[:1], "fixer": turns[1:] or turns[:1]}
        return self

    def save(self, folder: Path, name: str = "script.json", **more: Any) -> str:
        """Write the file; answers the value for --host. `more` replaces parts of the script."""
        planner = [{"duration_s": self.planner_s, "plan": {"tasks": self.tasks}}]
        return save_script(folder / name, {"planner": planner, "tasks": self.behaviours, **more})


def save_script(path: Path, script: Json) -> str:
    """Write a script; answers the value for --host."""
    path.write_text(json.dumps(script, indent=1))
    return f"scripted:{path}"


def write(path: str, content: str, duration_s: float = 0.0) -> Json:
    """A turn that writes one file."""
    return {"duration_s": duration_s, "actions": [{"write": {"path": path, "content": content}}]}


def declare(workspace: Path, *checks: Json, **more: Any) -> None:
    """Write the workspace's own configuration."""
    folder = workspace / ".opencode"
    folder.mkdir(exist_ok=True)
    (folder / "orchestrator.jsonc").write_text(json.dumps({"checks": list(checks), **more}))


def check(name: str = "tests", command: str = PASSES, when: str = "seal", timeout_s: float = 60) -> Json:
    """A declared check."""
    return {"name": name, "command": command, "when": when, "timeout_s": timeout_s}


def user_files(workspace: Path) -> dict[str, bytes]:
    """The user's files by path: without git's own, byte code and the server's two files."""
    hidden = {".git", "__pycache__", ".pytest_cache"}
    return {
        name: path.read_bytes()
        for path in sorted(workspace.rglob("*"))
        if path.is_file() and not path.is_symlink() and not hidden.intersection(path.relative_to(workspace).parts)
        if (name := path.relative_to(workspace).as_posix()) not in SERVER_FILES
    }


def tree_files(repository: Path, tree_id: str) -> dict[str, bytes]:
    """The files of a git tree by path."""
    repo = pygit2.Repository(str(repository))
    found: dict[str, bytes] = {}

    def walk(tree: pygit2.Tree, prefix: str) -> None:
        for item in tree:
            if isinstance(item, pygit2.Tree):
                walk(item, f"{prefix}{item.name}/")
            elif isinstance(item, pygit2.Blob):
                found[f"{prefix}{item.name}"] = item.data

    root = repo[tree_id].peel(pygit2.Tree)
    walk(root, "")
    repo.free()
    return found


def shadow(state_dir: Path) -> Path:
    """The shadow repository of the only workspace in a state directory."""
    (folder,) = (state_dir / "w").iterdir()
    return folder / "shadow.git"


def is_intact(workspace: Path) -> bool:
    """Whether `orchestrator audit` finds the journal intact."""
    return orchestrator("audit", "-w", workspace).code == 0


def in_terminal(args: list[str], env: dict[str, str], answer: bytes = b"") -> tuple[int, str]:
    """Run a program in a pseudo-terminal; its exit code and all that it showed."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(args, stdin=follower, stdout=follower, stderr=follower, env=env, start_new_session=True)
    os.close(follower)
    shown = b""
    deadline = time.monotonic() + 60
    try:
        if answer:
            os.write(leader, answer)
        while time.monotonic() < deadline:
            if select.select([leader], [], [], 0.1)[0]:
                shown += os.read(leader, 65_536)
    except OSError:  # the other side is closed: the program has ended
        pass
    finally:
        os.close(leader)
    return process.wait(10), shown.decode("utf-8", "replace")
