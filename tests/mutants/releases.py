"""Two releases each of packages from the registry: real changes of code that is taken to be right.

They are installed into a cache folder, without their dependencies.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import python_packages

TUNING = (
    ("aiohttp", "3.8.6", "3.10.11"),
    ("ansible-core", "2.15.0", "2.17.7"),
    ("babel", "2.11.0", "2.16.0"),
    ("black", "23.1.0", "24.10.0"),
    ("boltons", "23.0.0", "24.1.0"),
    ("celery", "5.3.0", "5.4.0"),
    ("dask", "2023.5.0", "2024.8.0"),
    ("django", "4.1.13", "5.1.4"),
    ("djangorestframework", "3.14.0", "3.15.2"),
    ("docutils", "0.19", "0.21.2"),
    ("fastapi", "0.95.2", "0.115.6"),
    ("flask", "2.3.0", "3.1.0"),
    ("httpcore", "0.17.3", "1.0.7"),
    ("httpx", "0.25.0", "0.28.1"),
    ("ipython", "8.10.0", "8.30.0"),
    ("jinja2", "3.0.0", "3.1.5"),
    ("jupyter-server", "2.0.0", "2.14.2"),
    ("kombu", "5.2.4", "5.4.2"),
    ("marshmallow", "3.19.0", "3.23.2"),
    ("matplotlib", "3.7.5", "3.9.4"),
    ("mitmproxy", "9.0.1", "11.0.2"),
    ("mypy", "1.4.1", "1.13.0"),
    ("networkx", "3.1", "3.4.2"),
    ("nltk", "3.7", "3.9.1"),
    ("paramiko", "3.0.0", "3.5.0"),
    ("poetry-core", "1.5.0", "1.9.1"),
    ("pylint", "2.17.0", "3.3.2"),
    ("requests", "2.28.0", "2.32.3"),
    ("scrapy", "2.9.0", "2.12.0"),
    ("sqlalchemy", "1.4.54", "2.0.36"),
    ("starlette", "0.30.0", "0.45.0"),
    ("streamlit", "1.22.0", "1.40.2"),
    ("sympy", "1.11.1", "1.13.3"),
    ("textual", "0.40.0", "0.89.1"),
    ("tornado", "6.2", "6.4.2"),
    ("werkzeug", "2.2.3", "3.0.6"),
)
"""Name, older release, newer release of packages whose findings the rules were mended by."""

HELD_OUT = (
    ("apache-airflow", "2.6.0", "2.10.4"),
    ("astropy", "5.2.2", "6.1.7"),
    ("beautifulsoup4", "4.11.1", "4.12.3"),
    ("bokeh", "3.0.3", "3.6.2"),
    ("buildbot", "3.8.0", "4.1.0"),
    ("click", "8.0.4", "8.1.8"),
    ("dash", "2.9.0", "2.18.2"),
    ("distributed", "2023.5.0", "2024.8.0"),
    ("elasticsearch", "8.6.0", "8.16.0"),
    ("faker", "18.0.0", "33.1.0"),
    ("gunicorn", "20.1.0", "23.0.0"),
    ("huggingface-hub", "0.14.0", "0.26.5"),
    ("langchain", "0.1.0", "0.3.0"),
    ("pandas", "2.0.3", "2.2.3"),
    ("plotly", "5.9.0", "5.24.1"),
    ("pydantic", "1.10.19", "2.10.3"),
    ("pygments", "2.13.0", "2.18.0"),
    ("pymongo", "4.3.3", "4.10.1"),
    ("pyramid", "1.10.8", "2.0.2"),
    ("pytorch-lightning", "1.9.0", "2.4.0"),
    ("redis", "4.5.0", "5.2.1"),
    ("rich", "12.6.0", "13.9.4"),
    ("sanic", "22.12.0", "24.6.0"),
    ("scikit-learn", "1.2.2", "1.5.2"),
    ("scipy", "1.10.1", "1.14.1"),
    ("sentry-sdk", "1.9.0", "2.19.0"),
    ("sphinx", "6.2.1", "7.4.7"),
    ("statsmodels", "0.14.0", "0.14.4"),
    ("transformers", "4.30.0", "4.46.3"),
    ("trio", "0.22.0", "0.27.0"),
    ("twisted", "22.10.0", "24.11.0"),
    ("urllib3", "1.26.18", "2.2.3"),
    ("wagtail", "4.2", "6.3.1"),
    ("xarray", "2023.1.0", "2024.11.0"),
)
"""Packages that were first looked at when the rules were done: what a rule says of code it has never seen."""


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


def upgrades(pinned: Iterable[tuple[str, str, str]]) -> list[Upgrade]:
    """The pinned pairs; those that can't be installed are left out, and named on the error stream."""
    found: list[Upgrade] = []
    for name, *versions in pinned:
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
