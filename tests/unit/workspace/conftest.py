"""A user's folder with everything in it that goes wrong elsewhere, and the workspace over it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.config.places import Places
from orchestrator.workspace import ShadowWorkspace, open_workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder that is no repository."""
    folder = tmp_path.resolve() / "user"
    folder.mkdir()
    return folder


@pytest.fixture
def places(root: Path) -> Places:
    return Places(root, root.parent / "state")


@pytest.fixture
def git(root: Path) -> Callable[..., str]:
    """Runs the git program in the user's folder, with no configuration but the repository's own."""

    def run(*arguments: str, cwd: Path | None = None) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "User",
            "GIT_AUTHOR_EMAIL": "user@example.org",
            "GIT_COMMITTER_NAME": "User",
            "GIT_COMMITTER_EMAIL": "user@example.org",
        }
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or root, env=environment, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    return run


@pytest.fixture
def repository(root: Path, git: Callable[..., str]) -> Path:
    """The user's folder as a repository with one commit."""
    git("init", "-q", "-b", "main")
    fill(root, {"a.txt": "one\ntwo\nthree\n", "src/b.py": "b = 1\n", ".gitignore": "*.log\nbuild/\n"})
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    return root


@pytest.fixture
def workspace(places: Places) -> Iterator[ShadowWorkspace]:
    opened = open_workspace(places)
    yield opened
    opened.close()


def fill(folder: Path | str, files: dict[str, str | bytes]) -> None:
    """Write files, making folders."""
    for path, content in files.items():
        file = Path(folder, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)


def listing(folder: Path | str) -> dict[str, str]:
    """Kind, permission bits and content of everything below a folder, by path."""
    seen: dict[str, str] = {}
    for below, folders, files in os.walk(folder):
        for name in (*folders, *files):
            full = Path(below, name)
            path = str(full.relative_to(folder))
            if full.is_symlink():
                seen[path] = f"link {full.readlink()}"
            elif full.is_dir():
                seen[path] = f"folder {full.stat().st_mode & 0o777:o}"
            elif not full.is_file():
                seen[path] = "special"
            else:
                seen[path] = f"{full.stat().st_mode & 0o777:o} {hashlib.sha256(full.read_bytes()).hexdigest()}"
    return seen


@pytest.fixture(name="fill")
def fill_fixture() -> Callable[..., None]:
    return fill


@pytest.fixture(name="listing")
def listing_fixture() -> Callable[..., dict[str, str]]:
    return listing
