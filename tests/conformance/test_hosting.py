"""The `editor` host: missions whose sessions run in clients, from their start to every way in which a client can go."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from hosting import HOSTS, HostingClient, in_process, through_shared, write_b

from orchestrator.client import RemoteError
from orchestrator.engine import recovery
from orchestrator.hosts import editor
from orchestrator.ports.hosting import HEADLESS

pytestmark = pytest.mark.anyio
START = {"text": "write b.py", "host": "editor", "trust": True}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with a declared check that notices broken Python."""
    (tmp_path / ".opencode").mkdir()
    check = {"name": "compiles", "command": "python -m compileall -f -q .", "when": "seal", "timeout_s": 60}
    (tmp_path / ".opencode/orchestrator.jsonc").write_text(json.dumps({"checks": [check]}))
    (tmp_path / "a.py").write_text("a = 1\n")
    return tmp_path


@pytest.mark.parametrize("server", [in_process, through_shared], ids=["in process", "shared"])
async def test_a_mission_in_a_client_is_sealed(server, root) -> None:
    async with server(root) as come, come() as host:
        started = await host.call("mission/start", **START)
        status = await host.ended(started["missionId"])
        assert (status["status"], status["endReason"]) == ("sealed", "")
        await host.until((root / "b.py").exists)
        assert (root / "b.py").read_text() == "b = 1\n"
        assert (status["usage"]["tokens"], status["usage"]["moneyUsd"]) == (400, 0.25)
        assert status["usage"]["reservedTokens"] == 0
        assert not host.known, "every session was deleted"


class Stuck:
    """A worker whose turn lasts until the client is gone."""

    def __init__(self) -> None:
        self.began = anyio.Event()
        self.session_id = ""

    async def __call__(self, host: HostingClient, session_id: str) -> None:
        self.session_id = session_id
        self.began.set()
        await anyio.sleep_forever()


async def test_another_client_that_knows_the_session_goes_on_with_it(root) -> None:
    known: dict[str, dict] = {}
    stuck = Stuck()
    async with in_process(root) as come:
        async with come(known=known, work=stuck) as first:
            started = await first.call("mission/start", **START)
            with anyio.fail_after(60):
                await stuck.began.wait()
            (place,) = [place for place, session in known.items() if session["role"] == "worker"]
        async with come(known=known) as second:
            await second.until(lambda: "session/messages" in second.heard)
            await second.until(lambda: place in known)
            with anyio.fail_after(60):
                while True:
                    try:
                        await write_b(second, stuck.session_id)
                        break
                    except RemoteError as error:
                        assert error.code == "unknown_session"  # its answer is still on the way
                        await anyio.sleep(0.02)
            second.end(stuck.session_id, place, "done")
            status = await second.ended(started["missionId"])
            assert status["status"] == "sealed"
            assert "session/create" not in second.heard
            assert status["tasks"][0]["attemptCount"] == 1


async def test_a_new_session_begins_elsewhere_when_the_client_is_gone_for_good(root, monkeypatch) -> None:
    monkeypatch.setattr(editor, "RETURN_TIMEOUT_S", 0.3)
    monkeypatch.setattr(recovery, "backoff_s", lambda _count: 0.01)
    stuck = Stuck()
    async with in_process(root) as come, come() as second:
        async with come(work=stuck) as first:
            started = await first.call("mission/start", **START)
            with anyio.fail_after(60):
                await stuck.began.wait()
            assert "session/create" not in second.heard
        status = await second.ended(started["missionId"])
        assert status["status"] == "sealed"
        assert "session/create" in second.heard
        assert status["recoveredCount"] == 1


async def test_what_the_server_started_for_itself_hosts_nothing_of_a_persons(root) -> None:
    async with in_process(root) as come, come() as mine, come(name=HEADLESS) as other:
        started = await mine.call("mission/start", **START)
        assert (await mine.ended(started["missionId"]))["status"] == "sealed"
        assert "session/create" in mine.heard
        assert "session/create" not in other.heard


async def test_the_first_of_two_clients_answers_a_question(root) -> None:
    async with in_process(root) as come, come(name="one") as one, come(name="") as two:
        started = await one.call("mission/start", **START, approval="plan")
        mission_id = started["missionId"]
        await one.until(lambda: bool(one.asked and two.asked))
        async with come(name="later") as later:
            await later.until(lambda: bool(later.asked))
            assert later.asked == one.asked == two.asked
        question = one.asked[0]["question"]
        assert question["kind"] == "plan"
        reply = {"missionId": mission_id, "questionId": question["id"], "answer": "allow"}
        assert await two.call("permission/reply", **reply) == {"answer": "allow", "by": "a client"}
        with pytest.raises(RemoteError) as late:
            await one.call("permission/reply", **reply | {"answer": "deny"})
        assert late.value.code == "already_answered"
        assert (await one.ended(mission_id))["status"] == "sealed"
        assert (len(one.asked), len(two.asked)) == (1, 1)


async def test_a_session_asks_for_leave_and_any_client_gives_it(root) -> None:
    said: list[dict] = []

    async def asking(host: HostingClient, session_id: str) -> None:
        params = {"sessionId": session_id, "subject": "shell: true", "text": "wants to run: true"}
        said.extend([await host.call("permission/ask", **params) for _ in range(2)])
        await write_b(host, session_id)

    async with in_process(root) as come, come(name="other") as other, come(work=asking) as host:
        started = await host.call("mission/start", **START)
        await other.until(lambda: bool(other.asked))
        question = other.asked[0]["question"]
        assert (question["kind"], question["subject"]) == ("permission", "shell: true")
        assert question["text"] == "worker of 'Write b.py' wants to run: true"
        reply = {"missionId": started["missionId"], "questionId": question["id"], "answer": "always"}
        await other.call("permission/reply", **reply)
        assert (await host.ended(started["missionId"]))["status"] == "sealed"
    assert said == [
        {"answer": "always", "by": "other", "text": ""},
        {"answer": "allow", "by": "an earlier answer", "text": ""},
    ]


async def test_a_host_that_can_not_do_what_it_promised_ends_the_mission_clearly(root, monkeypatch) -> None:
    monkeypatch.setattr(recovery, "backoff_s", lambda _count: 0.01)
    async with in_process(root) as come, come(can_host=False) as host:
        started = await host.call("mission/start", **START)
        status = await host.ended(started["missionId"])
        assert (status["status"], status["endCode"]) == ("failed", "unavailable")
        assert "session/create is not served here" in status["endReason"]


@pytest.mark.parametrize(
    ("can_compact", "does"),
    [(True, True), (False, False), (True, False)],
    ids=["can", "can not", "promises and can not"],
)
async def test_a_history_that_grew_too_long_is_shortened_by_the_client_that_can(root, can_compact, does) -> None:
    seen: list[tuple[str, dict]] = []
    ours = {**HOSTS, "host": {**HOSTS["host"], "canCompact": can_compact}}
    async with in_process(root) as come, come(ours=ours) as host:
        answer, turn = host._answer, host._turn

        def noted(request) -> None:
            seen.append((request.method, request.params))
            host.can_host = does or request.method != "session/compact"
            answer(request)
            host.can_host = True

        async def too_long_at_first(session_id: str, place: str) -> None:
            if host.known[place]["role"] == "worker" and not host.heard.count("retold"):
                host.heard.append("retold")
                failed = {"sessionId": session_id, "type": "failed", "failure": "context_overflow", "text": "too long"}
                host.client.notify("session/event", failed)
                return
            await turn(session_id, place)

        host._answer, host._turn = noted, too_long_at_first
        started = await host.call("mission/start", **START)
        status = await host.ended(started["missionId"])
    assert status["tasks"][0]["status"] == "done", status["endReason"]
    worker = next(params["sessionId"] for method, params in seen if params.get("role") == "worker")
    told = [params["text"] for method, params in seen if method == "session/prompt" and params["sessionId"] == worker]
    kept = [params["keep"] for method, params in seen if method == "session/compact"]
    assert kept == ([told[0]] if can_compact else []), "the brief stays word for word"
    assert [text == editor._GO_ON for text in told] == ([False, True] if does else [False])


async def test_what_a_client_asks_about_sessions_of_others_is_refused(root) -> None:
    async with in_process(root) as come, come() as host:
        for method, more in (
            ("tool/call", {"tool": "write_file", "arguments": {}}),
            ("budget/reserve", {"tokens": 1}),
            ("budget/settle", {"tokens": 1, "reservationId": "r"}),
            ("permission/ask", {"subject": "shell: true", "text": "wants to run: true"}),
        ):
            with pytest.raises(RemoteError) as caught:
                await host.call(method, sessionId="s-none", **more)
            assert caught.value.code == "unknown_session"
        host.client.notify("session/event", {"sessionId": "s-none", "type": "idle"})
        host.client.notify("session/event", {"sessionId": "s-none", "type": "asleep"})
        host.client.notify("session/event", None)
        assert (await host.call("mission/list"))["missions"] == [], "and nothing else happened"
