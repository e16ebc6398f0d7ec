"""Running the tool calls of one answer: reading ones side by side, writing ones in their order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import anyio
from pydantic_ai.messages import ModelResponse, ToolCallPart, ToolReturnPart

from orchestrator.agents.results import HandedIn, ResultError, ResultTool
from orchestrator.agents.roles import HARMLESS_TOOLS
from orchestrator.hosts.model.pages import RECALL, Pages
from orchestrator.ports.host import SessionRoom, ToolError
from orchestrator.redaction import redact

MAX_CALLS = 64
"""Calls of one answer that are run; the others are refused."""
_WRONG_CODES = frozenset({"bad_arguments", "unknown_tool", "tool_not_allowed", "malformed_arguments"})
_READING = HARMLESS_TOOLS | {RECALL.name}


@dataclass(slots=True)
class Acted:
    """What came of an answer's calls. `result` is what the result tool handed in, None while there is none.

    `wrong` are the codes of calls that no tool could run: unknown names, arguments that do not fit.
    """

    returns: list[ToolReturnPart] = field(default_factory=list[ToolReturnPart])
    result: HandedIn | None = None
    wrong: list[str] = field(default_factory=list[str])
    has_written: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Runs calls for one session."""

    room: SessionRoom
    result_tool: ResultTool
    pages: Pages

    async def act(self, response: ModelResponse) -> Acted:
        """Run every call; each gets a result, in the order of the calls. Raises only what is no ToolError."""
        calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
        acted = Acted()
        is_cut = response.finish_reason == "length"
        for is_reading, group in groupby(calls[:MAX_CALLS], key=lambda call: call.tool_name in _READING):
            together = list(group)
            if is_reading:
                acted.returns += await self._side_by_side(together, acted, is_cut=is_cut)
            else:
                acted.returns += [await self._one(call, acted, is_cut=is_cut) for call in together]
        refused = ToolError("too_many_calls", f"at most {MAX_CALLS} calls of one answer are run", "call again")
        acted.returns += [_failed(call, refused) for call in calls[MAX_CALLS:]]
        return acted

    async def _side_by_side(self, calls: Sequence[ToolCallPart], acted: Acted, *, is_cut: bool) -> list[ToolReturnPart]:
        returns: dict[int, ToolReturnPart] = {}

        async def run(index: int, call: ToolCallPart) -> None:
            returns[index] = await self._one(call, acted, is_cut=is_cut)

        async with anyio.create_task_group() as group:
            for index, call in enumerate(calls):
                group.start_soon(run, index, call)
        return [returns[index] for index in range(len(calls))]

    async def _one(self, call: ToolCallPart, acted: Acted, *, is_cut: bool) -> ToolReturnPart:
        try:
            content = await self._run(call, acted, is_cut=is_cut)
        except ToolError as error:
            if error.code in _WRONG_CODES:
                acted.wrong.append(error.code)
            return _failed(call, error)
        return ToolReturnPart(tool_name=call.tool_name, content=content, tool_call_id=call.tool_call_id)

    async def _run(self, call: ToolCallPart, acted: Acted, *, is_cut: bool) -> str:
        arguments = _parsed(call, is_cut=is_cut)
        if call.tool_name == self.result_tool.name:
            try:
                acted.result = self.result_tool.read(arguments)
            except ResultError as error:
                what = f"{call.tool_name}: {'; '.join(error.problems)}"
                raise ToolError("bad_arguments", what, "correct this and call it again") from None
            return "received"
        if call.tool_name == RECALL.name:
            return _told(self.pages.read(arguments))
        result = await self.room.call(call.tool_name, arguments)
        acted.has_written = acted.has_written or call.tool_name not in _READING
        return _told(result)


def _parsed(call: ToolCallPart, *, is_cut: bool) -> dict[str, object]:
    """The arguments. Raises ToolError `malformed_arguments`, in words that a model can act on."""
    if isinstance(call.args, dict):
        return call.args
    try:
        value: object = json.loads(call.args or "{}")
    except (ValueError, RecursionError) as error:
        hint = "the answer reached its longest length: write less in one call" if is_cut else "send one JSON object"
        what = f"the arguments of {call.tool_name} are not valid JSON: {error}"
        raise ToolError("malformed_arguments", what, hint) from None
    if not isinstance(value, dict):
        what = f"the arguments of {call.tool_name} are a {type(value).__name__}"
        raise ToolError("malformed_arguments", what, "send one JSON object")
    return value  # pyright: ignore[reportUnknownVariableType] - JSON


def _told(result: dict[str, object]) -> str:
    """A result as text for a model, without secrets."""
    return redact(json.dumps(result, ensure_ascii=False, default=str)).text


def _failed(call: ToolCallPart, error: ToolError) -> ToolReturnPart:
    words = f"{error.code}: {error.message}" + (f" ({error.hint})" if error.hint else "")
    return ToolReturnPart(
        tool_name=call.tool_name, content=redact(words).text, tool_call_id=call.tool_call_id, outcome="failed"
    )
