"""What every command is held to: demanded words, the network, and places that are not there."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.ports.launcher import Command, LauncherError
from orchestrator.sandbox.hidden import hidden_places
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.policy import Policy

pytestmark = pytest.mark.anyio


async def test_a_level_that_is_demanded_and_missing_runs_nothing(
    launcher: NativeLauncher, command: Callable[..., Command], tmp_path: Path
) -> None:
    held = (await launcher.run(command("true", writable=(str(tmp_path),)))).level.split("+")
    launcher.policy = Policy(required=tuple(held))
    assert (await launcher.run(command("true", writable=(str(tmp_path),)))).exit_code == 0
    launcher.policy = Policy(required=(*held, "nonet"))
    with pytest.raises(LauncherError) as raised:
        await launcher.run(command("touch", str(tmp_path / "ran"), writable=(str(tmp_path),)))
    assert raised.value.code == "confinement_missing"
    assert "nonet" in raised.value.message
    assert not (tmp_path / "ran").exists()


async def test_the_network_is_denied_for_all(
    program: Path, has_namespaces: bool, command: Callable[..., Command], tmp_path: Path
) -> None:
    if not has_namespaces:
        pytest.skip("this machine grants no namespaces")
    launcher = NativeLauncher(tmp_path / "state", program=program, policy=Policy(is_network_allowed=False))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        script = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        outcome = await launcher.run(command("python3", "-c", script))
        assert outcome.exit_code == 1
        assert outcome.level.endswith("nonet")
        with pytest.raises(BlockingIOError):
            server.accept()


async def test_hidden_places_are_not_there_and_writable_ones_below_stay(
    program: Path, command: Callable[..., Command], tmp_path: Path
) -> None:
    for name in ("state/key", "state/work/file", "home/.netrc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("hidden\n")
    hidden = (str(tmp_path / "state"), str(tmp_path / "home/.netrc"), str(tmp_path / "nowhere"))
    launcher = NativeLauncher(tmp_path / "programs", program=program, policy=Policy(hidden=hidden))
    if "private" not in launcher.level:
        pytest.skip("this machine gives commands no view of their own")
    work = str(tmp_path / "state/work")
    script = "cat ../key ../../home/.netrc; ls ..; cat file; echo new > file; chmod 700 ../../home; ls -A /dev/shm"
    outcome = await launcher.run(command("sh", "-c", script, cwd=work, writable=(work,), env={"PATH": os.defpath}))
    said = outcome.output.decode()
    assert "key: No such file" in said
    assert "work\nhidden\n" in said
    assert "Read-only file system" in said
    assert (tmp_path / "state/work/file").read_text() == "new\n"
    assert (tmp_path / "state/key").read_text() == "hidden\n"


async def test_files_are_unchanged_in_mode_and_time(
    program: Path, command: Callable[..., Command], tmp_path: Path
) -> None:
    launcher = NativeLauncher(tmp_path / "programs", program=program)
    if "private" not in launcher.level:
        pytest.skip("this machine gives commands no view of their own")
    (tmp_path / "work").mkdir()
    file = tmp_path / "file"
    file.write_text("x")
    before = file.stat()
    script = "chmod 777 ../file; touch ../file; chown 7 ../file; mount -o remount,rw /; umount -l /"
    work = str(tmp_path / "work")
    await launcher.run(command("sh", "-c", script, cwd=work, writable=(work,)))
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode,
        before.st_uid,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def test_which_places_are_hidden(tmp_path: Path) -> None:
    home = tmp_path.resolve() / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id").write_text("x")
    (home / "keys").mkdir()
    (home / ".aws").symlink_to("keys")
    (home / ".netrc").write_text("x")
    (home / "code").mkdir()
    own = tmp_path.resolve() / "state"
    found = hidden_places([own, own / "w"], {"HOME": str(home), "SSH_AUTH_SOCK": str(tmp_path / "gone")})
    mine = [path for path in found if path.startswith(str(tmp_path.resolve()))]
    assert mine == sorted(map(str, (home / ".netrc", home / ".ssh", home / "keys", own)))
