"""Commands as a caller meets them: results, errors, deadlines, output, confinement."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from orchestrator.ports.launcher import Command, LauncherError, Outcome
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.sandbox.limits import Limits
from orchestrator.sandbox.request import Isolation

pytestmark = pytest.mark.anyio

Build = Callable[..., Command]


async def test_output_exit_code_and_digest(launcher: NativeLauncher, command: Build) -> None:
    outcome = await launcher.run(command("sh", "-c", "echo out; echo err >&2; echo out2; exit 3"))
    assert (outcome.exit_code, outcome.signal) == (3, None)
    assert outcome.output == b"out\nerr\nout2\n"
    assert outcome.output_digest == hashlib.sha256(outcome.output).hexdigest()
    assert outcome.output_size_bytes == 13
    assert not outcome.is_timed_out
    assert not outcome.is_output_cut
    assert outcome.orphans_killed == 0
    assert 0 < outcome.duration_s < 10


async def test_a_signal_is_no_exit_code(launcher: NativeLauncher, command: Build) -> None:
    outcome = await launcher.run(command("sh", "-c", "kill -SEGV $$"))
    assert (outcome.exit_code, outcome.signal) == (None, signal.SIGSEGV)


async def test_standard_input_is_empty_and_signals_are_as_in_a_shell(launcher: NativeLauncher, command: Build) -> None:
    outcome = await launcher.run(command("sh", "-c", "cat; grep -E 'Sig(Blk|Ign)' /proc/self/status; yes | head -n 1"))
    assert outcome.output.split() == [b"SigBlk:", b"0" * 16, b"SigIgn:", b"0" * 16, b"y"]
    assert outcome.exit_code == 0


async def test_only_standard_descriptors_are_inherited(launcher: NativeLauncher, command: Build) -> None:
    script = "import os; print(sorted(os.listdir('/proc/self/fd')))"
    outcome = await launcher.run(command(sys.executable, "-c", script))
    # The fourth is the listing itself.
    assert outcome.output.strip() == b"['0', '1', '2', '3']"


@pytest.mark.parametrize(
    ("argv", "changes", "code"),
    [
        (("no-such-program-anywhere",), {}, "program_not_found"),
        (("./missing",), {}, "program_not_found"),
        (("/etc/passwd",), {}, "program_not_executable"),
        (("true",), {"cwd": "/no/such/folder"}, "no_such_folder"),
        (("true",), {"cwd": "/etc/passwd"}, "no_such_folder"),
        (("true",), {"cwd": "relative"}, "invalid_command"),
        ((), {}, "invalid_command"),
        (("true", "a\0b"), {}, "invalid_command"),
        (("true",), {"env": {"A=B": "c"}}, "invalid_command"),
        (("true",), {"timeout_s": 0.0}, "invalid_command"),
        (("true", "x" * (5 << 20)), {}, "invalid_command"),
        (("true", "x" * (1 << 20)), {"env": {"PATH": "/bin:/usr/bin"}}, "arguments_too_long"),
        (("true",), {"spill_path": "/no/such/folder/log"}, "spill_failed"),
    ],
)
async def test_what_cannot_be_run_has_its_own_code(
    launcher: NativeLauncher, command: Build, argv: tuple[str, ...], changes: dict[str, object], code: str
) -> None:
    with pytest.raises(LauncherError) as caught:
        await launcher.run(command(*argv, **changes))
    assert caught.value.code == code
    assert caught.value.hint


async def test_a_missing_writable_folder_is_named(launcher: NativeLauncher, command: Build) -> None:
    if "landlock" not in launcher.level:
        pytest.skip("this kernel has no Landlock, so folders are not opened")
    with pytest.raises(LauncherError) as caught:
        await launcher.run(command("true", writable=("/no/such/folder",)))
    assert caught.value.code == "no_such_folder"
    assert "/no/such/folder" in caught.value.hint


async def test_a_missing_launcher_is_an_error(tmp_path: Path, command: Build) -> None:
    launcher = NativeLauncher(tmp_path, program=tmp_path / "nothing")
    with pytest.raises(LauncherError) as caught:
        await launcher.run(command("true"))
    assert caught.value.code == "launcher_missing"
    with pytest.raises(LauncherError):
        _ = launcher.level


async def test_the_deadline_ends_a_command_that_ignores_the_polite_signal(
    launcher: NativeLauncher, command: Build
) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 1; done"
    begin = time.monotonic()
    outcome = await launcher.run(command("sh", "-c", script, timeout_s=0.5))
    assert outcome.is_timed_out
    assert (outcome.exit_code, outcome.signal) == (None, signal.SIGKILL)
    assert outcome.output == b"ready\n"
    assert 0.7 < time.monotonic() - begin < 5


async def test_the_deadline_is_polite_first(launcher: NativeLauncher, command: Build) -> None:
    script = "trap 'echo goodbye; exit 7' TERM; sleep 30 & wait"
    outcome = await launcher.run(command("sh", "-c", script, timeout_s=0.4))
    assert outcome.is_timed_out
    assert outcome.exit_code == 7
    assert outcome.output == b"goodbye\n"


async def test_the_environment_is_exactly_what_was_given(launcher: NativeLauncher, command: Build) -> None:
    env = {"PATH": "/usr/bin:/bin", "A": "1 2\n3", "UMLAUT": "ä"}
    outcome = await launcher.run(command("env", "-0", env=env))
    assert dict(pair.split("=", 1) for pair in outcome.output.decode().split("\0") if pair) == env


async def test_the_program_is_not_taken_from_the_folder_it_runs_in(
    launcher: NativeLauncher, command: Build, tmp_path: Path
) -> None:
    bait = tmp_path / "bait"
    bait.write_text("#!/bin/sh\necho caught\n")
    bait.chmod(0o755)
    with pytest.raises(LauncherError) as caught:
        await launcher.run(command("bait", env={"PATH": ".::/usr/bin:/bin"}))
    assert caught.value.code == "program_not_found"
    assert (await launcher.run(command("./bait"))).output == b"caught\n"


async def test_endless_output_fills_neither_memory_nor_disk(
    launcher: NativeLauncher, command: Build, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    peak_before = _peak_rss_bytes()
    outcome = await launcher.run(
        command(
            "yes",
            "endless",
            timeout_s=1.5,
            output_cap_bytes=100_000,
            spill_path=str(log),
            spill_cap_bytes=2_000_000,
        )
    )
    assert outcome.is_timed_out
    assert outcome.is_output_cut
    assert outcome.output_size_bytes > 5_000_000
    assert len(outcome.output) < 100_300
    assert outcome.output.startswith(b"endless\nendless\n")
    assert b"bytes cut" in outcome.output
    assert 1_900_000 < log.stat().st_size <= 2_000_000
    assert b"more bytes were not kept" in log.read_bytes()[-100:]
    assert _peak_rss_bytes() - peak_before < 20_000_000


async def test_others_run_while_one_floods(launcher: NativeLauncher, command: Build) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(launcher.run, command("yes", timeout_s=1.5, output_cap_bytes=1000))
        await anyio.sleep(0.3)
        begin = time.monotonic()
        await launcher.run(command("true"))
        assert time.monotonic() - begin < 1


async def test_the_whole_output_is_in_the_log(launcher: NativeLauncher, command: Build, tmp_path: Path) -> None:
    log = tmp_path / "log"
    outcome = await launcher.run(command("seq", "200000", output_cap_bytes=5000, spill_path=str(log)))
    whole = "".join(f"{number}\n" for number in range(1, 200_001)).encode()
    assert log.read_bytes() == whole
    assert log.stat().st_mode & 0o777 == 0o600
    assert outcome.output_digest == hashlib.sha256(whole).hexdigest()
    assert outcome.output.startswith(whole[:2500])
    assert outcome.output.endswith(whole[-2500:])


async def test_fifty_at_once_leave_no_descriptor_and_no_zombie(launcher: NativeLauncher, command: Build) -> None:
    _ = launcher.level
    await launcher.run(command("true"))
    descriptors = _descriptors()
    outcomes: list[Outcome] = []

    async def one(number: int) -> None:
        outcomes.append(await launcher.run(command("sh", "-c", f"sleep 0.1; echo {number}; exit {number}")))

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(one, number)
    assert sorted(outcome.exit_code or 0 for outcome in outcomes) == list(range(50))
    assert all(outcome.output == f"{outcome.exit_code}\n".encode() for outcome in outcomes)
    assert _descriptors() == descriptors
    assert _children() == []


async def test_refused_commands_leave_no_descriptor_and_no_zombie(launcher: NativeLauncher, command: Build) -> None:
    descriptors = _descriptors()
    for _ in range(10):
        with pytest.raises(LauncherError):
            await launcher.run(command("no-such-program-anywhere"))
    assert _descriptors() == descriptors
    assert _children() == []


async def test_limits_are_in_force(program: Path, tmp_path: Path, command: Build, isolation: Isolation) -> None:
    limits = Limits(processes=None, file_size_bytes=4096, open_files=64, address_space_bytes=1 << 30)
    launcher = NativeLauncher(tmp_path, program=program, limits=limits, isolation=isolation)
    outcome = await launcher.run(command("sh", "-c", "ulimit -n; ulimit -Hn; ulimit -c; ulimit -v"))
    assert outcome.output.split() == [b"64", b"64", b"0", b"1048576"]
    outcome = await launcher.run(command("sh", "-c", "exec head -c 100000 /dev/zero > big"))
    assert outcome.signal == signal.SIGXFSZ
    assert (tmp_path / "big").stat().st_size == 4096


async def test_writing_is_confined_where_the_level_says_so(
    launcher: NativeLauncher, command: Build, tmp_path: Path
) -> None:
    if "landlock" not in launcher.level:
        pytest.skip("this kernel has no Landlock")
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (outside / "old").write_text("kept")
    script = (
        "mkdir inside/d && mv inside/d inside/e && echo x > inside/e/f && echo x > /dev/null && rm -r inside/e;"
        'echo t > "$TMPDIR/t" && echo "$TMPDIR" && cat outside/old && echo;'
        "echo x > outside/new; echo x > outside/old; rm outside/old; mv outside/old inside/; ln outside/old inside/l;"
        "truncate -s 0 outside/old; mkdir outside/d; ln -s ../outside inside/way && echo x > inside/way/new; exit 0"
    )
    outcome = await launcher.run(command("sh", "-c", script, writable=(str(inside),)))
    assert "landlock" in outcome.level
    lines = outcome.output.decode().splitlines()
    assert lines[0].startswith(str(tmp_path / "state" / "tmp"))
    assert list((tmp_path / "state" / "tmp").iterdir()) == []
    assert lines[1] == "kept"
    assert [item.name for item in outside.iterdir()] == ["old"]
    assert (outside / "old").read_text() == "kept"
    # Between two mounts `mv` copies first; the copy is the command's own.
    assert "way" in {item.name for item in inside.iterdir()} <= {"way", "old"}


async def test_a_command_without_network_has_loopback_alone(
    program: Path, tmp_path: Path, command: Build, has_namespaces: bool
) -> None:
    launcher = NativeLauncher(tmp_path, program=program)
    denied = command("cat", "/proc/self/net/dev", is_network_allowed=False)
    if not has_namespaces:
        with pytest.raises(LauncherError) as caught:
            await launcher.run(denied)
        assert caught.value.code == "network_denial_unavailable"
        return
    outcome = await launcher.run(denied)
    assert [line.split(":")[0].strip() for line in outcome.output.decode().splitlines()[2:]] == ["lo"]
    assert outcome.level == "pidns+nonet"
    ping = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); "
        "socket.create_connection(s.getsockname(), 2); print('met')"
    )
    outcome = await launcher.run(command(sys.executable, "-c", ping, is_network_allowed=False))
    assert outcome.output == b"met\n"


async def test_network_denial_without_namespace_is_refused(program: Path, tmp_path: Path, command: Build) -> None:
    launcher = NativeLauncher(tmp_path, program=program, isolation="subreaper")
    with pytest.raises(LauncherError) as caught:
        await launcher.run(command("true", is_network_allowed=False))
    assert caught.value.code == "network_denial_unavailable"


async def test_a_namespace_hides_the_server(
    program: Path, tmp_path: Path, command: Build, has_namespaces: bool
) -> None:
    if not has_namespaces:
        pytest.skip("this machine grants no PID namespace")
    launcher = NativeLauncher(tmp_path, program=program, isolation="pidns")
    script = "import os; print(os.getpid(), os.readlink('/proc/self'), [n for n in os.listdir('/proc') if n.isdigit()])"
    outcome = await launcher.run(command(sys.executable, "-c", script))
    assert outcome.output == b"2 2 ['1', '2']\n"


async def test_the_level_is_told(launcher: NativeLauncher, command: Build, isolation: Isolation) -> None:
    outcome = await launcher.run(command("true"))
    assert outcome.level.split("+")[0] == launcher.level.split("+")[0]
    assert (isolation == "subreaper") <= outcome.level.startswith("subreaper")
    assert "landlock" not in outcome.level


def _peak_rss_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _descriptors() -> set[str]:
    return {item.name for item in Path("/proc/self/fd").iterdir()}


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
