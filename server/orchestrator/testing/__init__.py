"""For people who write hosts, hooks and rules: builders, temporary workspaces, scripts and virtual time.

The public names of this package are stable; docs/scripted-host.md explains the scripted host that tests use.
"""

from __future__ import annotations

from orchestrator.testing.builders import make_brief, make_plan, make_script, make_task
from orchestrator.testing.paced import PacedJournal
from orchestrator.testing.toolboxes import RecordingToolbox, UnlimitedRoom
from orchestrator.testing.virtual_time import VirtualTimeLoop, real_work, run_virtual
from orchestrator.testing.workspaces import folder_workspace, git_workspace, write_files

__all__ = [
    "PacedJournal",
    "RecordingToolbox",
    "UnlimitedRoom",
    "VirtualTimeLoop",
    "folder_workspace",
    "git_workspace",
    "make_brief",
    "make_plan",
    "make_script",
    "make_task",
    "real_work",
    "run_virtual",
    "write_files",
]
