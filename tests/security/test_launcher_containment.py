"""Nothing that a command starts outlives it, its server or its launcher, and it reaches nobody outside."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from orchestrator.ports.launcher import Command, LauncherError, Outcome
from orchestrator.sandbox.environment import scrubbed_environment
from orchestrator.sandbox.install import install_launcher
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.limits import Limits
from orchestrator.sandbox.request import Isolation

pytestmark = pytest.mark.anyio

GONE_LIMIT_S = 2.0

# Becomes a tree of a child, a child in its own session, and an orphan of a double fork in its own session that
# ignores polite signals. Every process carries the mark in its arguments.
TREE = """
import os, signal, sys, time
def sleeper(*steps):
    if os.fork() == 0:
        for step in steps:
            step()
        time.sleep(300)
        os._exit(0)
def leave():
    if os.fork():
        os._exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleeper()
sleeper(os.setsid)
sleeper(os.setsid, leave, os.setsid)
sleeper(leave, leave)
time.sleep(0.1)
print("ready", flush=True)
time.sleep(float(sys.argv[2]))
"""
TREE_SIZE = 5

SERVER = """
import os, signal, sys, time, anyio
from pathlib import Path
from orchestrator.ports.launcher import Command
from orchestrator.sandbox.launcher import NativeLauncher
state, program, isolation, *argv = sys.argv[1:]
# On request, a copy of the server that keeps all its descriptors open; like some servers, it blocks a signal.
signal.signal(signal.SIGUSR1, lambda *_: os.fork() or (time.sleep(100), os._exit(0)))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
launcher = NativeLauncher(Path(state), program=Path(program), isolation=isolation)
command = Command(argv=tuple(argv), cwd="/", env={"PATH": "/usr/bin:/bin"}, timeout_s=100)
anyio.run(launcher.run, command)
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The launcher program that the native core carries."""
    return install_launcher(tmp_path_factory.mktemp("program"))


@pytest.fixture(params=["auto", "subreaper"])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    """`auto` is the best that the machine has."""
    return request.param


@pytest.fixture
def launcher(program: Path, tmp_path: Path, isolation: Isolation) -> NativeLauncher:
    return NativeLauncher(tmp_path / "state", program=program, grace_s=0.3, isolation=isolation)


@pytest.fixture
def mark() -> Iterator[str]:
    """A word that all processes of one test carry. Whatever a failing test leaves behind is killed by it."""
    word = f"mark-{uuid.uuid4().hex}"
    yield word
    for process_id in _marked(word):
        os.kill(process_id, signal.SIGKILL)


def _tree(mark: str, *, lives_s: float, timeout_s: float = 30) -> Command:
    argv = (sys.executable, "-c", TREE, mark, str(lives_s))
    return Command(argv=argv, cwd="/", env=scrubbed_environment(), timeout_s=timeout_s)


def _marked(mark: str) -> list[int]:
    """All living processes of this machine with the mark in their arguments."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                has_mark = mark.encode() in (folder / "cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if has_mark:
                found.append(int(folder.name))
    return found


def _until(condition: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


async def _until_tree_stands(mark: str) -> None:
    with anyio.fail_after(20):
        while len(_marked(mark)) < TREE_SIZE:  # noqa: ASYNC110 - other processes set no event
            await anyio.sleep(0.02)


def _children(parent: str = str(os.getpid())) -> list[str]:
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def _zombies() -> list[str]:
    return [child for child in _children() if ") Z " in Path(f"/proc/{child}/stat").read_text()]


async def test_what_a_command_leaves_behind_is_killed_at_its_end(launcher: NativeLauncher, mark: str) -> None:
    outcome = await launcher.run(_tree(mark, lives_s=0.1))
    assert _marked(mark) == []
    assert outcome.exit_code == 0
    assert outcome.orphans_killed == TREE_SIZE - 1
    assert outcome.output == b"ready\n"


async def test_the_deadline_takes_the_whole_tree(launcher: NativeLauncher, mark: str) -> None:
    outcome = await launcher.run(_tree(mark, lives_s=300, timeout_s=1))
    assert _marked(mark) == []
    assert outcome.is_timed_out
    assert outcome.orphans_killed == TREE_SIZE - 1


async def test_cancellation_returns_when_all_is_reaped(launcher: NativeLauncher, mark: str) -> None:
    begin = 0.0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(launcher.run, _tree(mark, lives_s=300))
        await _until_tree_stands(mark)
        begin = time.monotonic()
        tasks.cancel_scope.cancel()
    assert _marked(mark) == []
    assert time.monotonic() - begin < GONE_LIMIT_S
    assert _zombies() == []


@pytest.mark.parametrize("delay_s", [0, 0.0005, 0.001, 0.002, 0.004, 0.02])
async def test_cancellation_at_any_moment_of_the_start(launcher: NativeLauncher, mark: str, delay_s: float) -> None:
    with anyio.move_on_after(delay_s):
        await launcher.run(_tree(mark, lives_s=300))
    assert _marked(mark) == []
    assert _zombies() == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_server_that_dies_takes_all_along(
    program: Path, tmp_path: Path, isolation: Isolation, mark: str, ending: signal.Signals
) -> None:
    with _server(program, tmp_path, isolation, mark) as server:
        server.send_signal(ending)
        server.wait(10)
    assert _until(lambda: _marked(mark) == [], GONE_LIMIT_S), f"still there: {_marked(mark)}"


def test_a_copy_of_the_server_that_holds_its_sockets_changes_nothing(
    program: Path, tmp_path: Path, isolation: Isolation, mark: str
) -> None:
    with _server(program, tmp_path, isolation, mark) as server:
        server.send_signal(signal.SIGUSR1)
        assert _until(lambda: len(_marked(mark)) == TREE_SIZE + 2, 10)
        server.kill()
        server.wait(10)
    assert _until(lambda: len(_marked(mark)) == 1, GONE_LIMIT_S), f"still there: {_marked(mark)}"


@contextmanager
def _server(program: Path, state: Path, isolation: Isolation, mark: str) -> Generator[subprocess.Popen[bytes]]:
    """A server with a running tree; it carries the mark too."""
    tree = _tree(mark, lives_s=300).argv
    arguments = [sys.executable, "-c", SERVER, str(state), str(program), isolation, *tree]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL) as server:
        try:
            assert _until(lambda: len(_marked(mark)) == TREE_SIZE + 1, 20)
            yield server
        finally:
            server.kill()


async def test_what_a_killed_launcher_leaves_is_as_its_level_says(launcher: NativeLauncher, mark: str) -> None:
    errors: list[LauncherError] = []
    command = 0

    async def run() -> None:
        try:
            await launcher.run(_tree(mark, lives_s=300))
        except LauncherError as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await _until_tree_stands(mark)
        (child,) = _children()
        # The orphans of the tree are children of the launcher too; the command was first.
        command = int(_children(child)[0])
        os.kill(int(child), signal.SIGKILL)
    assert [error.code for error in errors] == ["launcher_killed"]
    if launcher.level.startswith("pidns"):
        assert _until(lambda: _marked(mark) == [], GONE_LIMIT_S)
    else:
        # Without a namespace this much is promised: the command itself ends.
        assert _until(lambda: command not in _marked(mark), GONE_LIMIT_S)


async def test_a_command_cannot_signal_anybody_outside(launcher: NativeLauncher, mark: str) -> None:
    if launcher.level.split("+")[:2] in (["subreaper"], ["subreaper", "landlock"]):
        pytest.skip("this kernel has neither PID namespaces for us nor signal scopes")
    # The parent of the command is its launcher, also when it goes by the number 1.
    script = f"kill -9 $PPID; kill -15 $PPID; kill -19 $PPID; kill -9 {os.getpid()}; sleep 0.3; echo {mark}"
    command = Command(argv=("sh", "-c", script), cwd="/", env=scrubbed_environment(), timeout_s=20)
    outcome = await launcher.run(command)
    assert outcome.exit_code == 0
    assert outcome.output.split()[-1] == mark.encode()


async def test_a_command_cannot_read_the_environment_of_the_server(launcher: NativeLauncher) -> None:
    if launcher.level == "subreaper":
        pytest.skip("without namespace and Landlock, processes of one user can read each other")
    with _bystander({"VERY_OWN": "of the server"}) as number:
        # In a namespace the number is unknown; elsewhere the kernel must refuse.
        script = f"id; cat /proc/{number}/environ /proc/{number}/mem; echo $?"
        outcome = await launcher.run(
            Command(argv=("sh", "-c", script), cwd="/", env=scrubbed_environment(), timeout_s=20)
        )
    assert b"VERY_OWN" not in outcome.output
    assert outcome.output.split()[-1] == b"1"


@contextmanager
def _bystander(variables: dict[str, str]) -> Generator[int]:
    with subprocess.Popen(["sleep", "60"], env={**os.environ, **variables}) as process:
        try:
            yield process.pid
        finally:
            process.kill()


async def test_privileges_cannot_grow(launcher: NativeLauncher) -> None:
    fields = ("grep", "-E", "NoNewPrivs|CapBnd", "/proc/self/status")
    outcome = await launcher.run(Command(argv=fields, cwd="/", env=scrubbed_environment(), timeout_s=20))
    values = dict(line.split(":\t") for line in outcome.output.decode().splitlines())
    assert values["NoNewPrivs"] == "1"
    if os.geteuid() == 0:
        system_administration = 1 << 21
        assert not int(values["CapBnd"], 16) & system_administration


async def test_the_number_of_processes_is_bounded_for_root_too(program: Path, tmp_path: Path) -> None:
    launcher = NativeLauncher(tmp_path, program=program, limits=Limits(processes=320))
    if not launcher.level.startswith("pidns") or not _has_own_pid_max():
        pytest.skip("only a PID namespace of Linux 6.14 or later holds root to a number of processes")
    script = (
        "import os, signal\n"
        "for number in range(1000):\n"
        "    try:\n"
        "        os.fork() or signal.pause()\n"
        "    except OSError:\n"
        "        break\n"
        "print(number)\n"
    )
    argv = (sys.executable, "-c", script)
    outcome = await launcher.run(Command(argv=argv, cwd="/", env=scrubbed_environment(), timeout_s=30))
    assert 300 < int(outcome.output) <= 320
    assert outcome.orphans_killed == int(outcome.output)


async def test_a_fork_bomb_is_bounded_and_ends(program: Path, tmp_path: Path, mark: str) -> None:
    launcher = NativeLauncher(tmp_path, program=program, limits=Limits(processes=301), grace_s=0.1)
    if not launcher.level.startswith("pidns") or not _has_own_pid_max():
        pytest.skip("only a PID namespace of Linux 6.14 or later holds root to a number of processes")
    bomb = "import os, time\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        time.sleep(0.05)\n"
    most = 0
    outcomes: list[Outcome] = []

    async def run() -> None:
        argv = (sys.executable, "-c", bomb, mark)
        outcomes.append(await launcher.run(Command(argv=argv, cwd="/", env=scrubbed_environment(), timeout_s=1.5)))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        while not outcomes:
            most = max(most, len(_marked(mark)))
            await anyio.sleep(0.1)
    assert _marked(mark) == []
    assert most <= 301
    assert outcomes[0].is_timed_out


@pytest.mark.parametrize("way", ["auto", "subreaper"])
def test_an_ordinary_user_gets_the_same(program: Path, request: pytest.FixtureRequest, way: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("all other tests already run as an ordinary user")
    copy = _public_copy(program, request)
    fields = {"arg": "sh", "cwd": "/", "timeout_ms": "10000", "grace_ms": "100", "isolation": way, "processes": "400"}
    script = "id -u; setsid sleep 77 & setsid sh -c 'sleep 77 & exec sleep 77' & sleep 0.2; exit 4"
    pairs = [*fields.items(), ("arg", "-c"), ("arg", script), ("env", "PATH=/usr/bin:/bin")]
    body = b"".join(f"{key}\0{value}\0".encode() for key, value in pairs)
    ours, theirs = socket.socketpair()
    with (
        ours,
        subprocess.Popen([copy], stdin=theirs.fileno(), stdout=subprocess.PIPE, user=65534, group=65534) as process,
    ):
        theirs.close()
        ours.sendall(len(body).to_bytes(4, "little") + body)
        output, _ = process.communicate(timeout=20)
        reports = ours.makefile().read().splitlines()
    assert output == b"65534\n"
    assert reports[1].startswith("exit code=4 ")
    assert "orphans=3 survivors=0" in reports[1]
    assert "processes=none" not in reports[0]


def _public_copy(program: Path, request: pytest.FixtureRequest) -> Path:
    """The program where other users can reach it; the folders of tests are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="launcher-"))
    request.addfinalizer(lambda: shutil.rmtree(folder))
    folder.chmod(0o755)
    copy = folder / "launcher"
    shutil.copyfile(program, copy)
    copy.chmod(0o755)
    return copy


def _has_own_pid_max() -> bool:
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int("".join(filter(str.isdigit, minor)))) >= (6, 14)
