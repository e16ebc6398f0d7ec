"""OpenAI's chat completions: reading a request, writing an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from orchestrator.testing.provider.chunks import pieces
from orchestrator.testing.provider.exchange import Answer, Call, Failure, Json, Message, ToolCall

_FINISH = {"stop": "stop", "tool_calls": "tool_calls", "length": "length", "refusal": "content_filter"}


def read_call(number: int, body: Json, key: str) -> Call:
    """A request as a call. Raises KeyError, TypeError or ValueError for one that makes no sense."""
    system: list[str] = []
    messages: list[Message] = []
    for row in cast("list[Json]", body["messages"]):
        text = _text(row.get("content"))
        match row["role"]:
            case "system" | "developer":
                system.append(text)
            case "tool":
                _add_result(messages, text, str(row["tool_call_id"]))
            case "assistant":
                calls = cast("list[Json]", row.get("tool_calls") or [])
                words = " ".join([text, *(str(call["function"]) for call in calls)])
                ids = tuple(str(call["id"]) for call in calls)
                is_thinking = bool(row.get("reasoning_content") or row.get("reasoning"))
                names = tuple(str(call["function"]["name"]) for call in calls)
                messages.append(Message("assistant", words, ids, has_thinking=is_thinking, called=names))
            case "user":
                messages.append(_joined(messages, text))
            case role:
                raise ValueError(f"unknown role {role!r}")
    tools = tuple(str(tool["function"]["name"]) for tool in cast("list[Json]", body.get("tools") or []))
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    is_streaming = bool(body.get("stream"))
    system_text = "\n".join(system)
    return Call(
        number, "openai", str(body["model"]), system_text, tuple(messages), tools, is_streaming, limit, key, body
    )


def _joined(messages: list[Message], text: str) -> Message:
    """A user's words right after tool results belong to the same turn."""
    if messages and messages[-1].role == "user":
        last = messages.pop()
        return Message("user", f"{last.text}\n{text}", results=last.results)
    return Message("user", text)


def _add_result(messages: list[Message], text: str, call_id: str) -> None:
    if messages and messages[-1].role == "user" and messages[-1].results:
        last = messages.pop()
        messages.append(Message("user", f"{last.text}\n{text}", results=(*last.results, call_id)))
    else:
        messages.append(Message("user", text, results=(call_id,)))


def _text(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in cast("list[Json]", content))
    return str(content or "")


def failure_body(failure: Failure) -> str:
    """An error as JSON."""
    error = {"message": failure.message, "type": failure.type, "param": None, "code": failure.code or None}
    return json.dumps({"error": error})


def whole(call: Call, answer: Answer) -> str:
    """The answer in one piece."""
    message: Json = {"role": "assistant", "content": answer.text or None}
    if answer.thinking:
        message["reasoning_content"] = answer.thinking
    if answer.calls:
        message["tool_calls"] = [_call(call, index, made) for index, made in enumerate(answer.calls)]
    choice = {"index": 0, "message": message, "finish_reason": _FINISH[answer.reason], "logprobs": None}
    head = {"id": f"chatcmpl-{call.number}", "object": "chat.completion", "created": 1, "model": call.model}
    return json.dumps({**head, "choices": [choice], "usage": _usage(call, answer)})


def stream(call: Call, answer: Answer) -> Iterator[str]:
    """The answer as server-sent events."""
    yield _event(call, {"role": "assistant", "content": ""})
    for piece in pieces(answer.thinking, answer.chunk_characters):
        yield _event(call, {"reasoning_content": piece})
    for piece in pieces(answer.text, answer.chunk_characters):
        yield _event(call, {"content": piece})
    for index, made in enumerate(answer.calls):
        first = _call(call, index, made)
        arguments = first["function"]["arguments"]
        first["function"] = {"name": made.name, "arguments": ""}
        yield _event(call, {"tool_calls": [{"index": index, **first}]})
        for piece in pieces(arguments, answer.chunk_characters):
            yield _event(call, {"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield _event(call, {}, finish=_FINISH[answer.reason])
    if cast("Json", call.body.get("stream_options") or {}).get("include_usage"):
        yield _event(call, None, usage=_usage(call, answer))
    yield "data: [DONE]\n\n"


def _event(call: Call, delta: Json | None, *, finish: str | None = None, usage: Json | None = None) -> str:
    choices: list[Json] = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head: dict[str, Any] = {"id": f"chatcmpl-{call.number}", "object": "chat.completion.chunk", "created": 1}
    return f"data: {json.dumps({**head, 'model': call.model, 'choices': choices, 'usage': usage})}\n\n"


def _call(call: Call, index: int, made: ToolCall) -> Json:
    arguments = made.arguments if isinstance(made.arguments, str) else json.dumps(dict(made.arguments))
    function = {"name": made.name, "arguments": arguments}
    return {"id": f"call_{call.number}_{index}", "type": "function", "function": function}


def _usage(call: Call, answer: Answer) -> Json:
    read, written = call.size_tokens, answer.tokens
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
