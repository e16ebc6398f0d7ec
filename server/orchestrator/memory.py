"""How much of the memory is used: of the control group's where it has a limit, else of the machine's."""

from __future__ import annotations

from pathlib import Path

_PROC = Path("/proc")
_GROUPS = Path("/sys/fs/cgroup")


def memory_share(proc: Path = _PROC, groups: Path = _GROUPS) -> float | None:
    """The larger of both shares, from 0 to 1; None where this system does not tell (it needs Linux' /proc)."""
    shares = [share for share in (_machine(proc), _group(proc, groups)) if share is not None]
    return max(shares, default=None)


def _machine(proc: Path) -> float | None:
    try:
        lines = (proc / "meminfo").read_text().splitlines()
        sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
        return 1 - sizes["MemAvailable"] / sizes["MemTotal"]
    except (OSError, ValueError, KeyError, IndexError, ZeroDivisionError):
        return None


def _group(proc: Path, groups: Path) -> float | None:
    """Of version 2 groups, the tightest one on the way up; file pages that can be dropped at once do not count."""
    try:
        line = next(line for line in (proc / "self" / "cgroup").read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return None
    shares: list[float] = []
    group = groups / line.removeprefix("0::").strip("/")
    while group.is_relative_to(groups):
        try:
            limit = int((group / "memory.max").read_text())
            used = int((group / "memory.current").read_text())
            stat = dict(row.split(maxsplit=1) for row in (group / "memory.stat").read_text().splitlines())
            shares.append((used - int(stat.get("inactive_file", 0))) / limit)
        except (OSError, ValueError, ZeroDivisionError):
            pass  # "max", or the root group, which has no such files
        group = group.parent
    return max(shares, default=None)
