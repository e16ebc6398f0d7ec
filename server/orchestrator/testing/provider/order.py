"""What real providers demand of the order of messages."""

from __future__ import annotations

from orchestrator.testing.provider.exchange import Call


def order_problem(call: Call) -> str:
    """Why a provider would refuse the conversation; "" when it would not."""
    if not call.messages:
        return "messages: at least one message is required"
    if call.messages[0].role != "user":
        return "messages: first message must use the user role"
    open_calls: set[str] = set()
    for index, message in enumerate(call.messages):
        if open_calls:
            missing = open_calls - set(message.results)
            if message.role != "user" or missing:
                return f"messages.{index}: `tool_use` ids were found without `tool_result` blocks: {sorted(open_calls)}"
        elif message.results:
            return f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: {list(message.results)}"
        open_calls = set(message.calls)
    if open_calls:
        return "messages: the last `tool_use` has no `tool_result`"
    return ""
