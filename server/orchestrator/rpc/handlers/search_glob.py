"""search/glob."""

from __future__ import annotations

from orchestrator.rpc.searching import files, searched
from orchestrator.rpc.service import Service
from orchestrator_protocol.search import SearchGlobParams, SearchGlobResult


async def search_glob(service: Service, params: SearchGlobParams) -> SearchGlobResult:
    """Find files of the workspace."""
    paths, is_cut = await searched(lambda _: files(service.root).glob(params.globs, max_files=params.limit))
    return SearchGlobResult(paths=paths, is_cut=is_cut)
