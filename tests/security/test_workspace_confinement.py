"""No path, symlink or race leads file access out of its folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from orchestrator.config.places import Places
from orchestrator.ports.workspace import WorkspaceError
from orchestrator.workspace import ConfinedRoot, open_workspace
from orchestrator.workspace.atomic import exchange
from orchestrator.workspace.confine import other_spelling


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "root"
    folder.mkdir()
    (folder / "inside").mkdir()
    (folder / "inside/f").write_text("f")
    outside = tmp_path.resolve() / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (folder / "out").symlink_to(outside)
    (folder / "up").symlink_to("..")
    (folder / "file-out").symlink_to(outside / "secret")
    (folder / "alias").symlink_to("inside")
    (folder / "inside/file-link").symlink_to("f")
    (folder / "dangling").symlink_to(tmp_path / "not-yet")
    (folder / "loop").symlink_to("loop")
    return folder


BAD = [
    "", "/", "/etc/passwd", "..", "../outside/secret", "inside/../../outside/secret", "inside//f", "./f", "a\0b",
    ".git/config", "sub/.GIT/hooks/x", ".git", "GIT~1/config", ".git./config", ".git /x", ".gi\u200ct/config",
    ".git::$INDEX_ALLOCATION/x", "out/secret", "up/outside/secret", "file-out", "loop",
]  # fmt: skip


@pytest.mark.parametrize("path", [*BAD[:-1], "a\\b", "C:/x", "dangling", "alias/f", ".opencode/todo.md", "loop/x"])
def test_path_problem_names_it(root, path):
    workspace = open_workspace(Places(root, root.parent / "state"))
    assert workspace.path_problem(path)


@pytest.mark.parametrize(
    "path", ["inside/f", "new/deep/f", "inside/", "inside/file-link", "alias", ".github/x", "git~2", "-x"]
)
def test_path_problem_lets_it_pass(root, path):
    workspace = open_workspace(Places(root, root.parent / "state"))
    assert workspace.path_problem(path) is None


def test_one_file_has_one_spelling(root):
    """Where a disk ignores case (or Unicode forms), only the spelling on the disk passes."""
    names = ["App.py", "caf\u00e9.txt", "README"]
    assert other_spelling(names, "app.py") == "App.py"
    assert other_spelling(names, "cafe\u0301.TXT") == "caf\u00e9.txt"
    assert other_spelling(names, "App.py") is None
    assert other_spelling(names, "new.py") is None
    workspace = open_workspace(Places(root, root.parent / "state"))
    os.link(root / "inside/f", root / "inside/F")  # one file under both names, as such a disk shows it
    assert workspace.path_problem("inside/f") is None
    assert workspace.path_problem("inside/F") is None


@pytest.mark.parametrize("path", BAD)
def test_every_operation_refuses(root, path):
    confined = ConfinedRoot(root)
    before = sorted(p for p in root.parent.rglob("*"))
    for operation in (confined.read, lambda p: confined.write(p, b"x"), lambda p: confined.write(p + "/new", b"x")):
        with pytest.raises(WorkspaceError) as raised:
            operation(path)
        assert raised.value.hint
    assert sorted(p for p in root.parent.rglob("*")) == before
    assert (root.parent / "outside/secret").read_text() == "secret"


def test_errors_are_told_apart(root):
    confined = ConfinedRoot(root)
    os.mkfifo(root / "fifo")
    cases = {
        "out/secret": "outside_workspace",
        "alias/f": "outside_workspace",
        "file-out": "is_symlink",
        "none": "no_such_file",
    }
    cases |= {"inside": "not_a_file", "inside/f/x": "not_a_folder", "../x": "bad_path", "fifo": "not_a_file"}
    for path, code in cases.items():
        with pytest.raises(WorkspaceError) as raised:
            confined.read(path)
        assert raised.value.code == code, path
    with pytest.raises(WorkspaceError) as raised:
        confined.read("inside/f", max_bytes=0)
    assert raised.value.code == "file_too_large"


def test_ordinary_work(root):
    confined = ConfinedRoot(root)
    confined.write("new/deep/run.sh", b"#!\n", 0o755)
    confined.write("new/deep/run.sh", b"#!/bin/sh\n")
    assert (root / "new/deep/run.sh").stat().st_mode & 0o777 == 0o755
    assert confined.read("new/deep/run.sh") == b"#!/bin/sh\n"
    assert [(e.name, e.kind) for e in confined.list("inside")] == [("f", "file"), ("file-link", "symlink")]
    assert {e.name for e in confined.list()} >= {"inside", "out", "new"}
    assert confined.read_link("file-out") == str(root.parent / "outside/secret")
    confined.delete("file-out")
    assert confined.stat("file-out") is None
    assert (root.parent / "outside/secret").exists()
    for path in ("inside", "none"):
        with pytest.raises(WorkspaceError):
            confined.delete(path)
    with pytest.raises(WorkspaceError) as raised:
        confined.list("out")
    assert raised.value.code == "outside_workspace"


def test_a_folder_that_turns_into_a_symlink_all_the_time(root):
    """Another thread swaps a folder for a symlink to the outside while files are written: none may arrive there."""
    confined = ConfinedRoot(root)
    outside = root.parent / "outside"
    stop = threading.Event()

    (root / "real").mkdir()
    (root / "link").symlink_to(outside)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)

    def swap() -> None:
        while not stop.is_set():
            assert exchange(folder, "real", "link")

    swapper = threading.Thread(target=swap)
    swapper.start()
    refused = 0
    try:
        for n in range(3000):
            try:
                confined.write(f"real/f{n % 20}", b"x")
            except WorkspaceError:
                refused += 1
    finally:
        stop.set()
        swapper.join(10)
        os.close(folder)
    assert not swapper.is_alive()
    assert [p.name for p in outside.iterdir()] == ["secret"]
    assert 0 < refused < 3000
