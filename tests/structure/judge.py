"""Who judges afterwards: runs tests over trees, each in a process of its own, and remembers what it saw.

pytest is loaded once and forked, so that one verdict takes about a tenth of a second.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

TIMEOUT_S = 60
_FORKING = r"""
import os, sys, signal
sys.dont_write_bytecode = True
import pytest, unittest, doctest, _pytest.unittest, _pytest.assertion.rewrite
for line in sys.stdin:
    folder, test = line.rstrip("\n").split("\t")
    child = os.fork()
    if not child:
        signal.alarm(%d)
        os.chdir(folder)
        sys.path.insert(0, folder)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1); os.dup2(quiet, 2)
        code = 99
        try:
            code = int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-c", os.devnull,
                                    "--rootdir", folder, test]))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    print(0 if status == 0 else 1, flush=True)
"""


class Judge:
    """Runs modules of tests over files. A context; not shared between threads."""

    def __init__(self) -> None:
        """Start the process that forks."""
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("PYTEST_ADDOPTS", None)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FORKING % TIMEOUT_S],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self._known: dict[str, bool] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="judge-")

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, and drop the trees."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(TIMEOUT_S)
        self._folder.cleanup()

    def passes(self, files: Mapping[str, str], test: str) -> bool:
        """Whether all tests of the module `test` pass over these files; expected failures count as failures."""
        key = hashlib.sha256(repr((test, sorted(files.items()))).encode()).hexdigest()
        if key not in self._known:
            self._known[key] = self._run(files, test, key)
        return self._known[key]

    def _run(self, files: Mapping[str, str], test: str, key: str) -> bool:
        folder = Path(self._folder.name, key)
        for path, text in files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(folder, test, sep="\t", file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip() == "0"


def source_files(folder: Path, suffixes: Sequence[str] = (".py",)) -> dict[str, str]:
    """The source below a folder by path, without hidden ones."""
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if file.suffix in suffixes and not any(part.startswith(".") for part in path.parts):
            found[str(path)] = file.read_text("utf-8", "replace")
    return found
