"""A search that nobody waits for any more ends inside the core."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from orchestrator import native
from orchestrator.review.linter import GuardianLinter
from orchestrator.rpc.searching import cancellable

pytestmark = pytest.mark.anyio

DEADLINE_S = 60
SEARCHES: dict[str, Callable[[str, native.CancelToken], object]] = {
    "grep": lambda root, token: native.grep(root, ["x"], cancel=token),
    "file list": lambda root, token: native.FileList(root).grep(["x"], cancel=token),
    "ast": lambda root, token: native.ast_match(root, "x($A)", "python", cancel=token),
    "lint": lambda root, token: native.lint_paths(native.RuleSet.builtin(), root, cancel=token),
}


@pytest.mark.parametrize("name", SEARCHES)
async def test_the_core_stops_when_the_request_is_cancelled(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text("x(1)\n")
    is_running, has_ended = threading.Event(), threading.Event()
    reasons: list[str] = []

    def search(token: native.CancelToken) -> None:
        """Goes on for ever; only what the core makes of the token ends it."""
        try:
            while True:
                SEARCHES[name](str(tmp_path), token)
                is_running.set()
        except native.CoreError as error:
            reasons.append(str(error))
        finally:
            has_ended.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancellable, search)
        assert await to_thread.run_sync(is_running.wait, DEADLINE_S)
        tasks.cancel_scope.cancel()
    assert await to_thread.run_sync(has_ended.wait, DEADLINE_S)
    assert reasons == ["cancelled"]


def test_a_look_for_fixes_that_is_cancelled_ends(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("if not x is None:\n    y = 1\n")
    linter = GuardianLinter()
    assert linter.fixes(tmp_path, "py-negated-is", "utf-16", {}).run()
    search = linter.fixes(tmp_path, "py-negated-is", "utf-16", {})
    search.cancel()
    with pytest.raises(native.CoreError, match="cancelled"):
        search.run()
