"""One mission seen by three clients of different kinds at once: a stock language client, raw bytes, and the socket."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import pytest_lsp
from anyio import to_thread
from hosting import through_shared
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient
from transcript import PAGE, record, shown
from wire import PROXY, Wire

SOURCE = "def missing(name, names):\n    return not name in names\n"


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[sys.executable, "-m", "orchestrator", "serve"]))
async def client(lsp_client: LanguageClient, tmp_path: Path) -> AsyncGenerator[None]:
    """A stock language client."""
    (tmp_path / "names.py").write_text(SOURCE)
    await lsp_client.initialize_session(
        types.InitializeParams(capabilities=types.ClientCapabilities(), root_uri=tmp_path.as_uri())
    )
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[Wire]:
    """Raw frames over standard streams."""
    wire = Wire(argv=PROXY)
    assert "result" in wire.initialize(tmp_path)
    yield wire
    wire.close()


def field(value: Any, name: str) -> Any:
    """What LSP does not define arrives at a stock client as a plain object or a named tuple, by its converter."""
    return value[name] if isinstance(value, dict) else getattr(value, name)


@pytest.mark.asyncio
async def test_all_see_the_same_events_once_and_in_order(client: LanguageClient, raw: Wire, tmp_path: Path) -> None:
    by_stock: list[int] = []
    client.feature("mission/event")(
        lambda params: by_stock.append(params["seq"] if isinstance(params, dict) else params.seq)
    )
    async with through_shared(tmp_path) as come, come() as socket:
        # A bare client starts it, with the command of plain LSP.
        started: Any = await client.workspace_execute_command_async(
            types.ExecuteCommandParams("orchestrator.mission.start", [{"text": "fix all style findings"}])
        )
        mission_id = field(started, "missionId")
        status = await socket.ended(mission_id)
        assert status["status"] == "unverified"
        everything = (await socket.call("mission/events", afterSeq=0))["events"]
        expected = [event["seq"] for event in everything]
        last = expected[-1]
        by_raw: list[int] = []
        while not by_raw or by_raw[-1] < last:
            frame = await to_thread.run_sync(raw.next, 60.0)
            assert frame is not None
            if frame.get("method") == "mission/event":
                by_raw.append(frame["params"]["seq"])
        await socket.until(lambda: socket.events[-1]["seq"] >= last and len(by_stock) >= len(expected))
    assert expected == list(range(1, last + 1))
    assert by_raw == expected
    assert by_stock == expected
    assert [event["seq"] for event in socket.events] == expected
    assert socket.events == everything


@pytest.mark.asyncio
async def test_one_who_comes_late_sees_all_from_the_beginning(client: LanguageClient, tmp_path: Path) -> None:
    async with through_shared(tmp_path) as come:
        async with come() as first:
            started = await first.call("mission/start", text="fix all style findings")
            await first.until(lambda: len(first.events) >= 3)
        async with come() as second:
            with anyio.fail_after(60):
                status = await second.call("mission/status", missionId=started["missionId"])
                while status["status"] not in {"unverified", "sealed", "failed"}:
                    await anyio.sleep(0.05)
                    status = await second.call("mission/status", missionId=started["missionId"])
            page = (await second.call("mission/events", afterSeq=0))["events"]
            await second.until(lambda: not second.events or second.events[-1]["seq"] >= page[-1]["seq"])
            told = [event["seq"] for event in first.events]
            missed = [event["seq"] for event in page if event["seq"] > told[-1]]
            assert told + missed == list(range(1, page[-1]["seq"] + 1))


def test_the_page_shows_what_three_clients_see(tmp_path: Path, state_dir: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    assert shown(PAGE.read_text(encoding="utf-8")) == record(root, state_dir), "python tests/conformance/transcript.py"
