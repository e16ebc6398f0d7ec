"""The parts of the door that need no server: file systems, the handshake's lines, cards."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from orchestrator.daemon.card import Card, read_card, remove_card, write_card
from orchestrator.daemon.filesystem import kind_of, refuse_network
from orchestrator.daemon.hello import Hello, Welcome, line_of, read_hello, read_welcome
from orchestrator.daemon.idle import IDLE_TIMEOUT_S, idle_timeout_s

MOUNTS = """\
22 1 0:21 / / rw,relatime shared:1 - 9p root rw
30 22 0:30 / {point} rw,relatime shared:2 - {kind} server:/export rw
31 22 0:31 / {point}/local rw,relatime - ext4 /dev/sda1 rw
broken line
"""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph"])
def test_network_file_systems_are_refused(tmp_path, monkeypatch, kind) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.format(point=tmp_path, kind=kind))
    monkeypatch.setattr("orchestrator.daemon.filesystem._MOUNTS", mounts)
    with pytest.raises(Exception, match=kind) as caught:
        refuse_network(tmp_path / "not" / "there yet")
    assert getattr(caught.value, "code", "") == "network_state_dir"
    assert "ORCHESTRATOR_STATE_DIR" in getattr(caught.value, "hint", "")
    refuse_network(tmp_path / "local" / "state")


def test_the_closest_mount_counts_and_the_root_is_the_machines_own(tmp_path) -> None:
    mounts = MOUNTS.format(point=str(tmp_path / "a b").replace(" ", "\\040"), kind="nfs")
    assert kind_of(tmp_path / "a b" / "c", mounts) == "nfs"
    assert kind_of(tmp_path / "a b" / "local" / "c", mounts) == "ext4"
    assert kind_of(tmp_path, mounts) == ""


def test_lines_are_read_as_they_were_written() -> None:
    hello = Hello("t", "1.2.3", 1, "open", has_stdio=True, ahead_bytes=5)
    assert read_hello(line_of(hello)) == hello
    welcome = Welcome(is_open=False, version="1", protocol=1, code="c", message="m", hint="h")
    assert read_welcome(line_of(welcome)) == welcome
    newer = json.dumps({**json.loads(line_of(welcome)), "mood": "good"}).encode()
    assert read_welcome(newer) == welcome


@pytest.mark.parametrize(
    "change",
    [{"token": 5}, {"protocol": "1"}, {"protocol": True}, {"action": "enter"}, {"ahead_bytes": -1}, {"more": 1},
     {"ahead_bytes": 1 << 40}, {"has_stdio": 1}],
)  # fmt: skip
def test_odd_hellos_are_none(change) -> None:
    fields = json.loads(line_of(Hello("t", "1", 1, "open", has_stdio=False, ahead_bytes=0)))
    assert read_hello(json.dumps({**fields, **change}).encode()) is None


def test_a_card_is_trusted_only_when_it_is_the_users_alone(tmp_path: Path) -> None:
    card = Card(os.getpid(), "/s", "token", "1", 1, "/w")
    path = tmp_path / "server.json"
    assert read_card(path) is None
    write_card(path, card)
    assert read_card(path) == card
    path.chmod(0o644)
    assert read_card(path) is None
    path.chmod(0o600)
    path.write_text("{}")
    assert read_card(path) is None
    write_card(path, card)
    remove_card(path, 1)
    assert path.exists(), "another server's"
    remove_card(path, card.pid)
    assert not path.exists()
    (tmp_path / "real").write_text("{}")
    path.symlink_to(tmp_path / "real")
    assert read_card(path) is None


@pytest.mark.parametrize(("said", "means"), [("2.5", 2.5), ("-1", 0.0), ("soon", IDLE_TIMEOUT_S), ("", IDLE_TIMEOUT_S)])
def test_the_idle_time(monkeypatch, said, means) -> None:
    monkeypatch.setenv("ORCHESTRATOR_IDLE_TIMEOUT_S", said)
    assert idle_timeout_s() == means
