"""Many writers on one plan: no acknowledged write is lost, and every conflict names the current version.

`python tests/crash/attack.py` makes 10,000 writes each way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import attack
import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.mark.parametrize("way", [attack.attack_in_process, attack.attack_over_socket])
async def test_no_acknowledged_write_is_lost(
    tmp_path: Path, way: Callable[[Path, int], Awaitable[attack.Tally]]
) -> None:
    tally = await way(tmp_path, 750)
    assert len(tally.acknowledged) >= 750
    assert tally.conflicts, "nobody was in anybody's way: no attack"
    assert tally.is_clean, tally.table()
