"""Putting the launcher program in its place."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrator.ports.launcher import LauncherError
from orchestrator.sandbox.install import install_launcher, install_program


def test_the_program_of_the_native_core_runs(tmp_path: Path) -> None:
    path = install_launcher(tmp_path)
    assert path.stat().st_mode & 0o7777 == 0o700
    told = subprocess.run([path, "--version"], capture_output=True, check=True, timeout=10).stdout
    assert told.startswith(b"orchestrator-launcher ")


def test_it_is_written_once(tmp_path: Path) -> None:
    path = install_program(tmp_path / "new" / "folder", b"#!/bin/sh\n")
    before = path.stat()
    assert install_program(path.parent, b"#!/bin/sh\n") == path
    assert path.stat().st_ino == before.st_ino
    assert install_program(path.parent, b"#!/bin/false\n") != path
    assert len(list(path.parent.iterdir())) == 2


def test_a_damaged_or_foreign_file_is_replaced(tmp_path: Path) -> None:
    path = install_program(tmp_path, b"program")
    path.write_bytes(b"pro")
    assert install_program(tmp_path, b"program").read_bytes() == b"program"
    path.unlink()
    path.symlink_to("/bin/true")
    assert not install_program(tmp_path, b"program").is_symlink()


def test_an_impossible_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LauncherError) as caught:
        install_program(tmp_path / "file" / "below", b"program")
    assert caught.value.code == "launcher_missing"
