"""Scripts: rules that say which call gets which answer, as JSON or as Python objects."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from orchestrator.errors import OrchestratorError
from orchestrator.testing.provider.exchange import Answer, Call, Failure, ToolCall
from orchestrator.testing.provider.faults import FAULTS, Fault, context_length, no_such_model, struck, unauthorized
from orchestrator.testing.provider.order import order_problem
from orchestrator.testing.provider.seeded import SeededFaults


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class CallPart(_Part):
    """A tool call of an answer; arguments that are a string go out as they are."""

    name: str
    arguments: dict[str, object] | str = Field(default_factory=dict[str, object])


class AnswerPart(_Part):
    """An answer, as `exchange.Answer`."""

    text: str = ""
    thinking: str = ""
    calls: list[CallPart] = Field(default_factory=list[CallPart])
    stop: Literal["", "stop", "tool_calls", "length", "refusal"] = ""
    output_tokens: Annotated[int, Field(ge=0)] | None = None

    def answer(self) -> Answer:
        """As the server plays it."""
        calls = tuple(ToolCall(call.name, call.arguments) for call in self.calls)
        return Answer(self.text, self.thinking, calls, self.stop, self.output_tokens)


class Rule(_Part):
    """Answers a call when all that it names fits; the first rule that fits and is not used up counts.

    `match` is searched in the system prompt and the first message, `after` in the newest message, `model` in the
    model's name; `turn` is which answer of the conversation is asked for, from 1. It is used `times` times at most.
    A fault strikes what the following rules would have answered.
    """

    match: str = ""
    after: str = ""
    model: str = ""
    turn: Annotated[int, Field(ge=1)] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    answer: AnswerPart | None = None
    fault: str | None = None
    retry_after_s: Annotated[float, Field(ge=0)] | None = None
    cut_after: Annotated[int, Field(ge=0)] = 2
    delay_s: Annotated[float, Field(ge=0)] = 0.5
    size: Annotated[int, Field(ge=0)] = 10_000_000

    @model_validator(mode="after")
    def _is_one_thing(self) -> Rule:
        if (self.answer is None) == (self.fault is None):
            raise ValueError("a rule has either an answer or a fault")
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"there is no fault {self.fault!r}; faults: {', '.join(FAULTS)}")
        return self

    def fits(self, call: Call) -> bool:
        """Whether the rule is about this call."""
        return (
            (self.turn is None or self.turn == call.turn)
            and bool(re.search(self.model, call.model))
            and bool(re.search(self.match, call.prompt))
            and bool(re.search(self.after, call.last))
        )


class ProviderScript(_Part):
    """A whole script. Empty `keys` and `models` accept all; `is_strict` checks the order of messages as providers do.

    With a `fault_rate`, `random_faults` strike calls at random, the same ones for the same `seed`.
    """

    rules: list[Rule] = Field(default_factory=list[Rule])
    keys: list[str] = Field(default_factory=list[str])
    models: list[str] = Field(default_factory=list[str])
    context_tokens: Annotated[int, Field(ge=1)] = 1_000_000
    is_strict: bool = True
    seed: int = 0
    fault_rate: Annotated[float, Field(ge=0, le=1)] = 0.0
    random_faults: list[str] = Field(default_factory=list[str])


class Script:
    """Plays a script; see `exchange.Policy`."""

    def __init__(self, script: ProviderScript) -> None:
        """Nothing is used up yet."""
        self._script = script
        self._used: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._random = SeededFaults(script.seed, script.fault_rate, tuple(script.random_faults))

    def __call__(self, call: Call) -> Answer | Failure:
        """The answer of the first rule that fits, struck by the faults before it."""
        script = self._script
        if script.keys and call.key not in script.keys:
            return unauthorized(call)
        if script.models and call.model not in script.models:
            return no_such_model(call)
        if call.size_tokens > script.context_tokens:
            return context_length(call, script.context_tokens)
        if script.is_strict and (problem := order_problem(call)):
            return Failure(400, "invalid_request_error", problem)
        with self._lock:
            reply, faults = self._play(call)
        for fault in reversed(faults):
            if isinstance(reply, Answer):
                reply = struck(fault, call, reply)
        return self._random(call, reply)

    def _play(self, call: Call) -> tuple[Answer | Failure, list[Fault]]:
        faults: list[Fault] = []
        for index, rule in enumerate(self._script.rules):
            if not rule.fits(call) or (rule.times is not None and self._used[index] >= rule.times):
                continue
            if rule.fault is not None and faults:
                continue  # one fault a call
            if rule.answer is not None:
                self._used[index] += not faults  # what a fault strikes is still to come
                return rule.answer.answer(), faults
            self._used[index] += 1
            faults.append(Fault(rule.fault or "", rule.retry_after_s, rule.cut_after, rule.delay_s, rule.size))
        return Answer(text="Done."), faults


def load_script(path: Path) -> ProviderScript:
    """A script from a JSON file. Raises OrchestratorError `bad_script`."""
    try:
        return ProviderScript.model_validate(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        what = (
            "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)[:5]
            )
            if isinstance(error, ValidationError)
            else str(error)
        )
        raise OrchestratorError("bad_script", f"{path}: {what}", "docs/fake-provider.md shows scripts") from error
