"""Two releases each of packages that no rule was tuned on: real changes of code that is taken to be right."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import python_packages

PINNED = (
    ("boltons", "23.0.0", "24.1.0"),
    ("celery", "5.3.0", "5.4.0"),
    ("flask", "2.3.0", "3.1.0"),
    ("httpx", "0.25.0", "0.28.1"),
    ("jinja2", "3.0.0", "3.1.5"),
    ("networkx", "3.1", "3.4.2"),
    ("paramiko", "3.0.0", "3.5.0"),
    ("requests", "2.28.0", "2.32.3"),
    ("scrapy", "2.9.0", "2.12.0"),
    ("starlette", "0.30.0", "0.45.0"),
)
"""Name, older release, newer release. They are installed into the cache folder, without their dependencies."""


@dataclass(frozen=True)
class Upgrade:
    """One package in two releases."""

    old: python_packages.Package
    new: python_packages.Package

    def apply(self, root: Path) -> list[str]:
        """Turn an unpacked older release into the newer one; the paths of changed, new and removed files."""
        for path in self.old.paths:
            (root / path).unlink()
        python_packages.unpack(self.new, root)
        paths = {*self.old.paths, *self.new.paths}
        return sorted(path for path in paths if _content(self.old, path) != _content(self.new, path))


def upgrades() -> list[Upgrade]:
    """The pinned pairs; those that can't be installed are left out, and named on the error stream."""
    found: list[Upgrade] = []
    for name, *versions in PINNED:
        folders = [_installed(name, version) for version in versions]
        releases = [python_packages.packages(folder) for folder in folders if folder is not None]
        if len(releases) == 2 and all(releases):
            found.append(Upgrade(releases[0][0], releases[1][0]))
        else:
            print(f"left out: {name} can't be installed", file=sys.stderr)
    return found


def _content(package: python_packages.Package, path: str) -> bytes | None:
    return (package.site / path).read_bytes() if path in package.paths else None


def _installed(name: str, version: str) -> Path | None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orchestrator-python-releases"
    folder = cache / f"{name}-{version}"
    if folder.is_dir():
        return folder
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command = [*pip, "--target", str(unfinished), f"{name}=={version}"]
    done = subprocess.run(command, capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
    return unfinished.rename(folder) if done.returncode == 0 else None
