"""Installing into files of every state: backups, links, modes, failures; out again to the byte."""

from __future__ import annotations

import os
from pathlib import Path

import json5
import pytest
from click.testing import CliRunner

from orchestrator.cli.install import command as install_command
from orchestrator.cli.uninstall import command as uninstall_command
from orchestrator.errors import OrchestratorError
from orchestrator.install.opencode import (
    PLUGIN,
    config_file,
    entry,
    install,
    installation,
    installed_entry,
    removal,
    uninstall,
)

FILES = [
    b"{}",
    b'{\n  // mine\n  "plugin": [], // none yet\n}\n',
    b'\xef\xbb\xbf{\r\n\t"model": "a/b",\r\n}\r\n',
    b'{"plugin":["x",]}',
    b'{ "plugin" : [\n\n"x" /* a */ , // b\n\n] }',
    b"",
    b'{"plugin": ["x"], "plugin": []}',
]


def fine() -> None:
    """OpenCode loads it."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """OpenCode's configuration folder, empty; no OpenCode on the PATH."""
    for name in ("OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "opencode").mkdir()
    return tmp_path / "opencode"


@pytest.mark.parametrize("data", FILES)
def test_out_again_to_the_byte(folder: Path, data: bytes) -> None:
    file = folder / "opencode.json"
    file.write_bytes(data)
    install(installation(), fine)
    assert installed_entry() == (file, entry())
    assert not installation().is_needed
    uninstall(removal())
    assert file.read_bytes() == data
    assert not removal().is_needed


@pytest.mark.parametrize("data", FILES)
def test_diagnostics_out_again_to_the_byte(folder: Path, data: bytes) -> None:
    file = folder / "opencode.json"
    file.write_bytes(data)
    install(installation(has_diagnostics=True), fine)
    assert b'"lsp": {"orchestrator": ' in file.read_bytes()
    assert not installation(has_diagnostics=True).is_needed
    assert not installation().is_needed
    uninstall(removal())
    assert file.read_bytes() == data


@pytest.mark.parametrize("before", ['{"lsp": true}', '{"model": "a/b"}'])
def test_language_servers_are_as_before_though_somebody_wrote_meanwhile(folder: Path, before: str) -> None:
    file = folder / "opencode.json"
    file.write_text(before)
    install(installation(has_diagnostics=True), fine)
    file.write_text(file.read_text().rstrip()[:-1] + ', "theme": "x"}')
    uninstall(removal())
    assert json5.loads(file.read_text()) == {"theme": "x", **json5.loads(before)}


def test_a_file_that_was_made_goes_again(folder: Path) -> None:
    install(installation(), fine)
    assert (folder / "opencode.json").stat().st_mode & 0o777 == 0o600
    uninstall(removal())
    assert list(folder.iterdir()) == []


def test_what_somebody_wrote_meanwhile_stays(folder: Path) -> None:
    file = folder / "opencode.json"
    file.write_text('{"model": "a/b"}')
    install(installation(), fine)
    file.write_text(file.read_text().replace("a/b", "c/d"))
    uninstall(removal())
    assert '"c/d"' in file.read_text()
    assert installed_entry()[1] is None


def test_the_file_that_counts(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_file().path == folder / "opencode.json"
    (folder / "opencode.json").write_text("{}")
    (folder / "opencode.jsonc").write_text("{}")
    assert config_file().path == folder / "opencode.jsonc"
    (folder / "opencode.json").write_text('{"plugin": []}')
    assert config_file().path == folder / "opencode.json"
    monkeypatch.setenv("OPENCODE_CONFIG_DIR", str(tmp_path / "elsewhere"))
    assert config_file().path == tmp_path / "elsewhere/opencode.json"
    monkeypatch.setenv("OPENCODE_CONFIG", str(tmp_path / "named.json"))
    assert config_file().path == tmp_path / "named.json"


def test_a_link_stays_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "real.jsonc").write_text("{}")
    (folder / "opencode.json").symlink_to(tmp_path / "real.jsonc")
    install(installation(), fine)
    assert (folder / "opencode.json").is_symlink()
    assert str(PLUGIN) in (tmp_path / "real.jsonc").read_text()


def test_a_read_only_file_is_left_alone(folder: Path) -> None:
    file = folder / "opencode.json"
    file.write_text("{}")
    file.chmod(0o444)
    with pytest.raises(OrchestratorError) as caught:
        install(installation(), fine)
    assert caught.value.code == "unwritable_config"
    assert file.read_text() == "{}"
    assert [path.name for path in folder.iterdir()] == ["opencode.json"]


@pytest.mark.parametrize(
    ("data", "code"), [(b"{", "broken_jsonc"), (b"\xff\xfe{\0}\0", "unreadable_config"), (b"[]", "unfit_config")]
)
def test_a_file_that_can_not_be_read_is_left_alone(folder: Path, data: bytes, code: str) -> None:
    (folder / "opencode.json").write_bytes(data)
    with pytest.raises(OrchestratorError) as caught:
        installation()
    assert caught.value.code == code
    assert (folder / "opencode.json").read_bytes() == data


def test_a_failure_takes_it_back(folder: Path) -> None:
    file = folder / "opencode.json"
    file.write_bytes(FILES[1])
    file.chmod(0o640)

    def failing() -> None:
        assert file.read_bytes() != FILES[1]
        raise OrchestratorError("plugin_not_loaded", "no", "")

    with pytest.raises(OrchestratorError):
        install(installation(), failing)
    assert file.read_bytes() == FILES[1]
    assert file.stat().st_mode & 0o777 == 0o640


def test_somebody_else_was_faster(folder: Path) -> None:
    change = installation()
    (folder / "opencode.json").write_text('{"model": "new"}')
    with pytest.raises(OrchestratorError) as caught:
        install(change, fine)
    assert caught.value.code == "config_changed"


def test_the_last_five_versions_are_kept(folder: Path, state_dir: Path) -> None:
    file = folder / "opencode.json"
    for number in range(8):
        file.write_text(f'{{"n": {number}}}')
        install(installation(), fine)
    backups = sorted(state_dir.glob("install/*/*opencode.json"))
    assert [path.read_text() for path in backups] == [f'{{"n": {number}}}' for number in range(3, 8)]


def test_the_command_shows_before_it_does(folder: Path) -> None:
    run = CliRunner()
    (folder / "opencode.json").write_text('{\n  "model": "a/b"\n}\n')
    shown = run.invoke(install_command, ["opencode", "--dry-run"])
    assert shown.exit_code == 0
    assert [line[0] for line in shown.output.splitlines()[3:]] == [" ", "+", " ", " "]
    assert "plugin" not in (folder / "opencode.json").read_text()
    done = run.invoke(install_command, ["opencode"])
    assert "not checked: there is no opencode on the PATH" in done.output
    assert "already" in run.invoke(install_command, ["opencode"]).output
    assert "-  " in run.invoke(uninstall_command, ["opencode", "--dry-run"]).output
    assert "is out of" in run.invoke(uninstall_command, ["opencode"]).output
    assert "does not stand" in run.invoke(uninstall_command, ["opencode"]).output


def test_nothing_is_done_in_ci(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    assert "nothing was installed" in CliRunner().invoke(install_command, ["opencode"]).output
    assert list(folder.iterdir()) == []


def test_an_opencode_that_does_not_run_it_takes_it_back(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "opencode-program" / "opencode"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho '{}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    done = CliRunner().invoke(install_command, ["opencode"])
    assert isinstance(done.exception, OrchestratorError)
    assert done.exception.code == "plugin_not_loaded"
    assert list(folder.iterdir()) == []
