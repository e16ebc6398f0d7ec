"""search/ast."""

from __future__ import annotations

from orchestrator import native
from orchestrator.rpc.searching import files, searched, skipped
from orchestrator.rpc.service import Service
from orchestrator_protocol.search import SearchAstParams, SearchMatch, SearchResult

_MAX_FILES = 1_000_000


async def search_ast(service: Service, params: SearchAstParams) -> SearchResult:
    """Find code of the workspace by its structure."""

    def search(cancel: native.CancelToken) -> native.MatchReport:
        paths = files(service.root).glob(params.globs, max_files=_MAX_FILES)[0] if params.globs else None
        return native.ast_match(
            service.root, params.pattern, params.language, paths, max_matches=params.limit, cancel=cancel
        )

    report = await searched(search)
    return SearchResult(
        matches=[SearchMatch(path=one.path, line=one.start_line, text=one.text) for one in report.matches],
        is_cut=report.is_truncated,
        skipped=skipped(report.skipped),
    )
