"""What the search methods share: the workspace's files, and the native core's refusals as errors of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, TypeVar

import anyio
from anyio import to_thread

from orchestrator import native
from orchestrator.errors import OrchestratorError

T = TypeVar("T")
MAX_SKIPPED_TOLD: Final = 100
"""Of files that were not searched the client is told so many."""


@lru_cache(maxsize=2)
def files(root: str) -> native.FileList:
    """The workspace's files, listed anew only when something changed in it."""
    return native.FileList(root)


async def searched(search: Callable[[native.CancelToken], T]) -> T:
    """Search in a thread; the token ends it when the request is cancelled.

    Raises OrchestratorError `bad_pattern`, `unknown_language`, `workspace_unreadable`.
    """
    try:
        return await cancellable(search)
    except native.CoreError as error:
        reason = str(error)  # the core tells its refusals apart by their words alone
        if reason.startswith("unknown language"):
            raise OrchestratorError("unknown_language", reason, "rule/list names languages") from error
        if reason.startswith("wrong "):
            raise OrchestratorError("bad_pattern", reason, "correct it") from error
        raise OrchestratorError("workspace_unreadable", reason, "correct permissions") from error


async def cancellable(work: Callable[[native.CancelToken], T]) -> T:
    """Work in a thread that looks at the token; nobody waits for it after a cancellation."""
    token = native.CancelToken()
    try:
        return await to_thread.run_sync(work, token, abandon_on_cancel=True)
    except anyio.get_cancelled_exc_class():
        token.cancel()
        raise


def skipped(found: Iterable[native.Skipped]) -> list[str]:
    """Files that were not searched, each with its reason."""
    return [f"{one.path}: {one.reason}" for one in list(found)[:MAX_SKIPPED_TOLD]]
