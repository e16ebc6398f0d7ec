"""Downloads the source distribution of sdists.txt into build/structure: `python tests/structure/fetch.py`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / "build" / "structure"
PINNED = HERE / "sdists.txt"


def unpacked() -> Path | None:
    """Where the distribution lies; None while it was not fetched."""
    folder = CACHE / f"{_name().replace('-', '_')}-{_version()}"
    return folder if (folder / "PKG-INFO").is_file() else None


def fetch() -> Path:
    """Download and unpack it, unless it is there. Hashes are pip's to check; raises CalledProcessError."""
    if found := unpacked():
        return found
    CACHE.mkdir(parents=True, exist_ok=True)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", _name(), "--require-hashes"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, "-r", str(PINNED), "-d", str(CACHE)],
        env={**os.environ, "PIP_CONSTRAINT": str(HERE / "backends.txt")},
        check=True,
    )
    (archive,) = CACHE.glob(f"*{_version()}.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(CACHE, filter="data")
    return CACHE / archive.name.removesuffix(".tar.gz")


def _name() -> str:
    return _pinned()[0]


def _version() -> str:
    return _pinned()[1]


def _pinned() -> tuple[str, str]:
    ((name, version),) = re.findall(r"^([\w-]+)==([\w.]+)", PINNED.read_text(), re.MULTILINE)
    return name, version


if __name__ == "__main__":
    fetch()
