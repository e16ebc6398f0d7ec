"""A list of files that is kept: it must see every change."""

from __future__ import annotations

import shutil
from pathlib import Path
from threading import Thread

import pytest

import orchestrator_core as core


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a.py", "src/b.py", "src/deep/c.py", "src/d.ts"):
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(f"{name}\n")
    return tmp_path / "tree"


def paths(files: core.FileList, *patterns: str) -> list[str]:
    return files.glob(patterns or ["*"])[0]


def test_it_lists_what_glob_lists(root: Path) -> None:
    files = core.FileList(str(root))
    for patterns in (["*.py"], ["src"], ["src/*.py"], ["**/*.ts"], ["src/**", "!deep"], ["*", "!*.py"]):
        expected = [file.path for file in core.glob(str(root), patterns).files]
        assert files.glob(patterns)[0] == expected
        assert files.glob(patterns)[0] == expected
    assert files.glob(["*"], max_files=2) == (["a.py", "src/b.py"], True)


def test_it_sees_every_kind_of_change(root: Path) -> None:
    files = core.FileList(str(root))
    assert paths(files) == ["a.py", "src/b.py", "src/d.ts", "src/deep/c.py"]
    (root / "src/deep/new.py").write_text("x")
    assert "src/deep/new.py" in paths(files)
    (root / "src/deep/new.py").rename(root / "moved.py")
    assert paths(files, "moved.py", "new.py") == ["moved.py"]
    (root / "moved.py").unlink()
    assert "moved.py" not in paths(files)
    (root / "x/y").mkdir(parents=True)
    assert paths(files, "x") == []
    (root / "x/y/z.py").write_text("x")
    assert paths(files, "x") == ["x/y/z.py"]
    (root / "x").rename(root / "w")
    assert paths(files, "x", "w") == ["w/y/z.py"]
    shutil.rmtree(root / "w")
    assert paths(files, "w") == []


def test_it_sees_changed_ignore_files(root: Path) -> None:
    files = core.FileList(str(root))
    assert paths(files, "*.ts") == ["src/d.ts"]
    (root / ".gitignore").write_text("*.ts\n")
    assert paths(files, "*.ts") == []
    with (root / ".gitignore").open("w") as file:
        file.write("*.py\n")
    assert paths(files, "*.ts", "*.py") == ["src/d.ts"]
    (root / ".gitignore").unlink()
    (root / ".git/info").mkdir(parents=True)
    assert paths(files, "*.ts") == ["src/d.ts"]
    (root / ".git/info/exclude").write_text("*.ts\n")
    assert paths(files, "*.ts") == []
    (root / ".git/info/exclude").write_text("\n")
    assert paths(files, "*.ts") == ["src/d.ts"]


def test_another_folder_in_its_place_is_another_list(root: Path) -> None:
    files = core.FileList(str(root))
    assert "a.py" in paths(files)
    root.rename(root.with_name("old"))
    root.mkdir()
    assert paths(files) == []
    root.rmdir()
    with pytest.raises(core.CoreError, match="tree"):
        paths(files)


def test_it_greps(root: Path) -> None:
    files = core.FileList(str(root))
    assert [match.path for match in files.grep(["py"]).matches] == ["a.py", "src/b.py", "src/deep/c.py"]
    (root / "src/deep/new.py").write_text("py")
    found = files.grep(["py"], globs=["src"], max_matches=2)
    assert ([match.path for match in found.matches], found.is_truncated) == (["src/b.py", "src/deep/c.py"], True)


def test_threads_share_it(root: Path) -> None:
    files = core.FileList(str(root))
    problems: list[str] = []

    def ask(number: int) -> None:
        for turn in range(20):
            name = f"src/made-{number}-{turn}.txt"
            (root / name).write_text("x")
            if name not in paths(files, "made-*"):
                problems.append(name)

    threads = [Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
