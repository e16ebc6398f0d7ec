"""mission/diff."""

from __future__ import annotations

from orchestrator.rpc.service import Service
from orchestrator_protocol.mission import MissionDiffParams, MissionDiffResult

MAX_DIFF_CHARS = 8_000_000
"""A longer diff is cut at a line."""


async def mission_diff(service: Service, params: MissionDiffParams) -> MissionDiffResult:
    """The work as a unified diff."""
    diff = await service.diff(params.mission_id, params.task_id)
    if len(diff) <= MAX_DIFF_CHARS:
        return MissionDiffResult(diff=diff, is_cut=False)
    end = diff.rfind("\n", 0, MAX_DIFF_CHARS) + 1
    return MissionDiffResult(diff=diff[: end or MAX_DIFF_CHARS], is_cut=True)
