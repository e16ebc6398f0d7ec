"""What is said between server and launcher, and what happens when it is nonsense."""

from __future__ import annotations

import errno
import os
import random
import socket
import subprocess
from pathlib import Path

import pytest

from orchestrator.ports.launcher import Command, LauncherError
from orchestrator.sandbox.report import Ended, Refused, Started, parse_report, refusal_error

COMMAND = Command(argv=("tool", "--password=x"), cwd="/work", env={}, timeout_s=1)


def test_reports_are_read() -> None:
    assert parse_report(b"started pid=2 level=pidns+landlock processes=pid_max") == Started(
        2, "pidns+landlock", "pid_max"
    )
    assert parse_report(b"error stage=exec errno=2") == Refused("exec", 2)
    ended = parse_report(b"exit code=-1 signal=9 wall_us=1500000 cpu_us=20 rss_kib=3 timed_out=1 orphans=4 survivors=0")
    assert ended == Ended(None, 9, 1.5, 0.00002, 3072, is_timed_out=True, orphans_killed=4, survivors=0)


@pytest.mark.parametrize("line", [b"", b"hello", b"exit code=1", b"exit code=x", b"started", b"error \xff", b"exit ="])
def test_nonsense_is_an_error(line: bytes) -> None:
    with pytest.raises(LauncherError) as caught:
        parse_report(line)
    assert caught.value.code == "launcher_failed"


@pytest.mark.parametrize(
    "stage",
    ["exec", "cwd", "writable", "network", "isolation", "killed", "fork", "limits", "request", "level", "unheard-of"],
)
@pytest.mark.parametrize("number", [0, errno.ENOENT, errno.EACCES, errno.E2BIG, 9999])
def test_every_refusal_is_an_error_with_a_hint_and_without_arguments(stage: str, number: int) -> None:
    error = refusal_error(Refused(stage, number), COMMAND)
    assert error.code
    assert error.hint
    assert "password" not in str(error)


@pytest.mark.parametrize("seed", range(20))
def test_the_launcher_refuses_what_is_no_request(program: Path, seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - not a secret
    body = source.randbytes(source.randrange(200))
    claimed = source.choice([len(body), source.randrange(1 << 32)])
    assert _answer(program, claimed.to_bytes(4, "little") + body) == b"error stage=request errno=22\n"


def test_the_launcher_ends_with_a_server_that_says_nothing(program: Path) -> None:
    assert _answer(program, b"") == b"error stage=request errno=22\n"


def _answer(program: Path, sent: bytes) -> bytes:
    ours, theirs = socket.socketpair()
    with ours, subprocess.Popen([program], stdin=theirs.fileno(), stdout=subprocess.DEVNULL, cwd=os.sep) as process:
        theirs.close()
        ours.sendall(sent)
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(10) == 1
        return ours.recv(1000)
