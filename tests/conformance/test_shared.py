"""The shared server's door: who gets in, who starts one, what is left behind by the dead, and when it ends."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import pytest
from wire import PROXY, Shared, Wire, framed, request

from orchestrator.client import LastingClient, connect, connect_running, connect_shared, lasting
from orchestrator.config.places import Places, places
from orchestrator.daemon.address import address, make_private
from orchestrator.daemon.card import read_card, write_card
from orchestrator.daemon.reach import reach, running
from orchestrator.errors import OrchestratorError
from orchestrator_protocol.mission import MissionListParams, MissionStartParams, MissionStopParams
from orchestrator_protocol.server import ServerHealthParams


@pytest.fixture
def serve(tmp_path: Path, state_dir: Path) -> Iterator[Callable[..., Shared]]:
    """Starts shared servers with the fake service for tmp_path."""
    servers: list[Shared] = []

    def start(**env: str) -> Shared:
        servers.append(Shared(tmp_path, state_dir, env))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def where(tmp_path: Path, state_dir: Path) -> Places:
    return places(tmp_path)


OLD_PROXY = """
import sys, orchestrator, orchestrator.daemon.reach as reach
reach.reach.__kwdefaults__["version"] = "0.0.1"
from orchestrator.daemon.proxy import run
sys.exit(run())
"""


def card_of(where: Places):
    card = read_card(address(where).card)
    assert card is not None
    return card


def until(is_true: Callable[[], bool], timeout_s: float = 20.0) -> None:
    end = time.monotonic() + timeout_s
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_socket_and_card_are_the_users_alone(serve, where) -> None:
    server = serve()
    card = card_of(where)
    assert card.pid == server.process.pid
    for path, mode in ((Path(card.socket), 0o600), (Path(card.socket).parent, 0o700), (address(where).card, 0o600)):
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert path.stat().st_uid == os.getuid()
    assert len(os.fsencode(card.socket)) < 107
    server.close()
    assert not Path(card.socket).exists()
    assert not address(where).card.exists()


def test_a_wrong_token_is_refused(serve, where) -> None:
    serve()
    card = card_of(where)
    write_card(address(where).card, type(card)(**{**{f: getattr(card, f) for f in card.__slots__}, "token": "guess"}))
    with pytest.raises(OrchestratorError) as caught:
        running(where)
    assert caught.value.code == "server_unreachable"


@pytest.mark.parametrize(
    "words", [b"\n", b"{}\n", b"hello\n", b"x" * 5_000, b'{"token": 5}\n', framed(request(1, "initialize", {}))]
)
def test_who_says_no_hello_is_sent_away(serve, where, words) -> None:
    serve()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(card_of(where).socket)
        connection.sendall(words)
        with suppress(ConnectionResetError):
            assert connection.recv(100) == b""
    with reach(where).socket:
        pass


def test_what_a_dead_server_left_is_replaced(serve, where) -> None:
    first = serve()
    socket_path = card_of(where).socket
    first.process.kill()
    first.process.wait()
    assert Path(socket_path).exists()
    assert running(where) is None
    second = serve()
    found = running(where)
    assert found is not None
    assert found.pid == second.process.pid
    found.socket.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_socket_of_another_user_is_refused(serve, where) -> None:
    serve()
    os.chown(card_of(where).socket, 12_345, -1)
    with pytest.raises(OrchestratorError) as caught:
        reach(where)
    assert caught.value.code == "socket_unsafe"
    os.chown(card_of(where).socket, 0, -1)


def test_a_folder_that_is_open_to_others_is_refused(where, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    folder = tmp_path / f"opencode-orchestrator-{os.getuid()}"
    folder.mkdir(mode=0o755)
    with pytest.raises(OrchestratorError) as caught:
        make_private(folder)
    assert caught.value.code == "socket_unsafe"
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(OrchestratorError) as caught:
        make_private(folder)
    assert caught.value.code == "socket_unsafe"


def test_a_long_runtime_directory_is_passed_over(where, tmp_path, monkeypatch) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert len(os.fsencode(address(where).new_socket())) < 107


def test_a_newer_client_replaces_a_server_that_nobody_uses(serve, where) -> None:
    server = serve(FAKE_VERSION="0.0.1")
    before = card_of(where)
    assert running(where) is None
    assert server.process.wait(20) == 0
    assert read_card(address(where).card) != before


def test_a_newer_client_says_so_where_the_server_is_in_use(serve, where, tmp_path) -> None:
    server = serve(FAKE_VERSION="0.0.1")
    older = Wire(server=server, argv=[sys.executable, "-c", OLD_PROXY])
    older.initialize(tmp_path)
    found = running(where)
    assert found is not None
    assert "0.0.1" in found.hint
    found.socket.close()
    wire = Wire(server=server)
    wire.initialize(tmp_path)
    shown = wire.matching(lambda frame: frame.get("method") == "window/showMessage")
    assert "0.0.1" in shown["params"]["message"]
    wire.close()
    older.close()
    assert b"an older server (0.0.1)" in wire.said


def test_another_protocol_is_told(serve, where) -> None:
    serve()
    card = card_of(where)
    fields = {name: getattr(card, name) for name in card.__slots__}
    for protocol, code in ((0, "server_outdated"), (99, "protocol_mismatch")):
        write_card(address(where).card, type(card)(**{**fields, "protocol": protocol}))
        with pytest.raises(OrchestratorError) as caught:
            running(where)
        assert caught.value.code == code


def test_it_ends_when_nobody_uses_it(serve, where, tmp_path) -> None:
    server = serve(ORCHESTRATOR_IDLE_TIMEOUT_S="2")
    wire = Wire(server=server)
    wire.initialize(tmp_path)
    started = wire.call(1, "mission/start", {"text": "x"})["result"]
    wire.close()
    time.sleep(2.5)
    assert server.process.poll() is None, "a mission is under way"
    wire = Wire(server=server)
    wire.initialize(tmp_path)
    wire.call(1, "mission/stop", {"missionId": started["missionId"]})
    time.sleep(2.5)
    assert server.process.poll() is None, "a client is there"
    wire.close()
    assert server.process.wait(20) == 0


def test_it_ends_when_its_workspace_is_gone(state_dir, tmp_path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    server = Shared(root, state_dir, {"ORCHESTRATOR_IDLE_TIMEOUT_S": "60"})
    root.rmdir()
    assert server.process.wait(20) == 0
    server.close()


def test_a_client_that_is_killed_is_noticed(serve, tmp_path) -> None:
    server = serve()
    watcher = Wire(server=server)
    watcher.initialize(tmp_path)
    victim = Wire(server=server)
    victim.initialize(tmp_path, processId=None)
    assert len(watcher.call(1, "server/health", {})["result"]["clients"]) == 2
    assert victim.process is not None
    victim.process.kill()
    until(lambda: len(watcher.call(2, "server/health", {})["result"]["clients"]) == 1)
    assert victim.next() is None
    victim.close()
    watcher.close()


def test_stdin_and_stdout_that_are_files(serve, tmp_path) -> None:
    server = serve()
    hello = request(1, "initialize", {"rootUri": tmp_path.as_uri(), "capabilities": {}})
    (tmp_path / "in").write_bytes(framed(hello) + framed(request(2, "mission/list")) + framed(request(3, "shutdown")))
    with (tmp_path / "in").open("rb") as stdin, (tmp_path / "out").open("wb") as stdout:
        env = {**os.environ, **server.env}
        subprocess.run(PROXY, stdin=stdin, stdout=stdout, env=env, timeout=60, check=True)
    replies = (tmp_path / "out").read_bytes()
    assert replies.count(b"Content-Length") >= 3
    assert b'"missions":[]' in replies


def test_many_clients_at_once_start_one_server(tmp_path, state_dir, where) -> None:
    """The real server, because it is the real way in that starts it."""
    found: list[int] = []
    faults: list[Exception] = []

    def come() -> None:
        try:
            reached = reach(where)
            found.append(reached.pid)
            reached.socket.close()
        except OrchestratorError as error:
            faults.append(error)

    threads = [threading.Thread(target=come) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)
    assert not faults
    assert len(found) == 12
    assert len(set(found)) == 1
    (pid,) = set(found)
    assert os.getsid(pid) == pid, "it has a session of its own"
    assert Path(f"/proc/{pid}/cwd").resolve() == Path("/")
    inherited = [str(Path(f"/proc/{pid}/fd/{n}").readlink()) for n in (0, 1, 2)]
    assert inherited == ["/dev/null"] * 3
    assert json.loads(address(where).card.read_text())["pid"] == pid


def test_a_server_that_can_not_start_says_why(tmp_path, where, monkeypatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path / "file"))
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        PROXY,
        input=framed(request(1, "initialize", {"rootUri": tmp_path.as_uri(), "capabilities": {}})),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert b'"server_unreachable"' in done.stdout


def test_the_way_in_loads_next_to_nothing() -> None:
    code = (
        "import sys, orchestrator.daemon.proxy;"
        "heavy = {'anyio', 'pydantic', 'msgspec', 'pygls', 'pygit2', 'apsw', 'click', 'rich', 'asyncio', 'subprocess'};"
        "print(sorted(heavy & {m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Clients that follow.

FLOOD = 2_000


@pytest.mark.anyio
async def test_a_second_client_sees_the_same_mission(serve, tmp_path) -> None:
    serve()
    async with connect_shared(tmp_path) as one, connect_shared(tmp_path) as two:
        started = await one.request(MissionStartParams(text="flood 50"))
        await two.request(MissionStopParams(mission_id=started.mission_id))
        for client in (one, two):
            seen = []
            with anyio.fail_after(20):
                async for event in client.follow():
                    seen.append(event.seq)
                    if event.type == "mission.ended":
                        break
            assert seen == list(range(1, 53))
        health = await one.request(ServerHealthParams())
        assert len(health.clients) == 2
        assert health.is_shared
    async with connect_running(places(tmp_path)) as later:
        assert later is not None
        assert [m.status for m in (await later.request(MissionListParams())).missions] == ["stopped"]


async def followed(client: LastingClient, disturb) -> list[int]:
    """Sequence numbers until the mission's end, while `disturb` is called now and then."""
    seen: list[int] = []
    with anyio.fail_after(60):
        async for event in client.follow():
            seen.append(event.seq)
            if event.type == "mission.ended":
                break
            if event.seq % 500 == 250:
                await disturb()
    return seen


async def work(root: Path) -> None:
    """Another client's mission with many events."""
    async with connect_shared(root) as other:
        for _ in range(4):
            await anyio.sleep(0.2)
            await other.request(MissionStartParams(text=f"flood {FLOOD // 4}"))
        await other.request(MissionStopParams(mission_id="m-1"))


@pytest.mark.anyio
async def test_nothing_is_missed_or_doubled_over_lost_connections(serve, tmp_path) -> None:
    serve()
    said: list[str] = []
    lost = 0
    seen: list[int] = []
    async with lasting(lambda: connect_shared(tmp_path), said.append) as client:

        async def cut() -> None:
            nonlocal lost
            lost += 1
            (await client.connection()).notify("exit", None)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work, tmp_path)
            seen = await followed(client, cut)
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > FLOOD
    assert lost >= 3
    assert any("connecting again" in text for text in said)


@pytest.mark.anyio
async def test_nothing_is_missed_or_doubled_when_the_proxy_is_killed(serve, tmp_path) -> None:
    import psutil  # noqa: PLC0415 - needed by this test alone

    serve()
    me = psutil.Process()

    def proxies() -> list[psutil.Process]:
        alive = [p for p in me.children() if p.status() != psutil.STATUS_ZOMBIE]
        return [p for p in alive if p.cmdline()[-1:] == ["serve"]]

    @asynccontextmanager
    async def through_a_proxy():
        async with connect(PROXY, tmp_path) as client:
            await client.initialize(tmp_path)
            yield client

    seen: list[int] = []
    async with lasting(through_a_proxy) as client:
        killed = 0

        async def kill() -> None:
            nonlocal killed
            for proxy in proxies():
                proxy.kill()
                killed += 1

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work, tmp_path)
            seen = await followed(client, kill)
    assert seen == list(range(1, len(seen) + 1))
    assert killed >= 2
