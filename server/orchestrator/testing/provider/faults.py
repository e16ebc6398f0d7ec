"""Everything that goes wrong with providers and models, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from orchestrator.testing.provider.exchange import Answer, Call, Failure, ToolCall

FOREVER_S = 86_400.0
_HUGE_CHARACTERS = 10_000_000
_WRONG_LANGUAGE = "Конечно! Задача выполнена, все файлы изменены. 任务已完成,所有文件都已修改。"
_REFUSAL = "I'm sorry, but I can't help with that request."


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `after` counts chunks for streams that break; `size` characters for answers that are too large."""

    kind: str
    retry_after_s: float | None = None
    after: int = 2
    delay_s: float = 0.5
    size: int = _HUGE_CHARACTERS


Strike = Callable[[Fault, Call, Answer], Answer | Failure]


def struck(fault: Fault, call: Call, answer: Answer) -> Answer | Failure:
    """What the call gets when this fault strikes; `answer` is what it would have got. Raises KeyError."""
    return FAULTS[fault.kind](fault, call, answer)


def _quota(_fault: Fault, call: Call, _answer: Answer) -> Failure:
    if call.dialect == "openai":
        return Failure(429, "insufficient_quota", "You exceeded your current quota.", "insufficient_quota")
    return Failure(400, "invalid_request_error", "Your credit balance is too low to access the API.")


def _rate_limit(fault: Fault, call: Call, _answer: Answer) -> Failure:
    kind = "rate_limit_error" if call.dialect == "anthropic" else "requests"
    return Failure(429, kind, "Rate limit reached.", "rate_limit_exceeded", fault.retry_after_s)


def _overloaded(_fault: Fault, call: Call, _answer: Answer) -> Failure:
    if call.dialect == "anthropic":
        return Failure(529, "overloaded_error", "Overloaded")
    return Failure(529, "server_error", "The engine is currently overloaded, please try again later.", "overloaded")


def _server_error(_fault: Fault, call: Call, _answer: Answer) -> Failure:
    kind = "api_error" if call.dialect == "anthropic" else "server_error"
    return Failure(500, kind, "Internal server error")


def _thinking_block(_fault: Fault, call: Call, answer: Answer) -> Answer | Failure:
    """Refuse every history that holds an answer of the model's with more than plain text in it."""
    if not any(message.has_thinking or message.calls for message in call.messages):
        return answer
    if call.dialect == "anthropic":
        what = "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`."
        return Failure(400, "invalid_request_error", what)
    what = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
    return Failure(400, "invalid_request_error", what)


def context_length(call: Call, limit_tokens: int) -> Failure:
    """The refusal of a request that is too long, in the words of its dialect."""
    if call.dialect == "anthropic":
        what = f"prompt is too long: {call.size_tokens} tokens > {limit_tokens} maximum"
        return Failure(400, "invalid_request_error", what)
    what = (
        f"This model's maximum context length is {limit_tokens} tokens. Your messages have {call.size_tokens} tokens."
    )
    return Failure(400, "invalid_request_error", what, "context_length_exceeded")


def _context_length(_fault: Fault, call: Call, _answer: Answer) -> Failure:
    return context_length(call, max(call.size_tokens - 1, 1))


def _unauthorized(_fault: Fault, call: Call, _answer: Answer) -> Failure:
    return unauthorized(call)


def unauthorized(call: Call) -> Failure:
    """The refusal of a key."""
    if call.dialect == "anthropic":
        return Failure(401, "authentication_error", "invalid x-api-key")
    return Failure(401, "invalid_request_error", "Incorrect API key provided.", "invalid_api_key")


def no_such_model(call: Call) -> Failure:
    """The refusal of a model's name."""
    if call.dialect == "anthropic":
        return Failure(404, "not_found_error", f"model: {call.model}")
    return Failure(404, "invalid_request_error", f"The model `{call.model}` does not exist.", "model_not_found")


def _calling(name: str, arguments: dict[str, object] | str) -> Answer:
    return Answer(calls=(ToolCall(name, arguments),))


def _known(call: Call) -> str:
    return next((name for name in ("read_file", "grep", *call.tools) if name in call.tools), "read_file")


FAULTS: dict[str, Strike] = {
    "rate_limit": _rate_limit,
    "quota": _quota,
    "server_error": _server_error,
    "bad_gateway": lambda _f, _c, _a: Failure(502, "", "", body="<html><body>502 Bad Gateway</body></html>"),
    "overloaded": _overloaded,
    "cut": lambda fault, _c, answer: replace(answer, cut_after=fault.after),
    "stall_first": lambda _f, _c, answer: replace(answer, first_delay_s=FOREVER_S),
    "stall_mid": lambda fault, _c, answer: replace(answer, stall_after=fault.after),
    "trickle": lambda fault, _c, answer: replace(answer, chunk_characters=4, chunk_delay_s=fault.delay_s),
    "malformed_arguments": lambda _f, call, _a: _calling(_known(call), '{"path": "a.py", "start_line":'),
    "unknown_tool": lambda _f, _c, _a: _calling("str_replace_editor", {"command": "view", "path": "."}),
    "invented_arguments": lambda _f, call, _a: _calling(_known(call), {"filename": "a.py", "mode": "fast"}),
    "tool_loop": lambda _f, call, _a: _calling(_known(call), {"path": "no-such-file.py"}),
    "thinking_block": _thinking_block,
    "context_length": _context_length,
    "empty": lambda _f, _c, _a: Answer(output_tokens=0),
    "refusal": lambda _f, _c, _a: Answer(text=_REFUSAL, stop="refusal"),
    "wrong_language": lambda _f, _c, _a: Answer(text=_WRONG_LANGUAGE),
    "huge": lambda fault, _c, _a: Answer(text="x" * fault.size, chunk_characters=65_536),
    "unauthorized": _unauthorized,
    "no_such_model": lambda _f, call, _a: no_such_model(call),
    "garbage": lambda _f, _c, _a: Failure(200, "", "", body="<html>It works!</html>"),
}
"""Every fault by name; docs/fake-provider.md says what each does."""
