"""The model host end to end: the real command line and server, a provider over real HTTP, every class of fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Completed, Json, orchestrator, user_files

from orchestrator.testing.provider import FakeProvider, ProviderScript, Script, serving

KEY = "sk-ant-test-1234567890abcdefghij"
FIXED = "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n"
TASK = {"id": "sub", "title": "Add sub", "why": "asked", "write_set": ["calc.py"], "acceptance": ["sub(3, 1) is 2"]}
PLAN: Json = {"answer": {"calls": [{"name": "submit_plan", "arguments": {"tasks": [TASK]}}]}}
WRITE: Json = {"answer": {"calls": [{"name": "write_file", "arguments": {"path": "calc.py", "content": FIXED}}]}}
LOOK: Json = {"answer": {"thinking": "hm", "calls": [{"name": "read_file", "arguments": {"path": "calc.py"}}]}}
FINISH: Json = {"answer": {"calls": [{"name": "finish_task", "arguments": {"summary": "added sub"}}]}}
PLANNER = "You plan"
WORKER = "You do one task"


def rules(*worker: Json) -> list[Json]:
    """A planner that plans, and a worker that meets these rules before it looks, writes and ends."""
    usual = [{**LOOK, "times": 1}, {**WRITE, "times": 1}, FINISH]
    return [
        {**PLAN, "match": PLANNER},
        *({"match": WORKER, **rule} for rule in (*worker, *usual)),
    ]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own configuration file, of this test alone."""
    folder = tmp_path / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setenv("TEST_PROVIDER_KEY", KEY)
    found = folder / "opencode-orchestrator" / "config.jsonc"
    found.parent.mkdir(parents=True)
    return found


def configure(
    config: Path, provider: FakeProvider, kind: str = "openai", models: Json | None = None, **more: Any
) -> None:
    url = provider.url if kind == "openai" else provider.root_url
    row = {"kind": kind, "base_url": url, "key": "env:TEST_PROVIDER_KEY", "silence_timeout_s": 20, **more}
    second = {**row, "base_url": provider.url, "kind": "openai"}
    usual = {"default": ["fake/coder"], "worker": ["fake/coder", "second/backup"]}
    config.write_text(json.dumps({"providers": {"fake": row, "second": second}, "models": models or usual}))


def run(workspace: Path, *more: str) -> Completed:
    return orchestrator("run", "add a function sub to calc.py", "-w", workspace, "--host", "model", "--json", *more)


def play(workspace: Path, config: Path, script: Json, kind: str = "openai", **more: Any) -> Completed:
    with serving(Script(ProviderScript.model_validate(script))) as provider:
        configure(config, provider, kind, **more)
        return run(workspace)


@pytest.fixture
def no_secret(state_dir: Path, config: Path) -> Iterator[None]:
    """After the test the key stands in no file of the server's."""
    yield
    for path in [*state_dir.rglob("*")]:
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_mission_is_sealed(checked: Path, config: Path, kind: str, no_secret: None) -> None:
    done = play(checked, config, {"rules": rules(), "keys": [KEY], "models": ["coder"]}, kind)
    assert done.code == 0, (done.err, done.status)
    assert done.status["status"] == "sealed"
    assert user_files(checked)["calc.py"].decode() == FIXED
    assert done.of("session.recovering") == []
    assert [event["tool"] for event in done.of("tool.called")] == ["read_file", "write_file"]
    assert sum(event["used"]["tokens"] for event in done.of("budget.settled")) > 0


PASSING = [
    {"fault": "rate_limit", "retry_after_s": 0.2},
    {"fault": "rate_limit"},
    {"fault": "server_error"},
    {"fault": "bad_gateway"},
    {"fault": "overloaded"},
    {"fault": "garbage"},
    {"fault": "trickle", "delay_s": 0.01},
    {"fault": "cut"},
    {"fault": "stall_first"},
    {"fault": "stall_mid", "cut_after": 1},
    {"fault": "empty"},
    {"fault": "refusal"},
    {"fault": "malformed_arguments"},
    {"fault": "unknown_tool"},
    {"fault": "invented_arguments"},
    {"fault": "wrong_language"},
    {"fault": "huge"},
    {"fault": "thinking_block"},
    {"fault": "context_length"},
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_mission_gets_through_every_passing_fault(checked: Path, config: Path, kind: str, no_secret: None) -> None:
    faults = [{**rule, "times": 1} for rule in PASSING]
    script = {"rules": rules(*faults)}
    done = play(checked, config, script, kind, silence_timeout_s=4)
    assert done.code == 0, (done.err, done.status, done.of("session.recovering"))
    healed = {event["failure"] for event in done.of("session.recovering")}
    assert {"rate_limited", "server_error", "overloaded", "cut_off", "stalled", "empty_answer", "refused"} <= healed
    assert {"too_long", "bad_history"} <= healed
    assert user_files(checked)["calc.py"].decode() == FIXED


LASTING = {"quota": "quota_exhausted", "tool_loop": "looping"}
"""The other classes are driven at the host, in tests/unit/hosts/test_model_faults.py."""


@pytest.mark.parametrize("fault", LASTING)
def test_a_lasting_fault_of_one_model_leaves_the_mission_to_the_next(
    checked: Path, config: Path, fault: str, no_secret: None
) -> None:
    work = {**WRITE, "model": "backup", "times": 1}
    done = play(checked, config, {"rules": rules({"fault": fault, "model": "^coder$"}, work)})
    assert done.code == 0, (done.err, done.status, done.of("session.recovering"))
    steps = [(event["failure"], event["action"]) for event in done.of("session.recovering")]
    assert steps[-1] == (LASTING[fault], "go on with the next model")


@pytest.mark.parametrize("fault", ["quota", "refusal", "unknown_tool", "wrong_language"])
def test_a_lasting_fault_of_the_only_model_ends_with_the_reason(
    checked: Path, config: Path, fault: str, no_secret: None
) -> None:
    """The classes that end soon; those that are waited for are driven at the host, where waits can be short."""
    before = user_files(checked)
    done = play(checked, config, {"rules": rules({"fault": fault})}, models={"default": ["fake/coder"]})
    assert done.code == 1, done.status
    assert done.status["status"] == "failed"
    assert done.status["endReason"]
    assert user_files(checked) == before


def planned(*tasks: Json) -> Json:
    """A rule by which the planner once hands in these tasks."""
    return {
        "match": PLANNER,
        "times": 1,
        "answer": {"calls": [{"name": "submit_plan", "arguments": {"tasks": [*tasks]}}]},
    }


def many(count: int) -> list[Json]:
    return [{**TASK, "id": f"t{number}", "write_set": [f"f{number}.py"]} for number in range(count)]


def test_a_plan_that_can_not_be_is_sent_back(checked: Path, config: Path) -> None:
    """Too many tasks, then files outside: both are refused with the problems, and the third plan is carried out."""
    outside = {**TASK, "write_set": ["../calc.py", "/etc/passwd", ".git/config"]}
    done = play(checked, config, {"rules": [planned(*many(10_001)), planned(outside), *rules()]})
    assert done.code == 0, (done.err, done.status)
    assert [len(event["tasks"]) for event in done.of("plan.accepted")] == [1]
    assert user_files(checked)["calc.py"].decode() == FIXED


def test_a_plan_of_5000_tasks_is_shown_before_it_costs_anything(checked: Path, config: Path) -> None:
    with serving(Script(ProviderScript.model_validate({"rules": [planned(*many(5_000))]}))) as provider:
        configure(config, provider)
        done = run(checked, "--approve-plan")
        assert done.code == 3, (done.err, done.status)
        assert done.status["counts"]["total"] == 5_000
        assert len(provider.calls) == 1


@pytest.mark.parametrize("wrong", ["model", "address"])
def test_a_model_or_provider_that_is_not_there_is_named(checked: Path, config: Path, wrong: str) -> None:
    script = {"rules": rules(), "models": ["another"]}
    more = {"base_url": "http://127.0.0.1:9/v1"} if wrong == "address" else {}
    done = play(checked, config, script, models={"default": ["fake/coder"]}, **more)
    assert done.code == 1, done.status
    assert {"model": "coder", "address": "127.0.0.1:9"}[wrong] in json.dumps(done.status)


def test_with_no_model_left_the_mission_ends_with_the_reason(checked: Path, config: Path, no_secret: None) -> None:
    before = user_files(checked)
    done = play(checked, config, {"rules": rules(), "keys": ["another key"]})
    assert done.code == 1
    assert done.status["status"] == "failed"
    assert "unauthorized" in json.dumps(done.status) or "Incorrect API key" in json.dumps(done.status)
    assert KEY not in done.out + done.err
    assert user_files(checked) == before


def test_doctor_says_what_each_model_can_do(config: Path, tmp_path: Path) -> None:
    calling = {"calls": [{"name": "report_number", "arguments": {"number": 7}}]}
    script = {"rules": [{"model": "coder", "answer": calling}], "keys": [KEY]}
    with serving(Script(ProviderScript.model_validate(script))) as provider:
        configure(config, provider)
        done = orchestrator("doctor", "--providers", "--json", "-w", tmp_path)
    found = {row["name"]: row for row in json.loads(done.out)}
    assert done.code == 1
    assert found["fake/coder"]["can_call_tools"]
    assert not found["fake/coder"]["problem"]
    assert "calls no tools" in found["second/backup"]["problem"]


@pytest.mark.parametrize("wrong", ["nothing configured", "unknown provider", "no key"])
def test_a_wrong_configuration_is_said_before_anything_runs(checked: Path, config: Path, wrong: str) -> None:
    row = {"base_url": "http://127.0.0.1:9/v1", "key": "env:NO_SUCH_KEY"}
    texts = {
        "nothing configured": {},
        "unknown provider": {"models": {"default": ["nobody/coder"]}},
        "no key": {"providers": {"fake": row}, "models": {"default": ["fake/coder"]}},
    }
    config.write_text(json.dumps(texts[wrong]))
    done = run(checked)
    assert done.code in {1, 2}
    said = done.err + done.out
    wanted = {"nothing configured": "no_model", "unknown provider": "nobody", "no key": "NO_SUCH_KEY"}
    assert wanted[wrong] in said or "no model is configured" in said
