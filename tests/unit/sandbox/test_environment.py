"""Which variables a command sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.sandbox.environment import is_secret, scrubbed_environment


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "GITHUB_TOKEN", "MY_SECRET", "DB_PASSWORD", "AWS_PROFILE", "SSH_AUTH_SOCK", "pgpassword",
     "SENTRY_DSN", "NPM_CONFIG_REGISTRY", "SESSION_ID", "MYSQL_PASS"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "value",
    ["postgres://user:hunter2@db/x", "-----BEGIN RSA PRIVATE KEY-----", "sk-abcdefghijklmnopqrst", "ghp_" + "a" * 36],
)
def test_values_of_secrets(value: str) -> None:
    assert is_secret("HARMLESS", value)


@pytest.mark.parametrize("name", ["PATH", "LANG", "LC_ALL", "HOME", "PYTHONPATH", "CI", "PWD"])
def test_ordinary_names_are_no_secrets(name: str) -> None:
    assert not is_secret(name, "https://example.org/a:b")


def test_only_named_variables_pass() -> None:
    source = {
        "PATH": "/bin", "HOME": "/home/u", "LC_ALL": "C", "RANDOM_THING": "1", "WANTED": "2", "API_KEY": "3",
        "TMPDIR": "/elsewhere", "TERM": "xterm", "LD_PRELOAD": "/evil.so",
    }  # fmt: skip
    environment = scrubbed_environment({"CI": "1", "X_TOKEN": "t"}, allowed=["WANTED", "API_KEY"], source=source)
    assert environment == {
        "PATH": "/bin", "HOME": "/home/u", "LC_ALL": "C", "WANTED": "2", "CI": "1", "TERM": "dumb",
    }  # fmt: skip


def test_home_and_temporary_folder_can_be_given() -> None:
    environment = scrubbed_environment(home="/h", temporary="/t", source={"HOME": "/home/u"})
    assert environment["HOME"] == "/h"
    assert environment["TMPDIR"] == "/t"
    assert environment["PATH"].startswith("/")


def test_tool_chains_below_the_old_home_stay_reachable(tmp_path: Path) -> None:
    (tmp_path / ".rustup").mkdir()
    environment = scrubbed_environment(home="/h", source={"HOME": str(tmp_path), "PYENV_ROOT": "/p"})
    assert environment["RUSTUP_HOME"] == str(tmp_path / ".rustup")
    assert environment["PYENV_ROOT"] == "/p"
    assert "NVM_DIR" not in environment
