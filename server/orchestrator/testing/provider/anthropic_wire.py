"""Anthropic's messages: reading a request, writing an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import cast

from orchestrator.testing.provider.chunks import pieces
from orchestrator.testing.provider.exchange import Answer, Call, Failure, Json, Message

_STOP = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "refusal": "refusal"}


def read_call(number: int, body: Json, key: str) -> Call:
    """A request as a call. Raises KeyError, TypeError or ValueError for one that makes no sense."""
    messages = tuple(_message(row) for row in cast("list[Json]", body["messages"]))
    tools = tuple(str(tool["name"]) for tool in cast("list[Json]", body.get("tools") or []))
    limit = int(body["max_tokens"])
    system = "\n".join(str(block.get("text", "")) for block in _blocks(body.get("system") or ""))
    is_streaming = bool(body.get("stream"))
    return Call(number, "anthropic", str(body["model"]), system, messages, tools, is_streaming, limit, key, body)


def _blocks(content: object) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else cast("list[Json]", content)


def _message(row: Json) -> Message:
    if row["role"] not in {"user", "assistant"}:
        raise ValueError(f"unknown role {row['role']!r}")
    texts: list[str] = []
    calls: list[str] = []
    called: list[str] = []
    results: list[str] = []
    is_thinking = False
    for block in _blocks(row["content"]):
        match block["type"]:
            case "text":
                texts.append(str(block["text"]))
            case "tool_use":
                calls.append(str(block["id"]))
                called.append(str(block["name"]))
                texts.append(f"{block['name']} {json.dumps(block['input'])}")
            case "tool_result":
                results.append(str(block["tool_use_id"]))
                texts.extend(str(part.get("text", "")) for part in _blocks(block.get("content") or ""))
            case "thinking" | "redacted_thinking":
                is_thinking = True
            case kind:
                raise ValueError(f"unknown block {kind!r}")
    return Message(row["role"], "\n".join(texts), tuple(calls), tuple(results), is_thinking, tuple(called))


def failure_body(failure: Failure) -> str:
    """An error as JSON."""
    return json.dumps({"type": "error", "error": {"type": failure.type, "message": failure.message}})


def whole(call: Call, answer: Answer) -> str:
    """The answer in one piece."""
    content = [{**block, **final} for block, final, _ in _content(call, answer)]
    return json.dumps(
        {**_head(call), "content": content, "stop_reason": _STOP[answer.reason], "usage": _usage(call, answer)}
    )


def stream(call: Call, answer: Answer) -> Iterator[str]:
    """The answer as server-sent events."""
    start: Json = {
        **_head(call),
        "content": [],
        "stop_reason": None,
        "usage": {**_usage(call, answer), "output_tokens": 1},
    }
    yield _event("message_start", {"message": start})
    for index, (block, _final, deltas) in enumerate(_content(call, answer)):
        yield _event("content_block_start", {"index": index, "content_block": block})
        for delta in deltas:
            yield _event("content_block_delta", {"index": index, "delta": delta})
        yield _event("content_block_stop", {"index": index})
    delta = {"stop_reason": _STOP[answer.reason], "stop_sequence": None}
    yield _event("message_delta", {"delta": delta, "usage": {"output_tokens": answer.tokens}})
    yield _event("message_stop", {})


def _content(call: Call, answer: Answer) -> Iterator[tuple[Json, Json, list[Json]]]:
    """Each block as it opens, what it holds in the end, and the deltas between."""
    size = answer.chunk_characters
    if answer.thinking:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces(answer.thinking, size)]
        signed = {"type": "signature_delta", "signature": "c2lnbmVk"}
        final = {"thinking": answer.thinking, "signature": "c2lnbmVk"}
        yield {"type": "thinking", "thinking": "", "signature": ""}, final, [*deltas, signed]
    if answer.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(answer.text, size)]
        yield {"type": "text", "text": ""}, {"text": answer.text}, deltas
    for index, made in enumerate(answer.calls):
        raw = made.arguments if isinstance(made.arguments, str) else json.dumps(dict(made.arguments))
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces(raw, size)]
        block: Json = {"type": "tool_use", "id": f"toolu_{call.number}_{index}", "name": made.name, "input": {}}
        yield block, {"input": made.arguments}, deltas


def _head(call: Call) -> Json:
    head = {"id": f"msg_{call.number}", "type": "message", "role": "assistant", "model": call.model}
    return {**head, "stop_sequence": None}


def _usage(call: Call, answer: Answer) -> Json:
    return {"input_tokens": call.size_tokens, "output_tokens": answer.tokens}


def _event(kind: str, data: Json) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n"
