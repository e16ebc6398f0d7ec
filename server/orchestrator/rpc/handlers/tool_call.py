"""tool/call."""

from __future__ import annotations

import json

from orchestrator.ports.host import ToolError
from orchestrator.rpc.peer import Peer
from orchestrator.rpc.service import Service
from orchestrator_protocol.session import ToolCallParams, ToolCallResult


async def tool_call(service: Service, params: ToolCallParams, peer: Peer) -> ToolCallResult:
    """A hosted session calls a tool; what goes wrong in it is for the session to read."""
    try:
        data = await service.hosted.call_tool(peer.id, params.session_id, params.tool, params.arguments)
    except ToolError as error:
        return ToolCallResult(is_error=True, text=str(error), data={"code": error.code})
    return ToolCallResult(is_error=False, text=json.dumps(data, ensure_ascii=False), data=data)
