"""npm packages that come with their sources."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestrator import native
from orchestrator.review.script_project import read_projects
from orchestrator.review.sources import all_paths

PINNED = ("rxjs@7.8.1", "zod@3.25.76", "effect@3.16.0", "hono@4.6.0")
"""Packages whose sources, TypeScript or ES modules, are in what npm installs."""


@dataclass(frozen=True)
class Package:
    """A package: its name and folder."""

    name: str
    root: Path


def installed() -> Path | None:
    """The folder that the pinned packages were installed into, by npm when they are not there; None without npm."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "orchestrator-npm-sources"
    modules = cache / "node_modules"
    if all((modules / name.rsplit("@", 1)[0]).is_dir() for name in PINNED):
        return modules
    npm = shutil.which("npm")
    if npm is None:
        return None
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "package.json").write_text('{"private": true}\n')
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", *PINNED]
    done = subprocess.run(command, cwd=cache, capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
    return modules if done.returncode == 0 else None


def packages(modules: Path) -> list[Package]:
    """The pinned packages."""
    names = [name.rsplit("@", 1)[0] for name in PINNED]
    return [Package(name, modules / name) for name in names]


def index(package: Package, previous: native.SymbolIndex | None = None, root: Path | None = None) -> native.SymbolIndex:
    """The index of a package as the gate builds it."""
    folder = str(root or package.root)
    paths = all_paths(folder)
    return native.SymbolIndex.build(folder, paths, previous=previous, aliases=read_projects(folder, paths).targets)
