"""The blocking client: what it makes of a server's answers, good and bad."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from orchestrator.client.errors import RemoteError, ServerGoneError
from orchestrator.client.plain import PlainClient


def framed(message: object) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.fixture
def answered() -> Iterator[Callable[[bytes], PlainClient]]:
    """A client whose first request gets these bytes, and then the end of the connection."""
    ours, theirs = socket.socketpair()
    threads: list[threading.Thread] = []
    clients: list[PlainClient] = []

    def start(answer: bytes) -> PlainClient:
        def serve() -> None:
            theirs.recv(65_536)
            theirs.sendall(answer)
            theirs.shutdown(socket.SHUT_WR)

        threads.append(threading.Thread(target=serve))
        threads[0].start()
        ours.settimeout(20)
        clients.append(PlainClient(ours))
        return clients[0]

    yield start
    for thread in threads:
        thread.join(20)
    for client in clients:
        client.leave()
    ours.close()
    theirs.close()


def test_other_messages_before_the_answer_are_passed_over(answered) -> None:
    told = {"jsonrpc": "2.0", "method": "mission/event", "params": {}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "window/workDoneProgress/create", "params": {}}
    client = answered(framed(told) + framed(asked) + framed({"jsonrpc": "2.0", "id": 1, "result": {"missions": []}}))
    assert client.ask("mission/list", {}) == {"missions": []}


def test_a_refusal_carries_code_hint_and_facts(answered) -> None:
    data = {"code": "plan_conflict", "hint": "look again", "version": 7}
    client = answered(framed({"jsonrpc": "2.0", "id": 1, "error": {"code": 1120, "message": "no", "data": data}}))
    with pytest.raises(RemoteError) as caught:
        client.ask("plan/get", {"missionId": "m"})
    assert (caught.value.code, caught.value.hint, caught.value.data) == ("plan_conflict", "look again", {"version": 7})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "ended before it answered"),
        (b"Content-Length: 5\r\n\r\n{", "cut off, or no JSON"),
        (b"Content-Length: 1\r\n\r\n}", "cut off, or no JSON"),
        (b"Content-Length: 99999999999\r\n\r\n", "without a length that fits"),
        (b"hello there\r\n\r\n", "without a length that fits"),
        (framed({"id": None, "error": {"message": "too slow"}}), "gave the connection up: too slow"),
    ],
)
def test_what_is_no_answer_is_told(answered, answer, words) -> None:
    with pytest.raises(ServerGoneError, match=words):
        answered(answer).ask("mission/list", {})


def test_commands_that_ask_load_next_to_nothing() -> None:
    """Neither models nor an event loop: a command of the shell costs a fraction of a second."""
    heavy = {"pydantic", "anyio", "asyncio", "msgspec", "rich", "apsw", "pygit2", "orchestrator_core"}
    names = ["answer", "approve", "deliver", "diff", "pause", "plan", "resume", "retry", "status", "steer", "stop"]
    names += ["summary", "undo"]
    code = (
        f"import sys, importlib\n[importlib.import_module('orchestrator.cli.' + n) for n in {names}]\n"
        f"sys.exit(', '.join({heavy} & sys.modules.keys()) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
