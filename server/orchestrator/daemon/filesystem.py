"""State directories on network file systems are refused: locks and the journal are not safe there."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.errors import OrchestratorError

_NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs",
        "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "virtiofs",
    }
)  # fmt: skip
"""Types as they stand in /proc/self/mountinfo (proc(5)). Other FUSE file systems are mostly local ones."""
_MOUNTS = Path("/proc/self/mountinfo")
_escaped = re.compile(r"\\([0-7]{3})")


def refuse_network(folder: Path) -> None:
    """Raises OrchestratorError `network_state_dir` when a folder, which need not exist, is on a network file system."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = kind_of(folder, mounts)
    if kind in _NETWORK:
        raise OrchestratorError(
            "network_state_dir",
            f"the state directory {folder} is on a network file system ({kind}), where locks and journal are not safe",
            "set ORCHESTRATOR_STATE_DIR to a folder on a local disk",
        )


def kind_of(folder: Path, mounts: str) -> str:
    """The type of the file system that holds `folder`; "" for the machine's root and for unknown ones."""
    real = folder.resolve()
    best, kind = 0, ""
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = Path(_escaped.sub(lambda found: chr(int(found[1], 8)), fields[4]))
        if len(point.parts) > 1 and len(point.parts) >= best and real.is_relative_to(point):
            best, kind = len(point.parts), kinds[0]
    return kind
