"""Walk, glob and grep."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

import orchestrator_core as core


def make(root: Path, *names: str) -> None:
    """Files whose content is their name."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n")


def walked(root: Path, **options: object) -> list[str]:
    """The paths of a walk."""
    return [file.path for file in core.walk(str(root), **options).files]  # pyright: ignore[reportArgumentType] - by name


def test_walk_obeys_ignore_files_at_and_below_the_root_only(tmp_path: Path) -> None:
    root = tmp_path / "build" / ".hidden"
    make(root, ".env", ".git/config", "a.py", "x.log", "sub/y", "sub/keep.log", "secret")
    (tmp_path / ".gitignore").write_text("*.py\n")
    (root / ".gitignore").write_text("*.log\nbuild\n.hidden\n!keep.log\n")
    (root / "sub" / ".ignore").write_text("y\n")
    (root / ".git" / "info").mkdir()
    (root / ".git" / "info" / "exclude").write_text("secret\n")
    assert walked(root) == [".env", ".gitignore", "a.py", "sub/.ignore", "sub/keep.log"]
    everything = walked(root, is_ignore_aware=False, exclude=["sub", "a.py"])
    assert everything == [".env", ".gitignore", "secret", "x.log"]


def test_walk_says_what_lstat_says(tmp_path: Path) -> None:
    make(tmp_path, "a.sh")
    (tmp_path / "a.sh").chmod(0o755)
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "dangling").symlink_to("nowhere")
    script, dangling, loop = core.walk(str(tmp_path)).files
    known = os.lstat(tmp_path / "a.sh")
    assert (script.size_bytes, script.mtime_ns, script.inode, script.mode) == (
        known.st_size,
        known.st_mtime_ns,
        known.st_ino,
        known.st_mode,
    )
    assert [(file.path, file.is_symlink) for file in (dangling, loop)] == [("dangling", True), ("loop", True)]
    assert stat.S_ISLNK(loop.mode)


def test_walk_is_capped(tmp_path: Path) -> None:
    make(tmp_path, "a", "b", "c/d")
    report = core.walk(str(tmp_path), max_files=2)
    assert ([file.path for file in report.files], report.is_truncated) == (["a", "b"], True)
    assert not core.walk(str(tmp_path), max_files=3).is_truncated


def test_special_files_and_odd_names_are_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff"))).write_text("x")
    report = core.walk(str(tmp_path))
    assert report.files == []
    assert [skip.reason for skip in report.skipped] == ["file name is not utf-8", "not a regular file"]
    assert core.grep(str(tmp_path), ["x"]).searched_count == 0


def test_glob(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "src/b.py", "src/deep/c.py", "src/d.ts")

    def paths(*patterns: str) -> list[str]:
        return [file.path for file in core.glob(str(tmp_path), patterns).files]

    assert paths("*.py") == ["a.py", "src/b.py", "src/deep/c.py"]
    assert paths("src/*.py") == ["src/b.py"]
    assert paths("src", "!*.ts") == ["src/b.py", "src/deep/c.py"]
    assert paths("**/*.{ts,js}") == ["src/d.ts"]
    assert core.glob(str(tmp_path), ["*"], max_files=1).is_truncated


def test_grep_finds_all_patterns_in_one_pass(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("ä = TODO # fixme\r\nnothing\nfixme fixme\n")
    (tmp_path / "b.md").write_text("TODO\n")
    report = core.grep(str(tmp_path), ["TODO", "fix(me)?"])
    assert [(m.path, m.line, m.column, m.pattern_index, m.text) for m in report.matches] == [
        ("a.py", 0, 4, 0, "ä = TODO # fixme"),
        ("a.py", 0, 11, 1, "ä = TODO # fixme"),
        ("a.py", 2, 0, 1, "fixme fixme"),
        ("b.md", 0, 0, 0, "TODO"),
    ]
    assert (report.searched_count, report.is_truncated) == (2, False)
    assert core.grep(str(tmp_path), ["todo"]).matches == []
    only = core.grep(str(tmp_path), ["todo"], is_case_sensitive=False, globs=["*.md"])
    assert [m.path for m in only.matches] == ["b.md"]
    assert core.grep(str(tmp_path), ["fix(me)?"], is_regex=False).matches == []
    assert core.grep(str(tmp_path), ["."], max_matches=1).is_truncated


def test_grep_is_honest_about_what_it_did_not_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"hit\0")
    (tmp_path / "latin").write_bytes(b"hit \xe4\n")
    (tmp_path / "long").write_text("hit" + "x" * 5000)
    report = core.grep(str(tmp_path), ["hit"])
    assert [(skip.path, skip.reason) for skip in report.skipped] == [("binary", "binary")]
    assert [m.text for m in report.matches] == ["hit \ufffd", "hit" + "x" * 497]


@pytest.mark.parametrize(
    "bad", [{"patterns": ["("]}, {"patterns": []}, {"patterns": ["a\nb"]}, {"patterns": ["a"], "globs": ["["]}]
)
def test_wrong_patterns_are_errors(tmp_path: Path, bad: dict[str, list[str]]) -> None:
    with pytest.raises(core.CoreError):
        core.grep(str(tmp_path), **bad)  # pyright: ignore[reportArgumentType] - by name


def test_the_root_must_be_a_folder(tmp_path: Path) -> None:
    make(tmp_path, "file")
    for root in ["missing", "file"]:
        for search in [core.walk, lambda path: core.grep(path, ["x"]), lambda path: core.glob(path, ["*"])]:
            with pytest.raises(core.CoreError, match=root):
                search(str(tmp_path / root))
