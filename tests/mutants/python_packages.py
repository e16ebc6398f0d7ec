"""The installed distributions as workspaces: real code that is taken to be right."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from orchestrator import native
from orchestrator.review.python_imports import STANDARD
from orchestrator.review.site_packages import installed_names

SITE = Path(sysconfig.get_path("purelib"))
STDLIB = Path(sysconfig.get_path("stdlib"))
_IMPORT = """import sys
for name in sys.argv[1:]:
    try:
        __import__(name)
    except BaseException:
        continue
    print('importable', name)
"""


@dataclass(frozen=True)
class Package:
    """One distribution: its name, the paths of its modules below `site`, and what it requires, extras included."""

    name: str
    paths: tuple[str, ...]
    requires: tuple[str, ...]
    site: Path = SITE

    @property
    def tops(self) -> set[str]:
        """Its top-level modules."""
        return {path.split("/")[0].split(".")[0] for path in self.paths}


def packages(site: Path = SITE) -> list[Package]:
    """Distributions with Python modules in a folder, sorted by name.

    A module is a .py, .pyi or .so file whose folders are identifiers. Left out: the stubs of other people's packages
    that type checkers carry (`typeshed`), and this product, which is installed as a link.
    """
    found: list[Package] = []
    for distribution in importlib.metadata.distributions(path=[str(site)]):
        files = distribution.files or []
        paths = sorted(
            {
                file.as_posix()
                for file in files
                if file.suffix in {".py", ".pyi", ".so"}
                and "typeshed" not in file.as_posix()
                and all(part.isidentifier() for part in [*file.parts[:-1], file.name.split(".")[0]])
            }
        )
        if paths:
            requires = tuple(entry.split(";")[0].strip() for entry in distribution.requires or [])
            found.append(Package(distribution.metadata["Name"], tuple(paths), requires, site))
    return sorted(found, key=lambda package: package.name.lower())


def importable(names: set[str]) -> set[str]:
    """Those of the top-level modules that this interpreter imports without an error."""
    command = [sys.executable, "-c", _IMPORT, *sorted(names)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
    return {line.split()[1] for line in done.stdout.splitlines() if line.startswith("importable ")}


def unpack(package: Package, root: Path) -> list[str]:
    """Copy a package into an empty folder as the workspace of its author, with its manifest; the paths of its files."""
    for path in package.paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package.site / path, root / path)
    manifest = f"[project]\nname = {json.dumps(package.name)}\ndependencies = {json.dumps(list(package.requires))}\n"
    (root / "pyproject.toml").write_text(manifest, "utf-8")
    return [*package.paths, "pyproject.toml"]


def index(
    root: Path, paths: list[str], own: set[str], previous: native.SymbolIndex | None = None
) -> native.SymbolIndex:
    """The index of a package as the gate builds it for a workspace whose environment is this one."""
    return native.SymbolIndex.build(
        str(root),
        paths,
        previous=previous,
        standard=sorted(STANDARD - own),
        outside=sorted(installed_names([SITE]) - own),
        search_folders=[str(STDLIB), str(SITE)],
    )
