"""What is kept of an output."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest

from orchestrator.sandbox.output import OutputKeeper


@pytest.mark.parametrize("cap_bytes", [0, 1, 2, 7, 1000])
@pytest.mark.parametrize("piece_bytes", [1, 3, 50, 5000])
def test_head_and_tail_are_exact(cap_bytes: int, piece_bytes: int) -> None:
    whole = random.Random(cap_bytes * piece_bytes).randbytes(4096)  # noqa: S311 - not a secret
    keeper = OutputKeeper(cap_bytes=cap_bytes)
    for start in range(0, len(whole), piece_bytes):
        keeper.feed(whole[start : start + piece_bytes])
    kept = keeper.kept()
    head, tail = cap_bytes // 2, cap_bytes - cap_bytes // 2
    assert keeper.is_cut
    assert kept.startswith(whole[:head])
    assert kept.endswith(whole[len(whole) - tail :])
    assert f"{4096 - cap_bytes} bytes cut" in kept.decode(errors="replace")
    assert keeper.digest == hashlib.sha256(whole).hexdigest()


def test_what_fits_exactly_is_not_cut() -> None:
    keeper = OutputKeeper(cap_bytes=10)
    keeper.feed(b"01234")
    keeper.feed(b"56789")
    assert not keeper.is_cut
    assert keeper.kept() == b"0123456789"


def test_a_full_disk_is_said_and_does_not_stop_the_command() -> None:
    with OutputKeeper(cap_bytes=10, spill_path="/dev/full", spill_cap_bytes=1000) as keeper:
        keeper.feed(b"x" * 100)
    assert b"could not be written: No space left" in keeper.kept()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "log").symlink_to(tmp_path / "victim")
    with pytest.raises(Exception, match="cannot be written"):
        OutputKeeper(cap_bytes=10, spill_path=str(tmp_path / "log"), spill_cap_bytes=1000)
    assert (tmp_path / "victim").read_text() == "kept"
