"""One call of a model: reserved before, streamed under deadlines, settled after."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Final

import anyio
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from orchestrator.domain.budget import Amounts
from orchestrator.domain.words import FailureKind
from orchestrator.errors import OrchestratorError
from orchestrator.hosts.model.chain import ModelChoice
from orchestrator.hosts.model.classify import classified
from orchestrator.hosts.model.door import open_model
from orchestrator.hosts.model.keys import find_key
from orchestrator.hosts.model.prices import price_microusd
from orchestrator.ports.host import HostError, SessionRoom, ToolDescription

BYTES_PER_TOKEN: Final = 2
"""Text is reserved at this rate, which no tokenizer exceeds on source code (three to four is usual)."""
BYTES_PER_OUTPUT_TOKEN: Final = 4
_BROKEN_OFF: Final = frozenset({FailureKind.CUT_OFF, FailureKind.STALLED, FailureKind.TOO_LONG})
MIN_OUTPUT_BYTES: Final = 1_000_000
"""An answer may always be this long; a longer one than its limit of tokens explains is cut off."""


class Caller:
    """Calls the models of a chain for one session, one after the other. Close it in the end."""

    def __init__(self, chain: Sequence[ModelChoice], room: SessionRoom, tools: Sequence[ToolDescription]) -> None:
        """Nothing is opened before the first call."""
        self._chain = tuple(chain)
        self._index = 0
        self._room = room
        self._parameters = ModelRequestParameters(
            function_tools=[
                ToolDefinition(name=tool.name, parameters_json_schema=dict(tool.arguments), description=tool.purpose)
                for tool in tools
            ],
            allow_text_output=True,
        )
        self._tools_bytes = sum(len(json.dumps(tool.arguments)) + len(tool.purpose) for tool in tools)
        self._model: Model | None = None
        self._key = ""
        self._stack = AsyncExitStack()

    @property
    def choice(self) -> ModelChoice:
        """The model that is called now."""
        return self._chain[self._index]

    async def next_model(self) -> bool:
        """Go to the next model of the chain; False at its end."""
        if self._index + 1 >= len(self._chain):
            return False
        await self.close()
        self._index += 1
        return True

    async def close(self) -> None:
        """Drop the connections."""
        self._model = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()

    def size_tokens(self, messages: Sequence[ModelMessage]) -> int:
        """The most tokens that a request with these messages can have."""
        return (_size_bytes(messages) + self._tools_bytes) // BYTES_PER_TOKEN

    async def ask(self, messages: Sequence[ModelMessage]) -> ModelResponse:
        """The model's answer. Raises HostError."""
        choice = self.choice
        model = await self._open()
        limit = choice.provider.max_output_tokens
        worst_input = self.size_tokens(messages)
        cost = price_microusd(choice, worst_input, limit)
        reservation = await self._reserve(Amounts(worst_input + limit, cost, turns=1))
        # A call that breaks off, or is cancelled, was read and is paid for; nobody says any more how much was written.
        used = Amounts(worst_input + limit, cost, turns=1)
        try:
            response = await self._streamed(model, messages)
            if response.usage.has_values():
                used = self._used(response)
        except HostError as error:
            if error.kind not in _BROKEN_OFF:
                used = Amounts(turns=1)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await self._room.settle(reservation, used)
        return response

    async def _open(self) -> Model:
        if self._model is None:
            self._key = find_key(self.choice)
            self._model = await self._stack.enter_async_context(open_model(self.choice, self._key))
        return self._model

    async def _reserve(self, worst: Amounts) -> str:
        try:
            return await self._room.reserve(worst)
        except OrchestratorError as error:
            if error.code != "budget_exhausted":
                raise
            raise HostError(FailureKind.BUDGET_EXHAUSTED, error.message, hint=error.hint) from error

    def _used(self, response: ModelResponse) -> Amounts:
        usage = response.usage
        cost = price_microusd(self.choice, usage.input_tokens, usage.output_tokens)
        return Amounts(usage.input_tokens + usage.output_tokens, cost, turns=1)

    async def _streamed(self, model: Model, messages: Sequence[ModelMessage]) -> ModelResponse:
        provider = self.choice.provider
        settings = ModelSettings(
            max_tokens=provider.max_output_tokens,
            max_retries=0,
            timeout=provider.answer_timeout_s,
            request_timeout=provider.answer_timeout_s,
            first_event_timeout=provider.silence_timeout_s,
        )
        try:
            async with model_request_stream(
                model, list(messages), model_settings=settings, model_request_parameters=self._parameters
            ) as stream:
                await self._drain(stream)
                return stream.get()
        except (HostError, anyio.get_cancelled_exc_class()):
            raise
        except Exception as error:
            raise classified(error, self.choice, self._key) from error

    async def _drain(self, stream: StreamedResponse) -> None:
        """Take the answer piece by piece; silence and excess end it."""
        provider = self.choice.provider
        most = max(MIN_OUTPUT_BYTES, provider.max_output_tokens * BYTES_PER_OUTPUT_TOKEN * 4)
        events = aiter(stream)
        size = 0
        while (event := await self._next(events)) is not None:
            if isinstance(event, PartStartEvent | PartDeltaEvent):
                size += _piece_size(event)
            if size > most:
                what = f"{self.choice.name}: the answer is longer than {most} characters and was cut off"
                raise HostError(FailureKind.TOO_LONG, what, hint="write less at once")

    async def _next(self, events: AsyncIterator[ModelResponseStreamEvent]) -> ModelResponseStreamEvent | None:
        """The next piece, None at the end."""
        patience_s = self.choice.provider.silence_timeout_s
        with anyio.move_on_after(patience_s):
            return await anext(events, None)
        raise HostError(FailureKind.STALLED, f"{self.choice.name}: the answer stopped for {patience_s:g} s")


def _piece_size(event: PartStartEvent | PartDeltaEvent) -> int:
    piece = event.part if isinstance(event, PartStartEvent) else event.delta
    for name in ("content", "args", "content_delta", "args_delta"):
        text = getattr(piece, name, None)
        if isinstance(text, str):
            return len(text)
    return 1


def _size_bytes(messages: Sequence[ModelMessage]) -> int:
    return len(ModelMessagesTypeAdapter.dump_json(list(messages)))
