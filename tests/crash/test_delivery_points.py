"""A server that dies at any change that the workspace's code makes: the user's files are whole, and nothing is lost.

The suite tries a part of all points, drawn with a seed that a failure prints; `ORCHESTRATOR_CRASH_SEED` sets another
one. `python tests/crash/delivery_points.py` tries all of them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from delivery import Deliver
from delivery_points import try_story
from platter import Platter

SEED = int(os.environ.get("ORCHESTRATOR_CRASH_SEED", "20"))


@pytest.mark.slow
@pytest.mark.parametrize("shard", range(2))
def test_what_a_crash_leaves_is_mended(shard: int) -> None:
    script = Path(__file__).with_name("delivery_points.py")
    argv = [sys.executable, str(script), "--worlds", "1", "--share", "0.06", "--seed", str(SEED + shard)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^points +(\d+)$", done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert int(found[1]) > 100, f"too few points to mean something\n{done.stdout}"


class _Lying(Platter):
    """Says that it has synced, and has not, but for what was there at the beginning."""

    def sync_all(self) -> None:
        if not self.folders:
            super().sync_all()

    def sync(self, handle: int) -> None:
        """Nothing."""


@pytest.mark.slow
def test_a_disk_that_does_not_sync_would_be_noticed() -> None:
    tally = try_story(Deliver, SEED, 0.25, _Lying)
    assert tally.problems, "these tests could not fail"
