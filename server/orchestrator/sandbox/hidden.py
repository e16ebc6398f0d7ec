"""Where a user's keys, histories and doors to more power lie: what no command needs to find."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_BELOW_HOME: Final = (
    # Keys and their agents.
    ".ssh", ".gnupg", ".password-store", ".pki", ".local/share/keyrings", ".local/share/kwalletd", ".config/op",
    ".config/Bitwarden CLI", ".config/sops", ".config/age",
    # Clouds, clusters, registries, forges.
    ".aws", ".azure", ".config/gcloud", ".config/doctl", ".config/rclone", ".config/hub", ".config/gh",
    ".config/glab-cli", ".kube", ".docker/config.json", ".config/containers/auth.json", ".terraform.d", ".vault-token",
    ".netrc", ".git-credentials", ".config/git/credentials", ".npmrc", ".pypirc", ".cargo/credentials",
    ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml", ".s3cfg", ".boto", ".pgpass", ".my.cnf",
    ".config/configstore", ".cache/huggingface/token", ".huggingface",
    # Agents and their providers.
    ".local/share/opencode", ".config/opencode", ".claude", ".claude.json", ".codex", ".gemini",
    ".config/github-copilot",
    # Browsers and mail.
    ".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium", ".config/BraveSoftware",
    # Histories, in which keys were typed.
    ".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history", ".mysql_history",
    ".sqlite_history", ".local/share/fish",
)  # fmt: skip

_DOORS: Final = (
    "/run/docker.sock", "/run/containerd", "/run/podman", "/run/crio", "/run/libvirt", "/run/snapd.socket",
    "/run/dbus", "/run/systemd/private", "/tmp/.X11-unix", "/tmp/.ICE-unix",  # noqa: S108 - names of other programs
)  # fmt: skip
"""Sockets by which a command could have others act for it."""


def hidden_places(own: Iterable[Path], environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Real paths of what exists of all that; `own` are folders of the server itself, hidden also before they exist."""
    env = os.environ if environment is None else environment
    home = env.get("HOME", "")
    names = [*_DOORS, f"/run/user/{os.getuid()}", env.get("XDG_RUNTIME_DIR", ""), env.get("SSH_AUTH_SOCK", "")]
    names += [f"{home}/{name}" for name in _BELOW_HOME] if home.startswith("/") else []
    found = {os.path.realpath(name) for name in names if name.startswith("/") and os.path.lexists(name)}
    everything = found | {os.path.realpath(place) for place in own}
    return tuple(sorted(path for path in everything if not _is_below(path, everything)))


def _is_below(path: str, others: Iterable[str]) -> bool:
    return any(path.startswith(other + "/") for other in others)
