"""The values of this process's own secret-looking environment variables, which need no form to be told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:[A-Z0-9]*KEY|[A-Z0-9]*TOKEN|SECRETS?|[A-Z]*PASSWORD|PASSWD|PASSPHRASE|PASSCODE|PASS|[A-Z]*PWD"
    r"|CREDENTIALS?|COOKIE|PAT|DSN|WEBHOOK|SIGNATURE)(?:_|\d|$)"
)
_NO_SECRET_NAME = re.compile(r"^(?:PWD|OLDPWD)$|PUBLIC|KEYBOARD|KEYMAP|_KEY_ID$|_FILE$|_PATH$|_DIR$|_URL$|_NAME$|_TTL$")
_NO_SECRET_VALUE = re.compile(r"[~.]{0,2}/[\w./ -]*|[a-z]+://[^@]*|[\d.,:]{1,11}|[A-Za-z]{1,11}|[a-z-]{1,15}|(.)\1*")
MIN_CHARACTERS = 8
"""Shorter values would be found by chance in ordinary text."""


def secrets_of(environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """The values to look for, longest first: of variables whose name says secret and whose value could be one.

    A value of several lines is looked for line by line.
    """
    found: set[bytes] = set()
    for name, value in environment.items():
        if _SECRET_NAME.search(name.upper()) and not _NO_SECRET_NAME.search(name.upper()):
            found.update(_lines(value))
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def _lines(value: str) -> Iterable[bytes]:
    lines = [line.strip() for line in value.splitlines()]
    least = MIN_CHARACTERS if len(lines) == 1 else 2 * MIN_CHARACTERS
    for line in lines:
        if len(line) >= least and not _NO_SECRET_VALUE.fullmatch(line) and not line.startswith("-----"):
            yield line.encode("utf-8", "surrogateescape")


@cache
def own_secrets() -> tuple[bytes, ...]:
    """The values of this process's environment as it was at the first call."""
    return secrets_of(os.environ)
