"""What every command of a server is held to, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """`required` are words that the level of confinement must hold: where one is missing, no command runs.

    `hidden` are absolute paths of folders and files that a command with writable folders does not find, where the level
    is `private`; writable folders below them stay. `is_network_allowed` holds together with the command's own.
    """

    required: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    is_network_allowed: bool = True
