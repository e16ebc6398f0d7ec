"""A folder of the server holds the newest files, within a number and a size."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.workspace.bounded import keep_newest


def _write(folder: Path, name: str, age: int, size_bytes: int = 10) -> Path:
    path = folder / name
    path.write_bytes(b"x" * size_bytes)
    os.utime(path, ns=(0, 1_000_000_000 - age))
    return path


def test_the_oldest_go(tmp_path: Path) -> None:
    for age in range(5):
        _write(tmp_path, f"{age}.patch", age)
    removed = keep_newest(tmp_path, tmp_path / "0.patch", max_files=3, max_bytes=1_000)
    assert [path.name for path in removed] == ["4.patch", "3.patch"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.patch", "1.patch", "2.patch"]


def test_what_was_just_written_stays(tmp_path: Path) -> None:
    """Also when it is too large alone, and when the clock went back."""
    _write(tmp_path, "other.patch", 0)
    new = _write(tmp_path, "new.patch", 100, size_bytes=500)
    assert [path.name for path in keep_newest(tmp_path, new, max_files=9, max_bytes=100)] == ["other.patch"]
    assert new.exists()


def test_the_size_counts(tmp_path: Path) -> None:
    names = [_write(tmp_path, f"{age}.md", age, size_bytes=40) for age in range(4)]
    assert keep_newest(tmp_path, names[0], max_files=9, max_bytes=100) == [names[3], names[2]]


def test_below_both_bounds_nothing_goes(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    new = _write(tmp_path, "1.md", 0)
    assert keep_newest(tmp_path, new, max_files=1, max_bytes=10) == []
