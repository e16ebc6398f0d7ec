"""The client and the server loop together, in memory: typed calls, events, progress, findings of missions."""

from __future__ import annotations

from dataclasses import replace

import anyio
import pytest

from orchestrator.client import RemoteError, ServerGoneError
from orchestrator.domain import events as e
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import Role
from orchestrator.rpc import diagnostics, message
from orchestrator.rpc.io import frame
from orchestrator.rpc.limits import DEFAULT
from orchestrator.rpc.server import serve
from orchestrator_protocol.event import MissionEventsParams
from orchestrator_protocol.mission import (
    MissionDeliverParams,
    MissionDiffParams,
    MissionListParams,
    MissionStartParams,
    MissionStatusParams,
    MissionStopParams,
)

pytestmark = pytest.mark.anyio


async def test_every_method_is_typed(pair, tmp_path) -> None:
    async with pair(tmp_path) as p:
        client = p.client
        started = await client.request(MissionStartParams(text="fix it\nnow", delivery="patch"))
        assert (started.mission_id, started.status, started.queue_position) == ("m-1", "queued", 0)
        second = await client.request(MissionStartParams(text="more"))
        assert second.queue_position == 1
        status = await client.request(MissionStatusParams(mission_id="m-1"))
        assert (status.text, status.delivery, status.seal) == ("fix it\nnow", "patch", None)
        listed = await client.request(MissionListParams())
        assert [m.text for m in listed.missions] == ["fix it", "more"]
        stopped = await client.request(MissionStopParams(mission_id="m-2"))
        assert (stopped.status, stopped.reason, stopped.kept) == ("stopped", "stopped by the user", [])
        diff = await client.request(MissionDiffParams(mission_id="m-1"))
        assert not diff.is_cut
        delivered = await client.request(MissionDeliverParams(mission_id="m-1", delivery="branch"))
        assert (delivered.delivery, delivered.paths) == ("branch", ["a.py"])
        events = await client.request(MissionEventsParams(after_seq=1, limit=1))
        assert [event.seq for event in events.events] == [2]
        assert events.last_seq == 2
        with pytest.raises(RemoteError) as caught:
            await client.request(MissionStatusParams(mission_id="m-9"))
        assert caught.value.code == "unknown_mission"
        assert caught.value.hint


async def test_a_long_diff_is_cut_at_a_line_and_says_so(pair, tmp_path) -> None:
    async with pair(tmp_path) as p:
        await p.client.request(MissionStartParams(text="diff 90000"))
        found = await p.client.request(MissionDiffParams(mission_id="m-1"))
        assert found.is_cut
        assert found.diff.endswith("x\n")
        assert 7_999_000 < len(found.diff) <= 8_000_000


async def test_a_result_that_fits_no_frame_is_an_error(pair, tmp_path) -> None:
    async with pair(tmp_path, replace(DEFAULT, frame_bytes=8_000)) as p:
        await p.client.request(MissionStartParams(text="diff 100"))
        with pytest.raises(RemoteError) as caught:
            await p.client.request(MissionDiffParams(mission_id="m-1"))
        assert caught.value.code == "result_too_large"
        assert caught.value.hint
        assert await p.client.request(MissionListParams()) is not None


async def test_events_arrive_in_order_without_gaps_even_for_a_slow_client(pair, tmp_path) -> None:
    async with pair(tmp_path) as p:
        seen = []
        with anyio.fail_after(20):
            await p.client.request(MissionStartParams(text="flood 25000"))
            await p.client.request(MissionStopParams(mission_id="m-1"))
            async for event in p.client.notifications:
                seen.append(event.seq)
                if event.type == "mission.ended":
                    break
        assert seen == list(range(1, 25_003))


async def test_a_client_that_is_cancelled_tells_the_server(pair, tmp_path) -> None:
    async with pair(tmp_path) as p:
        with anyio.move_on_after(0.1):
            await p.client.request(MissionStartParams(text="hang"))
        assert await p.client.request(MissionListParams()) is not None


async def test_the_end_of_the_server_is_told_to_everyone(pair, tmp_path) -> None:
    async with pair(tmp_path) as p:
        failures = []

        async def ask() -> None:
            try:
                await p.client.request(MissionStartParams(text="hang"))
            except (ServerGoneError, RemoteError) as error:
                failures.append(error.code)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            await anyio.sleep(0.05)
            p.client.notify("exit", None)
        assert failures == ["server_closing"]
        with anyio.fail_after(5):
            await p.client.ended.wait()
        with pytest.raises(ServerGoneError):
            await p.client.request(MissionListParams())
        assert [event async for event in p.client.notifications] == []


async def test_findings_of_a_mission_are_shown_until_it_is_integrated(pair, tmp_path) -> None:
    (tmp_path / "a.py").write_text("x = '🙂' + (\n")
    shown: list[dict] = []
    async with pair(tmp_path) as p:
        p.client._take = spied(p.client._take, "textDocument/publishDiagnostics", shown)
        await p.client.request(MissionStartParams(text="x"))
        finding = Finding("syntax", "syntax-error", "a.py", "never closed", "error", 0, 10, 0, 11, "(")
        gone = Finding("syntax", "syntax-error", "new.py", "bad", "warning", 7, 3, 7, 5, "x")
        p.service.record("m-1", e.PlanAccepted(1, (TaskSpec("t", "t", "w", ("a.py",)),)))
        p.service.record("m-1", e.AttemptStarted("a-1", "t", 1, Role.WORKER, "builtin", 1, "c", ("a.py",)))
        p.service.record("m-1", e.AttemptRefused("a-1", "t", "syntax", (finding, gone), "c"))
        await until(lambda: len(shown) == 2)
        by_uri = {s["uri"]: s["diagnostics"] for s in shown}
        (one,) = by_uri[(tmp_path / "a.py").as_uri()]
        assert one["range"] == {"start": {"line": 0, "character": 13}, "end": {"line": 0, "character": 14}}
        assert (one["source"], one["code"], one["severity"]) == ("orchestrator", "syntax-error", 1)
        (other,) = by_uri[(tmp_path / "new.py").as_uri()]
        assert other["range"]["start"] == {"line": 7, "character": 3}
        p.service.record("m-1", e.AttemptIntegrated("a-1", "t", "c", "d", "tree", ("a.py",)))
        await until(lambda: len(shown) == 4)
        assert all(s["diagnostics"] == [] for s in shown[2:])


async def test_an_open_text_and_a_mission_never_double_a_finding(pair, tmp_path) -> None:
    shown: list[dict] = []
    async with pair(tmp_path) as p:
        p.client._take = spied(p.client._take, "textDocument/publishDiagnostics", shown)
        uri = (tmp_path / "a.py").as_uri()
        item = {"uri": uri, "languageId": "python", "version": 3, "text": "BAD\n"}
        p.client.notify("textDocument/didOpen", {"textDocument": item})
        await until(lambda: len(shown) == 1)
        await p.client.request(MissionStartParams(text="x"))
        same = Finding("guardian", "word-bad", "a.py", "BAD is not good", "warning", 0, 0, 0, 3, "BAD")
        p.service.record("m-1", e.PlanAccepted(1, (TaskSpec("t", "t", "w", ("a.py",)),)))
        new = Finding("syntax", "syntax-error", "a.py", "bad", "error", 0, 1, 0, 2, "A")
        p.service.record("m-1", e.AttemptRefused("a-1", "t", "r", (same, new), "c"))
        await until(lambda: len(shown) == 2 and len(shown[1]["diagnostics"]) == 2)
        assert shown[1]["version"] == 3
        p.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        await p.client.request(MissionListParams())  # answered after the text was closed
        p.service.record("m-1", e.AttemptIntegrated("a-1", "t", "c", "d", "tree", ("a.py",)))
        await until(lambda: shown[-1]["diagnostics"] == [])
        assert "version" not in shown[-1]
        assert [len(s["diagnostics"]) for s in shown] == [1, 2, 0], "closing a text changes nothing of what is shown"


async def test_progress_is_reported_and_coalesced(pair, tmp_path, monkeypatch) -> None:
    sent: list[dict] = []

    async def with_progress(self, workspace):
        params = {"rootUri": workspace.as_uri(), "capabilities": {"window": {"workDoneProgress": True}}}
        return await self.call("initialize", params)

    monkeypatch.setattr("orchestrator.client.connection.Client.initialize", with_progress)
    async with pair(tmp_path) as p:
        client = p.client
        inner = spied(client._take, "$/progress", sent)

        def take(received: message.Message) -> None:
            if isinstance(received, message.Request):
                assert received.method == "window/workDoneProgress/create"
                client._outbox.put(message.encode_result(received.id, None))
            else:
                inner(received)

        client._take = take
        await client.request(MissionStartParams(text="build it"))
        p.service.record("m-1", e.MissionStarted())
        p.service.record("m-1", e.PlanAccepted(1, tuple(TaskSpec(f"t{n}", "t", "w", (f"{n}.py",)) for n in range(50))))
        for n in range(30):
            p.service.record("m-1", e.AttemptStarted(f"a{n}", f"t{n}", 1, Role.WORKER, "builtin", n, "c", (f"{n}.py",)))
            p.service.record("m-1", e.AttemptIntegrated(f"a{n}", f"t{n}", "c", "d", "tree", ()))
            await anyio.sleep(0.01)
        await until(lambda: sent and sent[-1]["value"].get("message") == "30 of 50 tasks")
        await client.request(MissionStopParams(mission_id="m-1"))
        await until(lambda: sent[-1]["value"]["kind"] == "end")
        kinds = [s["value"]["kind"] for s in sent]
        assert kinds[0] == "begin"
        assert kinds.count("begin") == kinds.count("end") == 1
        assert kinds.count("report") <= 8
        percentages = [s["value"]["percentage"] for s in sent if s["value"]["kind"] == "report"]
        assert percentages == sorted(percentages)
        assert percentages[-1] == 60
        assert {s["token"] for s in sent} == {"orchestrator/m-1"}


async def test_a_client_that_does_not_read_is_dropped_and_the_service_closed(pipe, fake, tmp_path) -> None:
    service, open_service = fake
    receive, to_server = pipe(1_000)
    from_server, send = pipe(1)
    limits = replace(DEFAULT, slow_reader_s=0.2, outbox_bytes=1_000_000)
    await to_server.send(
        frame(message.encode_call("initialize", {"rootUri": tmp_path.as_uri(), "capabilities": {}}, 1))
    )
    await to_server.send(frame(message.encode_call("mission/start", {"text": "flood 5000"}, 2)))
    with anyio.fail_after(5):
        await serve(receive, send, open_service=open_service, make_linter=None, limits=limits)
    assert service.is_closed
    for stream in (receive, to_server, from_server, send):
        await stream.aclose()


def test_a_link_to_the_workspace_keeps_the_clients_names(tmp_path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    link = tmp_path / "link"
    link.symlink_to(real)
    roots = diagnostics.Roots(real, link)
    assert roots.uri(roots.key("a b.py")) == (link / "a b.py").as_uri()
    assert roots.relative(str(real / "x" / "y.py")) == "x/y.py"
    assert roots.relative(str(tmp_path / "else.py")) == ""
    assert roots.relative("untitled:1") == ""


def spied(take, method: str, sink: list):
    """Also keep the params of one notification."""

    def spy(received: message.Message) -> None:
        if isinstance(received, message.Notification) and received.method == method:
            sink.append(received.params)
        take(received)

    return spy


async def until(condition) -> None:
    with anyio.fail_after(60):
        while not condition():  # noqa: ASYNC110 - any condition
            await anyio.sleep(0.01)
