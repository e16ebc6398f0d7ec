"""The real server of a workspace with little memory: ended missions leave it, and the journal, at once.

`ROOT kept`: missions are forgotten. `ROOT archived`: their events are archived too. `ROOT dropped`: the archive has no
room for them. `ROOT unlisted`: only the newest is listed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orchestrator import app
from orchestrator.engine import restoring, service
from orchestrator.journal.keeper import Keeping
from orchestrator.serving import serve_workspace

root, way = Path(sys.argv[1]), sys.argv[2]
restoring.MAX_FINISHED_TASKS = 1
if way == "unlisted":
    service._LISTED = 1
if way in {"archived", "dropped"}:
    room_bytes = 0 if way == "dropped" else 1 << 30
    keeping = Keeping(archive_after_s=0.0, archive_bytes=room_bytes, snapshot_events=1, interval_s=0.05)
    app._keeping = lambda _config: keeping
sys.exit(serve_workspace(root, os.dup(1)))
