"""The fake provider itself: both protocols, whole and streamed, its order rules, its faults, its command."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import OrchestratorError
from orchestrator.testing.provider import (
    Answer,
    Call,
    Failure,
    FakeProvider,
    ProviderScript,
    Script,
    SeededFaults,
    ToolCall,
    load_script,
    serving,
)

SAID = Answer(text="hello", thinking="hm", calls=(ToolCall("look", {"path": "a"}),))
OPENAI = {"model": "m", "messages": [{"role": "system", "content": "be good"}, {"role": "user", "content": "hi"}]}
ANTHROPIC = {"model": "m", "max_tokens": 100, "system": "be good", "messages": [{"role": "user", "content": "hi"}]}


def post(provider: FakeProvider, path: str, body: dict[str, Any]) -> tuple[int, str]:
    return ask(provider.root_url, path, body)


def ask(root_url: str, path: str, body: dict[str, Any] | None = None, timeout_s: float = 20.0) -> tuple[int, str]:
    """GET, or POST a body; status and text."""
    connection = http.client.HTTPConnection(root_url.removeprefix("http://"), timeout=timeout_s)
    try:
        headers = {"authorization": "Bearer k"}
        is_post = body is not None
        connection.request("POST" if is_post else "GET", path, json.dumps(body) if is_post else None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def events(text: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def test_openai_whole_and_streamed_say_the_same() -> None:
    with serving(lambda call: SAID) as provider:
        status, text = post(provider, "/v1/chat/completions", OPENAI)
        streamed = events(post(provider, "/v1/chat/completions", {**OPENAI, "stream": True})[1])
    message = json.loads(text)["choices"][0]["message"]
    deltas = [row["choices"][0]["delta"] for row in streamed]
    assert status == 200
    assert message["content"] == "".join(delta.get("content", "") for delta in deltas) == "hello"
    arguments = "".join(call["function"]["arguments"] for delta in deltas for call in delta.get("tool_calls", []))
    assert json.loads(arguments) == json.loads(message["tool_calls"][0]["function"]["arguments"]) == {"path": "a"}
    assert streamed[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_anthropic_whole_and_streamed_say_the_same() -> None:
    with serving(lambda call: SAID) as provider:
        whole = json.loads(post(provider, "/v1/messages", ANTHROPIC)[1])
        streamed = events(post(provider, "/v1/messages", {**ANTHROPIC, "stream": True})[1])
    assert [block["type"] for block in whole["content"]] == ["thinking", "text", "tool_use"]
    assert whole["stop_reason"] == "tool_use"
    assert streamed[0]["type"] == "message_start"
    assert streamed[-1]["type"] == "message_stop"
    pieces = "".join(row["delta"].get("partial_json", "") for row in streamed if row["type"] == "content_block_delta")
    assert json.loads(pieces) == whole["content"][2]["input"] == {"path": "a"}


def test_a_call_is_read_the_same_from_both() -> None:
    with serving(lambda call: SAID) as provider:
        post(provider, "/v1/chat/completions", OPENAI)
        post(provider, "/v1/messages", ANTHROPIC)
        first, second = provider.calls
    assert (first.system, first.prompt, first.turn) == (second.system, second.prompt, second.turn)
    assert first.key == "k"


def test_messages_out_of_order_are_refused() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    open_call = [*OPENAI["messages"], {"role": "assistant", "content": None, "tool_calls": [call]}]
    with serving(Script(ProviderScript())) as provider:
        assert post(provider, "/v1/chat/completions", {**OPENAI, "messages": open_call})[0] == 400
        answered = [*open_call, {"role": "tool", "tool_call_id": "c1", "content": "x"}]
        assert post(provider, "/v1/chat/completions", {**OPENAI, "messages": answered})[0] == 200
        orphan = [*OPENAI["messages"], {"role": "tool", "tool_call_id": "c9", "content": "x"}]
        assert post(provider, "/v1/chat/completions", {**OPENAI, "messages": orphan})[0] == 400


@pytest.mark.parametrize("body", [{}, {"model": "m"}, {"model": "m", "messages": [{"role": "king", "content": ""}]}])
def test_requests_that_make_no_sense_are_refused(body: dict[str, Any]) -> None:
    with serving(lambda call: SAID) as provider:
        assert post(provider, "/v1/chat/completions", body)[0] == 400
        assert post(provider, "/v1/messages", body)[0] == 400
        assert post(provider, "/v1/nothing", body)[0] == 404


def call(number: int, prompt: str) -> Call:
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    with serving(lambda call: SAID) as provider:
        post(provider, "/v1/chat/completions", body)
        return provider.calls[0]


def test_random_faults_are_the_same_for_the_same_seed_in_any_order() -> None:
    calls = [call(n, f"conversation {n % 5}") for n in range(20)]

    def struck(order: list[Call], seed: int) -> list[str]:
        faults = SeededFaults(seed, 0.5, ("quota", "empty", "server_error"))
        return sorted(f"{one.prompt} {faults(one, SAID)}" for one in order)

    assert struck(calls, 1) == struck(list(reversed(calls)), 1)
    assert struck(calls, 1) != struck(calls, 2)
    assert any("Failure" in line for line in struck(calls, 1))


def test_stopping_ends_answers_that_stall() -> None:
    with serving(lambda call: Answer(first_delay_s=1_000)) as provider, pytest.raises(TimeoutError):
        ask(provider.root_url, "/v1/messages", ANTHROPIC, timeout_s=0.3)


def test_the_command_serves_a_script_and_ends_on_a_signal(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"rules": [{"answer": {"text": "from the script"}}], "models": ["m"]}))
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator.testing.provider", str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        root = json.loads(process.stdout.readline())["root_url"]
        assert "from the script" in ask(root, "/v1/messages", ANTHROPIC)[1]
        assert json.loads(ask(root, "/calls")[1]) == [ANTHROPIC]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("rule", [{}, {"fault": "nothing"}, {"answer": {}, "fault": "quota"}, {"answer": {"txt": ""}}])
def test_a_wrong_script_is_named(tmp_path: Path, rule: dict[str, Any]) -> None:
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"rules": [rule]}))
    with pytest.raises(OrchestratorError, match=r"rules\.0"):
        load_script(path)


def test_a_failure_in_the_words_of_each_protocol() -> None:
    with serving(lambda call: Failure(429, "slow", "Slow down", "c", retry_after_s=3)) as provider:
        openai = json.loads(post(provider, "/v1/chat/completions", OPENAI)[1])
        anthropic = json.loads(post(provider, "/v1/messages", ANTHROPIC)[1])
    assert openai["error"]["code"] == "c"
    assert anthropic["error"]["type"] == "slow"
