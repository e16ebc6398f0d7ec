"""What a hostile session is let loose in: a worktree, and around it everything that it must not reach."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from orchestrator import native
from orchestrator.clock import RandomIds, SystemClock
from orchestrator.domain.words import Role
from orchestrator.ports.host import Toolbox
from orchestrator.ports.jobs import JobOwner, Jobs
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.environment import scrubbed_environment
from orchestrator.sandbox.hidden import hidden_places
from orchestrator.sandbox.jobs import open_jobs
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.limits import Limits
from orchestrator.sandbox.policy import Policy
from orchestrator.sandbox.request import Isolation
from orchestrator.tools.shed import ToolShed

KEYS = (".ssh/id_ed25519", ".ssh/authorized_keys", ".aws/credentials", ".netrc", ".config/gh/hosts.yml", ".pgpass")
STATE_FILES = (
    "w/a/server.json",
    "w/a/journal.db",
    "w/a/shadow.git/HEAD",
    "w/a/worktrees/other/a.py",
    "w/b/server.json",
)
CHECKOUT_FILES = ("src/app.py", ".git/config", ".git/hooks/post-commit", ".opencode/orchestrator.jsonc")
OUTSIDE_FILES = ("precious.txt", "folder/deep.txt")
LIMITS = Limits(processes=400, file_size_bytes=20 << 20, open_files=512)


@dataclass
class World:
    """One place with everything in it; `mark` is a word in the arguments of every process of the running case."""

    root: Path
    isolation: Isolation = "auto"
    secret: str = field(default_factory=lambda: "orc" + secrets.token_hex(12))
    mark: str = ""
    level: str = ""
    _cleanup: ExitStack = field(default_factory=ExitStack)
    _heard: list[socket.socket] = field(default_factory=list[socket.socket])
    _expected: dict[str, str] = field(default_factory=dict[str, str])

    def __enter__(self) -> Self:
        """Make all of it."""
        self._fill()
        self._listen()
        bystander = subprocess.Popen(["sleep", "100000"], env={"KEY_OF_BYSTANDER": self.secret})
        self._cleanup.callback(_end, bystander)
        self.bystander = bystander
        self.launcher = NativeLauncher(
            self.state / "w/a/programs", limits=LIMITS, grace_s=0.2, isolation=self.isolation, policy=self._policy()
        )
        self.level = self.launcher.level
        self._expected = dict(self._everything())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    @property
    def home(self) -> Path:
        """A home with keys."""
        return self.root / "home"

    @property
    def state(self) -> Path:
        """The state directory of all workspaces."""
        return self.root / "state"

    @property
    def checkout(self) -> Path:
        """The user's own files."""
        return self.root / "checkout"

    @property
    def outside(self) -> Path:
        """Anything else of the user."""
        return self.root / "outside"

    @property
    def worktree(self) -> Path:
        """What the session was given."""
        return self.state / "w/a/worktrees/mine"

    def protected(self) -> list[Path]:
        """Files that no session may change."""
        return [
            *(self.outside / name for name in OUTSIDE_FILES),
            *(self.home / name for name in KEYS[:3]),
            *(self.checkout / name for name in CHECKOUT_FILES),
            *(self.state / name for name in STATE_FILES),
        ]

    def private(self) -> list[Path]:
        """Files that no session may read."""
        return [*(self.home / name for name in KEYS), *(self.state / name for name in STATE_FILES)]

    def fresh_worktree(self) -> None:
        """The worktree as a task finds it."""
        native.remove_tree(str(self.worktree))
        self.worktree.mkdir(parents=True)
        (self.worktree / "src").mkdir()
        (self.worktree / "src/app.py").write_text("def greet():\n    return 'hello'\n")
        (self.worktree / "README.md").write_text("read me\n")

    async def toolbox(self, jobs: Jobs | None) -> Toolbox:
        """The tools of a worker who may write everything in the worktree."""
        environment = scrubbed_environment({"MARK": self.mark}, home=str(self.state / "w/a/home"))
        shed = ToolShed(self.launcher, environment, jobs)
        worktree = Worktree(str(self.worktree), "0" * 40, "0" * 40)
        return shed.toolbox(Role.WORKER, worktree, ("**",), JobOwner("m-1", "t-1", "s-1"))

    def jobs(self) -> AbstractAsyncContextManager[Jobs]:
        """Background jobs, as a context."""
        return open_jobs(self.launcher, self.state / "w/a/jobs", SystemClock(), RandomIds())

    def allow_network(self, *, is_allowed: bool) -> None:
        """Commands may, or may not, use the network; without namespaces they always may."""
        is_allowed = is_allowed or self.isolation == "subreaper"
        self.launcher.policy = replace(self.launcher.policy, is_network_allowed=is_allowed)

    def harm(self, output: str, *, may_read: bool = False) -> Iterator[str]:
        """Everything that went wrong, after a case."""
        if self.secret in output and not may_read:
            yield "a secret was read"
        if alive := self._alive():
            yield f"{len(alive)} processes were left"
            for process_id in alive:
                os.kill(process_id, signal.SIGKILL)
        if self.bystander.poll() is not None:
            yield "a process outside was ended"
        if self._was_called():
            yield "a listener outside was reached"
        seen = dict(self._everything())
        changed = sorted(
            path for path in seen.keys() | self._expected.keys() if seen.get(path) != self._expected.get(path)
        )
        if changed:
            yield f"changed outside: {', '.join(changed[:3])}"
            self._expected = seen

    def _fill(self) -> None:
        groups = {
            self.outside: OUTSIDE_FILES,
            self.home: KEYS,
            self.checkout: CHECKOUT_FILES,
            self.state: STATE_FILES,
        }
        for folder, names in groups.items():
            for name in names:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"{self.secret}\nNEEDLE {name}\n")
        self._cleanup.callback(shutil.rmtree, self.root, ignore_errors=True)

    def _policy(self) -> Policy:
        environment = {"HOME": str(self.home), "SSH_AUTH_SOCK": str(self.root / "agent.sock")}
        return Policy(hidden=hidden_places([self.state], environment), is_network_allowed=False)

    def _listen(self) -> None:
        kinds = [
            (socket.AF_INET, socket.SOCK_STREAM),
            (socket.AF_INET6, socket.SOCK_STREAM),
            (socket.AF_INET, socket.SOCK_DGRAM),
        ]
        for family, kind in kinds:
            listener = socket.socket(family, kind)
            listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
            self._open(listener, is_stream=kind == socket.SOCK_STREAM)
        self.tcp_port, self.tcp6_port, self.udp_port = (s.getsockname()[1] for s in self._heard)
        self.abstract = f"hostile-{self.secret[:12]}"
        for address in (f"\0{self.abstract}", str(self.root / "agent.sock"), str(self.state / "w/a/door.sock")):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(address)
            self._open(listener, is_stream=True)

    def _open(self, listener: socket.socket, *, is_stream: bool) -> None:
        if is_stream:
            listener.listen(64)
        listener.setblocking(False)
        self._heard.append(listener)
        self._cleanup.callback(listener.close)

    def _was_called(self) -> bool:
        called = False
        for listener in self._heard:
            try:
                if listener.type == socket.SOCK_STREAM:
                    listener.accept()[0].close()
                else:
                    listener.recv(10)
                called = True
            except BlockingIOError:
                continue
        return called

    def _alive(self) -> list[int]:
        deadline = time.monotonic() + 2.0
        while (found := _marked(self.mark)) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def _everything(self) -> Iterator[tuple[str, str]]:
        """What lies around the worktree, with content, modes, owners and times."""
        work = self.state / "w/a"
        # The server itself works in these.
        own = {work / name for name in ("tmp", "jobs", "programs", "home")} | {self.worktree}
        yield str(self.root), ",".join(sorted(path.name for path in self.root.iterdir()))
        for folder in (self.outside, self.home, self.checkout, self.state):
            for below, folders, files in os.walk(folder):
                folders[:] = [name for name in folders if Path(below, name) not in own]
                for name in (*folders, *files):
                    yield str(Path(below, name)), _described(Path(below, name))


def _described(path: Path) -> str:
    status = path.lstat()
    parts: list[object] = [f"{status.st_mode:o}", status.st_uid, *os.listxattr(path, follow_symlinks=False)]
    if path.is_file():
        parts += [status.st_nlink, status.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()]
    return " ".join(map(str, parts))


def _marked(mark: str) -> list[int]:
    """Living processes with the mark in their arguments or environment."""
    found: list[int] = []
    needle = mark.encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if needle in (folder / "cmdline").read_bytes() or needle in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
