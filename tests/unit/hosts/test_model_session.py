"""What a model session tells its model, what it counts, and what it hands on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from model_world import TASK, WORK, Toolbox, converse, model_host, provider_row, script

from orchestrator.config.model import Price, Provider
from orchestrator.domain.words import FailureKind, Role
from orchestrator.engine.recovery import Action
from orchestrator.errors import OrchestratorError
from orchestrator.hosts.model.chain import ModelChains, ModelChoice
from orchestrator.hosts.model.keys import find_key
from orchestrator.hosts.model.loops import REPEATS, period_of
from orchestrator.hosts.model.pages import Pages
from orchestrator.hosts.model.prices import is_priced, price_microusd
from orchestrator.ports.host import HostError, Reply, SessionSpec, ToolError
from orchestrator.testing import make_brief
from orchestrator.testing.provider import Answer, Call, Failure, Script, ToolCall, serving

pytestmark = pytest.mark.anyio
PLAN = {"tasks": [{"id": "t", "title": "T", "why": "w", "write_set": ["a.py"]}]}
PLANNER = SessionSpec("s-plan", "m", Role.PLANNER, "", "plan", system="PLAN WELL")
WORKER = SessionSpec("s-work", "m", Role.WORKER, "t", "t", system="WORK WELL")


def pages_below(folder: Path) -> list[Path]:
    return list(folder.rglob("p1"))


async def test_the_system_prompt_goes_once_and_the_brief_alone_is_the_first_message(tmp_path: Path) -> None:
    with serving(Script(script())) as provider:
        host = model_host(tmp_path, {"fake": provider_row("openai", provider)})
        await converse(host, Toolbox(), make_brief(task=TASK), WORKER)
        first, last = provider.calls[0], provider.calls[-1]
    assert first.system == last.system == "WORK WELL"
    assert first.messages[0].text == make_brief(task=TASK).text
    assert "WORK WELL" not in "".join(message.text for message in last.messages)


async def test_a_second_brief_tells_only_what_is_new(tmp_path: Path) -> None:
    with serving(Script(script())) as provider:
        host = model_host(tmp_path, {"fake": provider_row("openai", provider)})
        session = await host.open(WORKER, Toolbox())
        brief = make_brief(task=TASK)
        await session.prompt(brief)
        changed = type(brief)(
            brief.text + "\nand a note", brief.mission_text, brief.role, 2, brief.task, update="Only the note."
        )
        await session.prompt(changed)
        await session.close()
        said = provider.calls[-1].messages
    assert any("Only the note." in message.text for message in said)
    assert sum("and a note" in message.text for message in said) == 0


async def test_every_call_is_reserved_and_settled_with_its_price(tmp_path: Path) -> None:
    tools = Toolbox()
    with serving(Script(script())) as provider:
        host = model_host(tmp_path, {"fake": provider_row("openai", provider, max_output_tokens=1_000)})
        reply, _ = await converse(host, tools)
    assert isinstance(reply, Reply)
    assert len(tools.reserved) == len(tools.settled) == 2
    for worst, used in zip(tools.reserved, tools.settled.values(), strict=True):
        assert worst.turns == used.turns == 1
        assert 0 < used.tokens <= worst.tokens
        assert 0 < used.money_microusd <= worst.money_microusd
    assert sum(used.tokens for used in tools.settled.values()) == reply.input_tokens + reply.output_tokens


async def test_an_exhausted_budget_ends_the_session_before_the_call(tmp_path: Path) -> None:
    class Poor(Toolbox):
        async def reserve(self, worst: object) -> str:
            raise OrchestratorError("budget_exhausted", "nothing is left", "raise it")

    with serving(Script(script())) as provider:
        host = model_host(tmp_path, {"fake": provider_row("openai", provider)})
        failed, _ = await converse(host, Poor())
        assert provider.calls == ()
    assert isinstance(failed, HostError)
    assert failed.kind is FailureKind.BUDGET_EXHAUSTED


async def test_a_call_that_breaks_off_counts_in_full(tmp_path: Path) -> None:
    tools = Toolbox()
    with serving(Script(script({"fault": "cut", "times": 1, "cut_after": 1}))) as provider:
        host = model_host(tmp_path, {"fake": provider_row("openai", provider)})
        await converse(host, tools)
    assert tools.settled["b-1"] == tools.reserved[0]


@pytest.mark.parametrize("fault", ["quota", "no_such_model", "unauthorized", "refusal"])
async def test_the_next_model_of_the_chain_goes_on_with_the_same_conversation(tmp_path: Path, fault: str) -> None:
    """Also over a border between protocols."""
    work = {"turn": 1, "times": 1, "answer": WORK}
    with serving(Script(script(work, {"fault": fault, "model": "first"}))) as provider:
        rows = {"one": provider_row("anthropic", provider), "two": provider_row("openai", provider)}
        reply, diary = await converse(model_host(tmp_path, rows, ["one/first", "two/second"]), Toolbox())
        assert isinstance(reply, Reply), reply
        assert diary.steps[-1].action is Action.NEXT_MODEL
        assert provider.calls[-1].model == "second"
        assert provider.calls[-1].turn == 2


async def test_a_plan_of_one_task_is_worked_by_the_session_that_made_it(tmp_path: Path) -> None:
    look = Answer(text="I looked at everything.", calls=(ToolCall("lint", {}),))

    def policy(call: Call) -> Answer | Failure:
        if "submit_plan" in call.tools:
            return Answer(calls=(ToolCall("submit_plan", PLAN),)) if call.turn > 1 else look
        return Answer(calls=(ToolCall("finish_task", {"summary": "done"}),))

    with serving(policy) as provider:
        host = model_host(tmp_path, {"fake": provider_row("openai", provider)})
        await converse(host, Toolbox(), make_brief(Role.PLANNER), PLANNER)
        await converse(host, Toolbox(), make_brief(task=TASK), WORKER)
        last = provider.calls[-1]
        assert len(provider.calls) == 3
        assert last.system == "WORK WELL"
        assert "I looked at everything." in "".join(message.text for message in last.messages)
        other = SessionSpec("s-other", "m", Role.WORKER, "t2", "t2", system="WORK WELL")
        await converse(host, Toolbox(), make_brief(task=TASK), other)
        assert len(provider.calls[-1].messages) == 1
    assert not pages_below(tmp_path)


async def test_secrets_in_results_do_not_reach_the_provider(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    tools = Toolbox()
    tools._results["lint"] = {"text": f"token = '{secret}'"}
    look: dict[str, Any] = {"turn": 1, "times": 1, "answer": {"calls": [{"name": "lint"}]}}
    with serving(Script(script(look))) as provider:
        await converse(model_host(tmp_path, {"fake": provider_row("openai", provider)}), tools)
        assert all(secret not in str(call.body) for call in provider.calls)


async def test_long_conversations_stay_small_and_their_pages_can_be_read(tmp_path: Path) -> None:
    """200 turns with 2 KB each: no request grows beyond the working set, and what went out can be recalled."""
    tools = Toolbox()

    def policy(call: Call) -> Answer | Failure:
        asked = len(provider.calls)
        if asked == 200:
            return Answer(calls=(ToolCall("recall", {"page": "p1"}),))
        if asked > 200:
            return Answer(calls=(ToolCall("finish_task", {"summary": "done"}),))
        tools._results["lint"] = {"text": f"{asked} " + "x" * 2_000}
        return Answer(calls=(ToolCall("lint", {"number": asked}),))

    with serving(policy) as provider:
        reply, _ = await converse(model_host(tmp_path, {"fake": provider_row("openai", provider)}), tools)
        assert isinstance(reply, Reply), reply
        sizes = [call.size_tokens for call in provider.calls]
        recalled = provider.calls[-1].last
    assert max(sizes) < 25_000
    assert max(sizes[100:]) <= 1.1 * max(sizes[:100])
    assert "x" * 1_000 in recalled
    assert not pages_below(tmp_path)


def test_no_key_names_the_place_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(HostError) as caught:
        find_key(ModelChoice("p", Provider(key="env:NO_SUCH_KEY"), "m"))
    assert caught.value.kind is FailureKind.UNAUTHORIZED
    assert "NO_SUCH_KEY" in caught.value.message
    assert "export NO_SUCH_KEY" in caught.value.hint


async def test_a_provider_that_is_down_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.engine.recovery.backoff_s", lambda count: 0.01)
    with serving(Script(script())) as provider:
        row = provider_row("openai", provider)
    failed, diary = await converse(model_host(tmp_path, {"fake": row}), Toolbox())
    assert isinstance(failed, HostError)
    assert failed.kind is FailureKind.UNAVAILABLE
    assert str(row.base_url) in failed.hint
    assert [step.action for step in diary.steps] == [Action.WAIT] * 3


async def test_a_wrong_key_is_never_repeated_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-very-secret-key-000")

    def policy(call: Call) -> Answer | Failure:
        return Failure(401, "invalid_request_error", f"Incorrect API key provided: {call.key}", "invalid_api_key")

    with serving(policy) as provider:
        row = provider_row("openai", provider, key="env:SOME_KEY")
        failed, _ = await converse(model_host(tmp_path, {"fake": row}), Toolbox())
        assert provider.calls[0].key == "sk-very-secret-key-000"
    assert isinstance(failed, HostError)
    assert failed.kind is FailureKind.UNAUTHORIZED
    assert "sk-very" not in str(failed)


def test_chains_by_role() -> None:
    chains = ModelChains({"p": Provider()}, {"": ["p/a"], "worker": ["p/b", "p/a"]})
    assert [choice.name for choice in chains.of(Role.WORKER)] == ["p/b", "p/a"]
    assert [choice.name for choice in chains.of(Role.PLANNER, "p/c")] == ["p/c", "p/a"]
    with pytest.raises(OrchestratorError, match="names no provider"):
        chains.of(Role.WORKER, "q/a")
    with pytest.raises(OrchestratorError, match="no model is configured for a worker"):
        ModelChains({}, {"": []}).of(Role.WORKER)


def test_prices() -> None:
    priced = Provider(base_url="https://models.example.com/v1", prices={"m": Price(input_usd=1.5, output_usd=2.0)})
    assert price_microusd(ModelChoice("p", priced, "m"), 1_000, 10) == 1_520
    assert not is_priced(ModelChoice("p", priced, "other"))
    local = Provider(base_url="http://localhost:11434/v1")
    assert is_priced(ModelChoice("p", local, "m"))
    assert price_microusd(ModelChoice("p", local, "m"), 10**6, 10**6) == 0
    assert price_microusd(ModelChoice("p", Provider(), "gpt-4o"), 1_000_000, 0) > 0


@pytest.mark.parametrize("period", [1, 2, 3, 4])
def test_cycles_are_noticed(period: int) -> None:
    turns = [str(n % period) for n in range(period * REPEATS)]
    assert period_of(turns) == period
    assert period_of(turns[1:]) == 0
    assert period_of([*turns, "x"]) == 0


def test_pages_have_caps_and_no_way_out(tmp_path: Path) -> None:
    pages = Pages(tmp_path / "pages")
    name = pages.keep("x" * 300_000)
    assert len(str(pages.read({"page": name, "offset": 199_990})["text"])) == 10
    for wrong in ("../p1", "p2", "", 3):
        with pytest.raises(ToolError):
            pages.read({"page": wrong})
    while pages.keep("y" * 200_000):
        pass
    assert sum(path.stat().st_size for path in (tmp_path / "pages").iterdir()) <= 20_000_000
    pages.close()
    assert not (tmp_path / "pages").exists()


def test_nothing_heavy_is_loaded_before_a_session_opens() -> None:
    """Checked in a process of its own: the tests around this one have loaded it."""
    code = "import sys, orchestrator.app; sys.exit('pydantic_ai' in sys.modules or 'openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
