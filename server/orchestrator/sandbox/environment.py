"""The environment of commands: little, named, and nothing that looks like a secret."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_PASSED = frozenset({
    "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL",
    # Where tools are installed; without these a version manager finds none of them.
    "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "GOROOT", "GOPATH", "GOCACHE", "JAVA_HOME", "NVM_DIR",
    "PYENV_ROOT", "PYENV_VERSION", "VIRTUAL_ENV", "CONDA_PREFIX",
    # Certificates of a company network.
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
})  # fmt: skip

_BELOW_HOME = {"RUSTUP_HOME": ".rustup", "PYENV_ROOT": ".pyenv", "NVM_DIR": ".nvm"}

_SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASSW|PASSPHRASE|PASSCODE|PWD_|_PASS$|^PASS$|CREDENTIAL|AUTH|COOKIE|SESSION|PRIVATE|SIGNATURE"
    r"|_DSN$|_PAT$|^(AWS|AZURE|GCP|GOOGLE|GH|GITHUB|GITLAB|OPENAI|ANTHROPIC|HF|NPM|PYPI|TWINE|DOCKER|VAULT|STRIPE)_",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"://[^/\s@:]*:[^/\s@]+@"  # a password in an address
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|AKIA[A-Z0-9]{16}|xox[abprs]-[\w-]{10,})"
)


def is_secret(name: str, value: str = "") -> bool:
    """Whether a variable looks like a secret, by its name or its value. Errs on the side of yes."""
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))


def scrubbed_environment(
    extra: Mapping[str, str] | None = None,
    *,
    home: str | None = None,
    temporary: str | None = None,
    allowed: Iterable[str] = (),
    source: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The whole environment of a command.

    From `source` (default: the server's own) come locale, time zone, PATH, the places of tool chains and the names in
    `allowed`; then `extra` on top. Whatever looks like a secret is left out, wherever it comes from. `home` replaces
    HOME; tool chains in the old one stay reachable. TMPDIR is set only by `temporary`: without it a confined command
    gets a private folder from the launcher.
    """
    origin = os.environ if source is None else source
    names = _PASSED | frozenset(allowed)
    environment = {name: value for name, value in origin.items() if name in names or name.startswith("LC_")}
    environment.setdefault("PATH", _DEFAULT_PATH)
    if home is not None and "HOME" in origin:
        environment = _tool_chains(Path(origin["HOME"])) | environment
    environment |= {"TERM": "dumb"} | dict(extra or {})
    if home is not None:
        environment["HOME"] = home
    if temporary is not None:
        environment["TMPDIR"] = temporary
    return {name: value for name, value in environment.items() if not is_secret(name, value)}


def _tool_chains(home: Path) -> dict[str, str]:
    """Where version managers look below HOME when nothing is said: without it their programs do not start."""
    places = {name: home / folder for name, folder in _BELOW_HOME.items()}
    return {name: str(place) for name, place in places.items() if place.is_dir()}
