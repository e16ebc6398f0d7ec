"""search/grep."""

from __future__ import annotations

from orchestrator.rpc.searching import files, searched, skipped
from orchestrator.rpc.service import Service
from orchestrator_protocol.search import SearchGrepParams, SearchMatch, SearchResult


async def search_grep(service: Service, params: SearchGrepParams) -> SearchResult:
    """Find lines in the workspace."""
    report = await searched(
        lambda cancel: files(service.root).grep(
            params.patterns,
            is_regex=not params.is_literal,
            is_case_sensitive=params.is_case_sensitive,
            globs=params.globs,
            max_matches=params.limit,
            cancel=cancel,
        )
    )
    return SearchResult(
        matches=[SearchMatch(path=one.path, line=one.line, text=one.text) for one in report.matches],
        is_cut=report.is_truncated,
        skipped=skipped(report.skipped),
    )
