"""A conversation: its opening, what was shortened away, and the turns that are still whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from orchestrator.agents.memory import Kind, Memo, Memory, Tier
from orchestrator.hosts.model.pages import Pages

BYTES_PER_TOKEN: Final = 4
"""The usual rate, for deciding when to shorten (reservations count on a worse one)."""
WORKING_SET_BYTES: Final = 64_000
"""Turns that are kept whole at most, whatever the model could read: each call sends them again."""
KEPT_SHARE: Final = 0.35
"""What of the working set is left after shortening."""
PAGED_CHARACTERS: Final = 1_200
"""Results longer than this get a page when they are shortened away."""
_SHOWN_CHARACTERS: Final = 160


@dataclass(slots=True)
class Turn:
    """An answer of the model's, the results of its calls, and words that followed."""

    response: ModelResponse
    results: list[ToolReturnPart] = field(default_factory=list[ToolReturnPart])
    words: list[str] = field(default_factory=list[str])

    def size_bytes(self) -> int:
        """About what it takes in a request."""
        spoken = sum(
            len(str(getattr(part, "content", "") or getattr(part, "args", ""))) for part in self.response.parts
        )
        return spoken + sum(len(str(result.content)) for result in self.results) + sum(map(len, self.words))


class History:
    """One session's conversation. `system` goes out as system prompt, once; the opening is never shortened."""

    def __init__(self, system: str, pages: Pages) -> None:
        """Nothing was said yet."""
        self._system = system
        self._pages = pages
        self._opening: list[str] = []
        self._turns: list[Turn] = []
        self._memory = Memory()
        self._last_results = ""
        self._count = 0

    def become(self, system: str) -> None:
        """Go on as another role: another system prompt, nothing of the thinking of the one before."""
        self._system = system
        self.drop_thinking()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said yet."""
        return not self._opening

    def say(self, words: str) -> None:
        """Words to the model: they open the conversation, or follow its last turn."""
        if self._turns:
            self._turns[-1].words.append(words)
        else:
            self._opening.append(words)

    def add(self, response: ModelResponse, results: list[ToolReturnPart]) -> None:
        """A turn of the model's and what came of its calls."""
        self._count += 1
        self._turns.append(Turn(response, results))

    def remember(self, kind: Kind, text: str) -> None:
        """Keep something beyond the turns that it came from."""
        self._memory.add(Memo(Tier.TASK, kind, text, self._count))

    def messages(self) -> list[ModelMessage]:
        """The conversation as a request."""
        kept = self._memory.render(self._count) if self._memory_is_needed() else ""
        opening = [*self._opening, *([f"## What you did before (shortened)\n{kept}"] if kept else [])]
        opening += [self._last_results] if self._last_results else []
        first = ModelRequest(parts=[UserPromptPart(content="\n\n".join(opening))], instructions=self._system or None)
        messages: list[ModelMessage] = [first]
        for turn in self._turns:
            words = [UserPromptPart(content="\n\n".join(turn.words))] if turn.words else []
            messages.append(turn.response)
            messages.append(ModelRequest(parts=[*turn.results, *words], instructions=self._system or None))
        return messages

    def _memory_is_needed(self) -> bool:
        return self._count > len(self._turns)

    def size_bytes(self) -> int:
        """About what the turns take."""
        return sum(turn.size_bytes() for turn in self._turns)

    def fit(self, context_tokens: int, taken_bytes: int) -> bool:
        """Shorten when the turns have grown beyond the working set or the model's context; whether it did.

        `taken_bytes` is what opening, tools and the answer need of the context.
        """
        room = max(context_tokens * BYTES_PER_TOKEN - taken_bytes, 8_000)
        limit = min(WORKING_SET_BYTES, room * 3 // 4)
        return self.size_bytes() > limit and self.shorten(int(limit * KEPT_SHARE))

    def shorten(self, target_bytes: int) -> bool:
        """Turn the oldest turns into memos until the rest takes at most `target_bytes`; False when there are none."""
        size = self.size_bytes()
        keep = 1 if size > target_bytes else 0
        was = len(self._turns)
        while len(self._turns) > keep and size > target_bytes:
            turn = self._turns.pop(0)
            size -= turn.size_bytes()
            self._digest(turn)
        if self._turns and size > target_bytes:
            return self._cut_last(target_bytes) or len(self._turns) < was
        return len(self._turns) < was

    def _cut_last(self, target_bytes: int) -> bool:
        """The newest turn alone is too large: its results are cut, and paged."""
        is_cut = False
        for result in self._turns[-1].results:
            text = str(result.content)
            share = max(target_bytes // max(len(self._turns[-1].results), 1), PAGED_CHARACTERS)
            if len(text) > share:
                page = self._pages.keep(text)
                result.content = f"{text[:share]}\n[… {len(text) - share} characters cut{_named(page)} …]"
                is_cut = True
        return is_cut

    def _digest(self, turn: Turn) -> None:
        """What is worth keeping of a turn."""
        by_id = {result.tool_call_id: result for result in turn.results}
        for part in turn.response.parts:
            if isinstance(part, TextPart) and part.content.strip():
                self.remember(Kind.FACT, f"you said: {_short(part.content)}")
            elif isinstance(part, ToolCallPart):
                self._digest_call(part, by_id.get(part.tool_call_id))
        for words in turn.words:
            self.remember(Kind.DECISION, f"you were told: {words}")

    def _digest_call(self, call: ToolCallPart, result: ToolReturnPart | None) -> None:
        what = f"{call.tool_name} {_short(_arguments(call))}"
        if result is None:
            return
        text = str(result.content)
        if result.outcome != "success":
            self.remember(Kind.FAILED, f"{what}: {_short(text)}")
            return
        page = self._pages.keep(text) if len(text) > PAGED_CHARACTERS else ""
        memo = Memo(Tier.TASK, Kind.ACTION, f"{what}: {len(text)} characters" if page else f"{what}: {_short(text)}")
        memo.turn, memo.page = self._count, page
        self._memory.add(memo)

    def drop_thinking(self) -> bool:
        """Take the model's thinking out, which providers bind to signatures and places; whether there was any."""
        found = False
        for turn in self._turns:
            kept = [part for part in turn.response.parts if not isinstance(part, ThinkingPart)]
            if len(kept) < len(turn.response.parts):
                found = True
                turn.response.parts = kept or [TextPart(content="(thought)")]
        return found

    def flatten(self) -> bool:
        """Leave no call and no result: the conversation becomes its opening and memos. Any provider takes that."""
        if not self._turns:
            return False
        for turn in self._turns:
            self._digest(turn)
        last, self._turns = self._turns[-1], []
        if last.results:
            shown = "\n".join(f"{result.tool_name}: {str(result.content)[:4_000]}" for result in last.results)
            self._last_results = f"## The last results\n{shown}"
        return True


def _arguments(call: ToolCallPart) -> str:
    return call.args if isinstance(call.args, str) else json.dumps(call.args, ensure_ascii=False, default=str)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN_CHARACTERS else f"{words[:_SHOWN_CHARACTERS]} …"


def _named(page: str) -> str:
    return f", see page {page}" if page else ""
