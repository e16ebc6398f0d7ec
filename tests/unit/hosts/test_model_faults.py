"""Every fault of a provider or model, over real HTTP: its class, what is done, and how it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from model_world import Dialect, Diary, Toolbox, converse, model_host, provider_row, script

from orchestrator.domain.words import FailureKind as F
from orchestrator.engine import recovery
from orchestrator.engine.recovery import Action
from orchestrator.ports.host import HostError, Reply
from orchestrator.testing.provider import FAULTS, Script, serving

pytestmark = pytest.mark.anyio
DIALECTS: tuple[Dialect, ...] = ("openai", "anthropic")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Waits that nobody asked for are short here; what a provider asks for is kept."""
    monkeypatch.setattr(recovery, "backoff_s", lambda count: 0.01 * count)
    yield


async def play(folder: Path, kind: Dialect, *rules: dict[str, Any], **more: Any) -> tuple[Any, Diary, Toolbox, int]:
    tools = Toolbox()
    with serving(Script(script(*rules, **more.pop("script", {})))) as provider:
        row = provider_row(kind, provider, **more)
        answer, diary = await converse(model_host(folder, {"fake": row}), tools)
        return answer, diary, tools, len(provider.calls)


HEALED = {
    "rate_limit": (F.RATE_LIMITED, Action.WAIT),
    "server_error": (F.SERVER_ERROR, Action.WAIT),
    "bad_gateway": (F.SERVER_ERROR, Action.WAIT),
    "overloaded": (F.OVERLOADED, Action.WAIT),
    "cut": (F.CUT_OFF, Action.WAIT),
    "stall_first": (F.STALLED, Action.WAIT),
    "stall_mid": (F.STALLED, Action.WAIT),
    "empty": (F.EMPTY_ANSWER, Action.ASK_AGAIN),
    "refusal": (F.REFUSED, Action.ASK_AGAIN),
    "garbage": (F.MALFORMED, Action.ASK_AGAIN),
    "huge": (F.TOO_LONG, Action.ASK_AGAIN),
}
SENT_BACK = ("malformed_arguments", "unknown_tool", "invented_arguments")
GIVEN_UP = {"quota": F.QUOTA_EXHAUSTED, "unauthorized": F.UNAUTHORIZED, "no_such_model": F.NO_SUCH_MODEL}
OTHERS = {"trickle", "tool_loop", "thinking_block", "context_length", "wrong_language"}


def test_every_fault_is_driven() -> None:
    assert {*HEALED, *SENT_BACK, *GIVEN_UP, *OTHERS} == set(FAULTS)


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("fault", HEALED)
async def test_a_passing_fault_is_healed(tmp_path: Path, kind: Dialect, fault: str) -> None:
    struck = {"fault": fault, "times": 1, "cut_after": 1, "size": 1_500_000}
    more = {"silence_timeout_s": 3.0} if fault in {"stall_first", "stall_mid"} else {}
    answer, diary, tools, calls = await play(tmp_path, kind, struck, **more)
    assert isinstance(answer, Reply), answer
    assert diary.told() == [HEALED[fault]]
    assert calls == 3
    assert [name for name, _ in tools.calls] == ["write_file"]


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("fault", HEALED)
async def test_a_lasting_fault_ends_within_its_bound(tmp_path: Path, kind: Dialect, fault: str) -> None:
    more = {"silence_timeout_s": 0.3} if fault in {"stall_first", "stall_mid"} else {}
    answer, diary, _, calls = await play(tmp_path, kind, {"fault": fault, "cut_after": 1, "size": 1_200_000}, **more)
    assert isinstance(answer, HostError)
    assert answer.kind is HEALED[fault][0]
    bound = recovery.TABLE[answer.kind].bound
    assert len(diary.steps) == bound
    assert calls == bound + 1


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("fault", GIVEN_UP)
async def test_what_waiting_can_not_heal_ends_at_once_with_what_to_do(
    tmp_path: Path, kind: Dialect, fault: str
) -> None:
    answer, diary, _, calls = await play(tmp_path, kind, {"fault": fault})
    assert isinstance(answer, HostError)
    assert answer.kind is GIVEN_UP[fault]
    assert answer.hint
    assert diary.steps == []
    assert calls == 1


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("fault", SENT_BACK)
async def test_a_wrong_call_goes_back_to_the_model(tmp_path: Path, kind: Dialect, fault: str) -> None:
    """The first answer's call is wrong; the second does the work: the same conversation goes on."""
    work = {"turn": 2, "answer": {"calls": [{"name": "write_file", "arguments": {"path": "a.py"}}]}}
    answer, diary, tools, calls = await play(tmp_path, kind, {"fault": fault, "turn": 1, "times": 1}, work)
    assert isinstance(answer, Reply), answer
    assert diary.steps == []
    assert calls == 3
    assert ("write_file", {"path": "a.py"}) in tools.calls


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("fault", SENT_BACK)
async def test_calls_that_stay_wrong_end_within_their_bound(tmp_path: Path, kind: Dialect, fault: str) -> None:
    answer, diary, _, _ = await play(tmp_path, kind, {"fault": fault})
    assert isinstance(answer, HostError)
    assert answer.kind in {F.MALFORMED, F.UNKNOWN_TOOL}
    assert {action for _, action in diary.told()} == {Action.ASK_AGAIN}
    assert len(diary.steps) == 3


@pytest.mark.parametrize("kind", DIALECTS)
async def test_a_loop_is_told_and_then_ended(tmp_path: Path, kind: Dialect) -> None:
    answer, diary, _, calls = await play(tmp_path, kind, {"fault": "tool_loop"})
    assert isinstance(answer, HostError)
    assert answer.kind is F.LOOPING
    assert diary.told() == [(F.LOOPING, Action.ASK_AGAIN)] * 2
    assert calls == 15


@pytest.mark.parametrize("kind", DIALECTS)
async def test_a_model_that_is_told_of_its_loop_may_leave_it(tmp_path: Path, kind: Dialect) -> None:
    answer, _, _, calls = await play(tmp_path, kind, {"fault": "tool_loop", "times": 5}, {"answer": {"text": "done"}})
    # Words alone do not end the turn of a worker that has changed nothing; the second time they do.
    assert isinstance(answer, Reply)
    assert calls == 7


@pytest.mark.parametrize("kind", DIALECTS)
async def test_a_history_that_the_provider_refuses_is_put_in_order(tmp_path: Path, kind: Dialect) -> None:
    thought = {"turn": 1, "times": 1, "answer": {"thinking": "hm", "calls": [{"name": "lint"}]}}
    answer, diary, tools, _ = await play(tmp_path, kind, thought, {"fault": "thinking_block", "times": 3})
    assert isinstance(answer, Reply), answer
    assert set(diary.told()) == {(F.BAD_HISTORY, Action.RESTRUCTURE)}
    assert len(diary.steps) <= 2
    assert ("lint", {}) in tools.calls


@pytest.mark.parametrize("kind", DIALECTS)
async def test_an_overflow_is_shortened(tmp_path: Path, kind: Dialect) -> None:
    """The provider takes less than is configured: the conversation is shortened until it fits, and ends well."""
    looks = [
        {"turn": turn, "times": 1, "answer": {"text": f"look {turn} {'x' * 3_000}", "calls": [{"name": "lint"}]}}
        for turn in range(1, 9)
    ]
    answer, diary, _, _ = await play(tmp_path, kind, *looks, script={"context_tokens": 4_000})
    assert isinstance(answer, Reply), answer
    assert (F.CONTEXT_OVERFLOW, Action.COMPACT) in diary.told()


@pytest.mark.parametrize("kind", DIALECTS)
async def test_an_overflow_that_nothing_can_shorten_ends(tmp_path: Path, kind: Dialect) -> None:
    answer, diary, _, _ = await play(tmp_path, kind, {"fault": "context_length"})
    assert isinstance(answer, HostError)
    assert answer.kind is F.CONTEXT_OVERFLOW
    assert len(diary.steps) <= 4


@pytest.mark.parametrize("kind", DIALECTS)
async def test_a_trickle_is_no_stall(tmp_path: Path, kind: Dialect) -> None:
    answer, diary, _, _ = await play(tmp_path, kind, {"fault": "trickle", "times": 1, "delay_s": 0.01})
    assert isinstance(answer, Reply)
    assert diary.steps == []


@pytest.mark.parametrize("kind", DIALECTS)
async def test_a_trickle_without_end_is_ended(tmp_path: Path, kind: Dialect) -> None:
    trickle = {"fault": "trickle", "delay_s": 1.0, "times": 1}
    answer, diary, _, _ = await play(tmp_path, kind, trickle, answer_timeout_s=5.0)
    assert isinstance(answer, Reply)
    assert diary.told() == [(F.STALLED, Action.WAIT)]


@pytest.mark.parametrize("kind", DIALECTS)
async def test_words_in_any_language_are_an_answer_but_not_work(tmp_path: Path, kind: Dialect) -> None:
    """Whether the work is right is for the gates; that nothing was done is said to the model once."""
    answer, _, tools, calls = await play(tmp_path, kind, {"fault": "wrong_language"})
    assert isinstance(answer, Reply)
    assert tools.calls == []
    assert calls == 2


@pytest.mark.parametrize("kind", DIALECTS)
@pytest.mark.parametrize("asked_s", [0.4, 1.0])
async def test_what_a_provider_asks_for_is_waited(tmp_path: Path, kind: Dialect, asked_s: float) -> None:
    answer, diary, _, _ = await play(tmp_path, kind, {"fault": "rate_limit", "times": 1, "retry_after_s": asked_s})
    assert isinstance(answer, Reply)
    assert [step.wait_s for step in diary.steps] == [asked_s]
