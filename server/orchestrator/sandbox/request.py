"""A command in the launcher's own words: length, then `key NUL value NUL` pairs (see the launcher's protocol)."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import fields
from typing import Literal

from orchestrator.ports.launcher import Command, LauncherError
from orchestrator.sandbox.limits import Limits
from orchestrator.sandbox.policy import Policy

Isolation = Literal["auto", "pidns", "subreaper"]
"""`auto` takes a PID namespace where it can be had; `pidns` demands one; `subreaper` does without."""

REQUEST_CAP_BYTES = 4 << 20
LONGEST_TIMEOUT_S = 7 * 24 * 3600.0


def encode_request(command: Command, policy: Policy, *, limits: Limits, isolation: Isolation, grace_s: float) -> bytes:
    """The framed request. Raises LauncherError `invalid_command` for what no kernel would take."""
    _check(command)
    body = bytearray()
    for key, value in (*_pairs(command, limits, isolation, grace_s), *_policy_pairs(command, policy)):
        encoded = os.fsencode(value)
        if b"\0" in encoded:
            raise _invalid(f"its {_MEANING.get(key, key)} holds a NUL byte")
        body += key.encode() + b"\0" + encoded + b"\0"
    if len(body) > REQUEST_CAP_BYTES:
        raise _invalid(f"arguments and environment take {len(body)} bytes, more than {REQUEST_CAP_BYTES}")
    return struct.pack("<I", len(body)) + bytes(body)


_MEANING = {"arg": "argument list", "env": "environment", "write": "list of writable folders", "cwd": "folder"}


def _pairs(command: Command, limits: Limits, isolation: Isolation, grace_s: float) -> Iterator[tuple[str, str]]:
    for argument in command.argv:
        yield "arg", argument
    for name, value in command.env.items():
        yield "env", f"{name}={value}"
    for folder in command.writable:
        yield "write", folder
    yield "cwd", command.cwd
    yield "timeout_ms", str(max(1, math.ceil(command.timeout_s * 1000)))
    yield "grace_ms", str(math.ceil(grace_s * 1000))
    yield "isolation", isolation
    for field in fields(limits):
        limit = getattr(limits, field.name)
        if limit is not None:
            yield field.name, str(limit)


def _policy_pairs(command: Command, policy: Policy) -> Iterator[tuple[str, str]]:
    yield "network", "allowed" if command.is_network_allowed and policy.is_network_allowed else "denied"
    for word in policy.required:
        yield "require", word
    for path in policy.hidden:
        yield "hide", path


def _check(command: Command) -> None:
    if not command.argv or not command.argv[0]:
        raise _invalid("it names no program")
    if not command.cwd.startswith("/"):
        raise _invalid(f"its folder {command.cwd!r} is not absolute")
    if not 0 < command.timeout_s <= LONGEST_TIMEOUT_S:
        raise _invalid(f"its timeout of {command.timeout_s} s is not between 0 and {LONGEST_TIMEOUT_S:.0f} s")
    for name in command.env:
        if not name or "=" in name:
            raise _invalid(f"{name!r} is no name of an environment variable")


def _invalid(reason: str) -> LauncherError:
    return LauncherError("invalid_command", f"The command cannot be run: {reason}.", "Correct the command.")
