"""What a long task sends to its model: ours against the whole transcript in every call, on the same scripted session.

Bytes are those of the requests' texts over real HTTP; tokens are counted by `o200k_base`.
"""

from __future__ import annotations

import random
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio

from orchestrator.agents.briefs import worker_brief
from orchestrator.agents.prompts import system_prompt
from orchestrator.config.model import Provider
from orchestrator.domain.words import Role
from orchestrator.hosts.model import history
from orchestrator.hosts.model.chain import ModelChains
from orchestrator.hosts.model.host import ModelHost
from orchestrator.ports.host import SessionSpec
from orchestrator.testing import make_task
from orchestrator.testing.provider import Answer, Call, Failure, ToolCall, serving
from orchestrator.testing.toolboxes import RecordingToolbox

with warnings.catch_warnings():
    # It opens its vocabulary, which is inside the package, in a way that Python deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    import bpe_openai

ENCODING = bpe_openai.get_encoding("o200k_base")
TURNS = 120
LONG_TURNS = 1_000
RESULT_LINES = 80
TASK = make_task("bench", write_set=["a.py"])
WORDS = ("def", "return", "self", "value", "index", "result", "parse", "config", "error", "raise", "if", "not", "in")


class Sources(RecordingToolbox):
    """read_file answers another piece of source for every call."""

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        self.calls.append((name, dict(arguments)))
        dice = random.Random(len(self.calls))  # noqa: S311 - reproducible, guards nothing
        return {"text": "\n".join(" ".join(dice.choices(WORDS, k=9)) for _ in range(RESULT_LINES))}


class Reader:
    """A model that reads one file after another, then ends; keeps the size of every request."""

    def __init__(self, turns: int, *, is_counting: bool) -> None:
        self.turns = turns
        self.is_counting = is_counting
        self.sizes: list[int] = []
        self.tokens: list[int] = []

    def __call__(self, call: Call) -> Answer | Failure:
        texts = [call.system, *(message.text for message in call.messages)]
        self.sizes.append(sum(len(text.encode()) for text in texts))
        if self.is_counting:
            self.tokens.append(sum(len(ENCODING.encode(text)) for text in texts))
        if len(self.sizes) > self.turns:
            return Answer(calls=(ToolCall("finish_task", {"summary": "read"}),))
        return Answer(calls=(ToolCall("read_file", {"path": f"f{len(self.sizes)}.py"}),))


def rows() -> list[dict[str, Any]]:
    """Bytes and tokens of a task, the growth of requests over 1,000 turns, and what a later message repeats."""
    ours = anyio.run(_played, TURNS, True)
    usual = history.WORKING_SET_BYTES
    history.WORKING_SET_BYTES = 10**12  # type: ignore[misc] - the baseline: nothing is ever shortened
    try:
        whole = anyio.run(_played, TURNS, True)
    finally:
        history.WORKING_SET_BYTES = usual  # type: ignore[misc] - as above
    long = anyio.run(_played, LONG_TURNS, False)
    # Requests swing between two shortenings; the largest of a hundred says how high they swing.
    growth = max(long.sizes[-100:]) / max(long.sizes[100:200])
    brief = worker_brief("Read everything.", TASK, notes=["look at b.py too"])
    news = len(brief.update.encode()) / len((system_prompt(Role.WORKER) + brief.text).encode())
    name = f"a task of {TURNS} turns"
    peer = "whole transcript"
    return [
        _row(
            f"{name}: bytes sent to the model",
            sum(ours.sizes),
            "bytes",
            peer,
            ratio=sum(ours.sizes) / sum(whole.sizes),
            goal=0.3,
        ),
        _row(
            f"{name}: tokens sent",
            sum(ours.tokens),
            "tokens",
            peer,
            ratio=sum(ours.tokens) / sum(whole.tokens),
            goal=0.3,
        ),
        _row(
            "largest request of the last 100 of 1,000 turns",
            max(long.sizes[-100:]),
            "bytes",
            "turns 100 to 200",
            ratio=growth,
            goal=1.1,
        ),
        _row(
            "a person's note to a session",
            len(brief.update.encode()),
            "bytes",
            "with instructions and brief",
            ratio=news,
            goal=0.1,
        ),
    ]


def _row(name: str, value: float, unit: str, peer: str, *, ratio: float, goal: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "peer": peer,
        "ratio": ratio,
        "goal": f"<= {goal}",
        "met": ratio <= goal,
    }


async def _played(turns: int, is_counting: bool) -> Reader:
    reader = Reader(turns, is_counting=is_counting)
    with tempfile.TemporaryDirectory() as folder, serving(reader) as provider:
        row = Provider(base_url=provider.url, context_tokens=10_000_000)
        host = ModelHost(ModelChains({"fake": row}, {"": ["fake/coder"]}), Path(folder))
        spec = SessionSpec("s", "m", Role.WORKER, "bench", "bench", system_prompt(Role.WORKER))
        session = await host.open(spec, Sources())
        for part in range(-(-turns // 390)):
            reader.turns = min((part + 1) * 390, turns)
            await session.prompt(worker_brief(f"Read everything, part {part}.", TASK))
        await session.close()
    return reader
