"""What is asked of a provider and what it answers, whatever the protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Dialect = Literal["openai", "anthropic"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model makes. Arguments that are a string go out as they are, well formed or not."""

    name: str
    arguments: Mapping[str, object] | str


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    `calls` are ids of tool calls that it makes, `called` the names of their tools; `results` are ids of calls that it
    answers.
    """

    role: Literal["user", "assistant"]
    text: str
    calls: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    has_thinking: bool = False
    called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request for an answer. `number` counts the requests of this server from 1; `key` is the credential sent."""

    number: int
    dialect: Dialect
    model: str
    system: str
    messages: tuple[Message, ...]
    tools: tuple[str, ...]
    is_streaming: bool
    max_tokens: int | None
    key: str
    body: Json = field(repr=False)

    @property
    def turn(self) -> int:
        """Which answer of the conversation is asked for, from 1."""
        return 1 + sum(message.role == "assistant" for message in self.messages)

    @property
    def prompt(self) -> str:
        """System prompt and first message: what the conversation is about."""
        return f"{self.system}\n{self.messages[0].text if self.messages else ''}"

    @property
    def last(self) -> str:
        """The newest message's text."""
        return self.messages[-1].text if self.messages else ""

    @property
    def size_tokens(self) -> int:
        """Tokens of the whole request, the descriptions of tools included, at four characters each."""
        words = len(self.system) + sum(len(message.text) for message in self.messages)
        return (words + len(json.dumps(self.body.get("tools") or "")) + 1) // 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says, and how it comes over the wire.

    `stop` "" follows from the rest ("tool_calls" or "stop"); "refusal" and "length" can be said. Streams come in chunks
    of `chunk_characters`, each after `chunk_delay_s`, the first after `first_delay_s`. After `cut_after` chunks the
    connection is dropped; after `stall_after` nothing more comes, and the connection stays open.
    """

    text: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    stop: Literal["", "stop", "tool_calls", "length", "refusal"] = ""
    output_tokens: int | None = None
    chunk_characters: int = 40
    chunk_delay_s: float = 0.0
    first_delay_s: float = 0.0
    cut_after: int | None = None
    stall_after: int | None = None

    @property
    def reason(self) -> str:
        """Why the model stopped."""
        return self.stop or ("tool_calls" if self.calls else "stop")

    @property
    def tokens(self) -> int:
        """Tokens of the answer, as it is billed."""
        if self.output_tokens is not None:
            return self.output_tokens
        size = len(self.text) + len(self.thinking) + sum(len(str(call.arguments)) for call in self.calls)
        return (size + 3) // 4


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal of the request. `body` "" becomes the dialect's own JSON; others go out as they are."""

    status: int
    type: str
    message: str
    code: str = ""
    retry_after_s: float | None = None
    body: str = ""


class Policy(Protocol):
    """Decides what a call gets. Called from many threads; must be safe for that."""

    def __call__(self, call: Call) -> Answer | Failure:
        """The answer."""
        ...
