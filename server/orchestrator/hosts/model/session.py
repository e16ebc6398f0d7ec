"""One conversation with a model: brief, answers, tool calls, result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart, ToolReturnPart

from orchestrator.agents.results import RESULT_TOOLS
from orchestrator.domain.words import FailureKind, Role
from orchestrator.hosts.conversation import Conversation
from orchestrator.hosts.model.acting import Acted, Actor
from orchestrator.hosts.model.asking import Caller
from orchestrator.hosts.model.chain import ModelChoice
from orchestrator.hosts.model.history import BYTES_PER_TOKEN, History
from orchestrator.hosts.model.loops import LoopFuse
from orchestrator.hosts.model.pages import RECALL, Pages
from orchestrator.ports.host import Brief, HostError, Remedy, Reply, SessionRoom, SessionSpec

MAX_TURNS: Final = 400
"""Answers for one brief."""
MAX_WRONG_TURNS: Final = 3
"""Answers in a row of which no call could be run."""
_WRITERS: Final = frozenset({Role.WORKER, Role.FIXER})
_NUDGE: Final = (
    "You ended your turn, but changed nothing. If the task is done, call finish_task; if not, go on with the tools."
)


@dataclass(frozen=True, slots=True)
class Legacy:
    """A planner's conversation that came to a plan of one task: its worker goes on with it and reads nothing twice."""

    history: History
    pages: Pages


class ModelSession:
    """See `ports.host.Session` and `ports.host.Mendable`."""

    def __init__(
        self,
        spec: SessionSpec,
        chain: Sequence[ModelChoice],
        room: SessionRoom,
        pages: Pages,
        *,
        legacy: Legacy | None,
        bequeath: Callable[[Legacy], None],
    ) -> None:
        """Nothing is opened before the first prompt. A planner's `legacy` goes to `bequeath` when it closes."""
        result_tool = RESULT_TOOLS[spec.role]
        tools = (*room.describe(), RECALL, result_tool.describe())
        self._role = spec.role
        self._caller = Caller(chain, room, tools)
        self._pages = legacy.pages if legacy else pages
        self._actor = Actor(room, result_tool, self._pages)
        self._history = legacy.history if legacy else History(spec.system, pages)
        self._history.become(spec.system)
        self._is_heir = legacy is not None
        self._bequeath = bequeath
        self._has_single_task = False
        self._fuse = LoopFuse()
        self._conversation = Conversation(spec.session_id, self._answer)
        self._told = ""
        self._heard: set[str] = set()
        self._has_written = False
        self._mends = 0

    @property
    def place(self) -> str:
        """Nowhere: the session ends with the server."""
        return ""

    async def prompt(self, brief: Brief) -> Reply:
        """Answer a brief, with as many calls of the model as that takes. Raises HostError."""
        return await self._conversation.prompt(brief)

    async def close(self) -> None:
        """End the conversation, drop its connections and pages."""
        await self._conversation.close()
        await self._caller.close()
        if self._has_single_task:
            self._has_single_task = False
            self._bequeath(Legacy(self._history, self._pages))
        else:
            self._pages.close()

    async def mend(self, remedy: Remedy) -> bool:
        """Change the conversation or the model so that the next prompt may succeed; see `ports.host.Mendable`."""
        match remedy:
            case Remedy.COMPACT:
                return self._history.shorten(self._history.size_bytes() // 2)
            case Remedy.RESTRUCTURE:
                self._mends += 1
                return (self._mends == 1 and self._history.drop_thinking()) or self._history.flatten()
            case Remedy.NEXT_MODEL:
                self._history.drop_thinking()
                return await self._caller.next_model()

    async def _answer(self, brief: Brief) -> Reply:
        self._begin(brief)
        read = written = wrong_turns = 0
        for _ in range(MAX_TURNS):
            response = await self._ask()
            read += response.usage.input_tokens
            written += response.usage.output_tokens
            acted = await self._actor.act(response)
            self._history.add(response, acted.returns)
            self._has_written = self._has_written or acted.has_written
            if acted.result is not None:
                handed = acted.result
                self._has_single_task = self._role is Role.PLANNER and len(json.loads(handed.text)["tasks"]) == 1
                return replace(
                    self._ended(handed.text, read, written),
                    decisions=handed.decisions,
                    failed_approaches=handed.failed_approaches,
                )
            if not acted.returns:
                text = _text(response)
                if self._may_end():
                    return self._ended(text, read, written)
                self._history.say(_NUDGE)
                continue
            wrong_turns = wrong_turns + 1 if len(acted.wrong) == len(acted.returns) else 0
            self._watch(response, acted, wrong_turns)
        raise HostError(FailureKind.LOOPING, f"no end after {MAX_TURNS} answers", hint="split the task")

    def _begin(self, brief: Brief) -> None:
        """Tell the model what it does not know yet: all of a new brief, or what changed, or what went wrong."""
        problems = [problem for problem in brief.problems if problem not in self._heard]
        if self._history.is_empty:
            self._history.say(brief.text)
        elif self._is_heir and not self._told:
            self._history.say(brief.handover or brief.text)
        elif brief.text != self._told:
            self._history.say(brief.update or brief.text)
        elif problems:
            self._history.say("Your last answer was no good; mend this:\n" + "\n".join(f"- {p}" for p in problems))
        self._heard.update(brief.problems)
        self._told = brief.text
        self._has_written = self._role not in _WRITERS

    async def _ask(self) -> ModelResponse:
        """The next answer that says something. Raises HostError."""
        choice = self._caller.choice
        bare = self._caller.size_tokens([]) + choice.provider.max_output_tokens
        self._history.fit(choice.provider.context_tokens, bare * BYTES_PER_TOKEN)
        response = await self._caller.ask(self._history.messages())
        calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
        if response.finish_reason == "content_filter":
            said = _text(response)[:200] or "no reason"
            raise HostError(FailureKind.REFUSED, f"{choice.name} refused: {said}", hint="say the task differently")
        if not calls and not _text(response).strip():
            raise HostError(FailureKind.EMPTY_ANSWER, f"{choice.name} answered nothing: call a tool, or say the result")
        if not calls and response.finish_reason == "length":
            raise HostError(FailureKind.TOO_LONG, f"{choice.name}: the answer was cut at its longest length: be brief")
        return response

    def _watch(self, response: ModelResponse, acted: Acted, wrong_turns: int) -> None:
        """Blow a fuse when nothing comes of it. Raises HostError."""
        if wrong_turns >= MAX_WRONG_TURNS:
            self._fuse.reset()
            kind = FailureKind.UNKNOWN_TOOL if "unknown_tool" in acted.wrong else FailureKind.MALFORMED
            raise HostError(
                kind, f"{wrong_turns} answers in a row held no call that can be run: {_words(acted.returns)}"
            )
        period = self._fuse.blows(_signature(response, acted.returns))
        if period:
            self._fuse.reset()
            what = "the same call" if period == 1 else f"the same {period} calls"
            raise HostError(
                FailureKind.LOOPING, f"you repeat {what} with the same result: do something else, or end your turn"
            )

    def _may_end(self) -> bool:
        """Whether words alone end the turn: a worker that has changed nothing is asked once."""
        may, self._has_written = self._has_written, True
        return may

    def _ended(self, text: str, read: int, written: int) -> Reply:
        self._fuse.reset()
        return Reply(text, read, written)


def _text(response: ModelResponse) -> str:
    return "".join(part.content for part in response.parts if isinstance(part, TextPart))


def _words(returns: Sequence[ToolReturnPart]) -> str:
    return "; ".join(dict.fromkeys(str(part.content)[:300] for part in returns))[:1_000]


def _signature(response: ModelResponse, returns: Sequence[ToolReturnPart]) -> str:
    """Calls and results of a turn, as a digest."""
    calls = [f"{p.tool_name} {p.args}" for p in response.parts if isinstance(p, ToolCallPart)]
    whole = "\n".join([*calls, *(str(part.content) for part in returns)])
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
