"""The client against real server processes: starting, ending, dying, and being told why."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import anyio
import psutil
import pytest
from wire import SERVER

from orchestrator.client import RemoteError, ServerGoneError, connect
from orchestrator.client import connect as _connect
from orchestrator_protocol.mission import MissionListParams, MissionStartParams

pytestmark = pytest.mark.anyio


def children() -> set[int]:
    return {p.pid for p in psutil.Process().children(recursive=True)}


async def test_a_session_from_start_to_end(tmp_path: Path) -> None:
    before = children()
    log = tmp_path / "server.log"
    async with connect(SERVER, tmp_path, log_file=log) as client:
        answer = await client.initialize(tmp_path)
        assert answer["capabilities"]["experimental"]["orchestrator"]["protocolVersion"] == 1
        started = await client.request(MissionStartParams(text="noise"))
        events = client.notifications
        with anyio.fail_after(5):
            first = await anext(events)
        await events.aclose()
        assert (first.mission_id, first.type) == (started.mission_id, "mission.accepted")
        await client.close()
        await client.close()
    assert children() == before
    assert "stray print" in log.read_text()


async def test_the_server_is_in_a_session_of_its_own(tmp_path: Path) -> None:
    async with connect(SERVER, tmp_path) as client:
        await client.initialize(tmp_path)
        (pid,) = children()
        import os  # noqa: PLC0415 - needed by this test alone

        assert os.getsid(pid) == pid


async def test_a_refused_workspace(tmp_path: Path) -> None:
    async with connect(SERVER, tmp_path) as client:
        with pytest.raises(RemoteError) as caught:
            await client.initialize(tmp_path / "gone")
        assert caught.value.code == "no_such_workspace"
        assert caught.value.hint


async def test_a_server_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    code = "import sys; print('the reason', file=sys.stderr); sys.exit(3)"
    async with connect([sys.executable, "-c", code], tmp_path) as client:
        with pytest.raises(ServerGoneError) as caught:
            await client.initialize(tmp_path)
    assert "the reason" in caught.value.message


async def test_a_server_that_is_killed(tmp_path: Path) -> None:
    before = children()
    async with connect(SERVER, tmp_path) as client:
        await client.initialize(tmp_path)
        psutil.Process(next(iter(children() - before))).send_signal(signal.SIGKILL)
        with pytest.raises(ServerGoneError):
            with anyio.fail_after(5):
                while True:
                    await client.request(MissionListParams())
    assert children() == before


async def test_a_server_that_says_no_protocol(tmp_path: Path) -> None:
    async with connect([sys.executable, "-c", "print('hello'); input()"], tmp_path) as client:
        with pytest.raises(ServerGoneError) as caught:
            with anyio.fail_after(10):
                await client.initialize(tmp_path)
    assert caught.value.code == "server_gone"


async def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ServerGoneError, match="could not be started"):
        async with connect([str(tmp_path / "none")], tmp_path):
            pass


async def test_a_server_that_will_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[_connect.__module__]
    monkeypatch.setattr(module, "CLOSE_TIMEOUT_S", 0.5)
    monkeypatch.setattr(module, "KILL_TIMEOUT_S", 0.5)
    before = children()
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    began = time.monotonic()
    async with connect([sys.executable, "-c", code], tmp_path):
        await anyio.sleep(0.3)
    assert time.monotonic() - began < 5
    assert children() == before


async def test_cancelling_the_user_of_a_client_reaps_the_server(tmp_path: Path) -> None:
    (tmp_path / "mark-close").touch()
    before = children()
    with anyio.move_on_after(2.0):
        async with connect(SERVER, tmp_path) as client:
            await client.initialize(tmp_path)
            await client.request(MissionStartParams(text="hang"))
    assert children() == before
    assert (tmp_path / "closed").exists()


def test_neither_client_nor_server_loop_imports_pygls() -> None:
    import subprocess  # noqa: PLC0415 - needed by this test alone

    code = (
        "import sys, orchestrator.client, orchestrator.rpc.server, orchestrator_protocol.methods;"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in {'pygls', 'lsprotocol', 'cattrs', 'attrs'}))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
