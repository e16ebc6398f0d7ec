"""What any one command may use at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits of one command; None leaves what the server itself runs under.

    `processes` counts processes and threads alive at once in the whole subtree. In a PID namespace the kernel (6.14 and
    later) holds root to it too, at 301 or more, though a command that runs as root and means harm can raise it again;
    elsewhere it is `RLIMIT_NPROC`, to which the kernel does not hold root. The other three count for each process.
    Core dumps are always off.
    """

    processes: int | None = 4_096
    file_size_bytes: int | None = 4 << 30
    open_files: int | None = 4_096
    address_space_bytes: int | None = None
