"""A server for a single client is told apart from none at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.config.places import places
from orchestrator.journal.lock import JournalLock
from orchestrator.reading import lone_owner


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds a lock")
def test_the_process_that_holds_the_journal_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_STATE_DIR", str(tmp_path / "state"))
    where = places(tmp_path)
    assert lone_owner(where) == 0, "there is no journal"
    where.state.mkdir(parents=True)
    lock = JournalLock(where.journal.with_suffix(".lock"))
    lock.acquire()
    assert lone_owner(where) == os.getpid()
    lock.release()
    assert lone_owner(where) == 0
