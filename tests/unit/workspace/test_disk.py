"""Shadow repository and worktrees stay under one cap, and nothing that is needed goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace.disk import used_bytes
from orchestrator.workspace.worktrees import Worktrees

pytestmark = pytest.mark.anyio
LARGE = 300_000


async def test_no_new_worktree_beyond_the_cap_and_returned_ones_go(places, root, workspace, fill):
    fill(root, {"a.bin": os.urandom(LARGE)})
    base = (await workspace.snapshot()).commit
    pool = Worktrees(places.state / "pool", workspace._shadow, cap_bytes=int(2.5 * LARGE))
    async with pool.checkout(base) as one, pool.checkout(base) as two:
        assert one.path != two.path
        with pytest.raises(WorkspaceError) as raised:
            async with pool.checkout(base):
                pass
        assert raised.value.code == "disk_cap_reached"
        assert "state_size_bytes" in raised.value.hint
    assert len(list((places.state / "pool").iterdir())) == 1
    async with pool.checkout(base) as again, pool.checkout(base):
        assert (Path(again.path) / "a.bin").stat().st_size == LARGE


def test_what_is_counted(tmp_path, fill):
    fill(tmp_path, {"a": b"x" * 10_000, "d/b": b"y" * 10_000})
    (tmp_path / "link").symlink_to("/usr")
    assert 20_000 <= used_bytes(str(tmp_path)) < 60_000
    assert used_bytes(str(tmp_path / "nothing")) == 0
