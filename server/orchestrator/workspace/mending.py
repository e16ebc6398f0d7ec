"""What a crash of the machine leaves in the shadow repository: objects and refs whose content never reached the disk.

A server that is killed leaves none, because the kernel outlives it. So this is looked at once after each boot. Nothing
that the journal speaks of is among them: objects are synced before an event names them, and refs are put back from it.
Git takes an object whose file exists for written, so one that is damaged would stay damaged for ever.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from orchestrator.workspace.atomic import TEMP_PREFIX
from orchestrator.workspace.lasting import sync_path

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_SEEN: Final = "orchestrator-boot"
_REF: Final = re.compile(rb"[0-9a-f]{40}\n\Z")


def mend_after_boot(shadow: Path) -> None:
    """Remove damaged loose objects and refs, unless this boot has seen it done. Raises OSError."""
    boot = _boot_id()
    seen = shadow / _SEEN
    if boot and seen.is_file() and seen.read_text("ascii", "replace") == boot:
        return
    for path in (shadow / "objects").glob("??/*"):
        if path.name.startswith("tmp_obj") or not _is_whole(path):
            path.unlink()
    for path in (shadow / "refs").rglob("*"):
        if path.is_file() and not _REF.match(path.read_bytes()):
            path.unlink()
    for path in (*shadow.glob(f"{TEMP_PREFIX}*"), *(shadow / "objects").glob("tmp_obj*")):
        path.unlink()
    seen.write_text(boot)
    sync_path(seen)


def _boot_id() -> str:
    """Differs from boot to boot; "" where the system does not say, and then it is always looked."""
    with suppress(OSError):
        return _BOOT_ID.read_text("ascii").strip()
    return ""


def _is_whole(path: Path) -> bool:
    """Whether a loose object is the one that its name says."""
    try:
        content = zlib.decompress(path.read_bytes())
    except (zlib.error, OSError):
        return False
    return hashlib.sha1(content, usedforsecurity=False).hexdigest() == f"{path.parent.name}{path.name}"
