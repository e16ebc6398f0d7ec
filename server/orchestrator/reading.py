"""The composition root of commands that only read a workspace's journal, also while a server owns it."""

from __future__ import annotations

from pathlib import Path

from orchestrator.config.places import Places, places
from orchestrator.domain.mission import Mission
from orchestrator.errors import OrchestratorError
from orchestrator.journal.audit import AuditReport, audit
from orchestrator.journal.reader import JournalReader


def read_missions(folder: Path) -> list[Mission]:
    """The missions of the workspace that holds `folder`, oldest first; none when no server has ever run there."""
    where = existing_places(folder)
    if not where.journal.exists():
        return []
    with JournalReader(where.journal) as reader:
        return [reader.mission(mission_id) for mission_id in reader.mission_ids()]


def audit_journal(folder: Path) -> AuditReport:
    """Verify the journal of the workspace that holds `folder`. Raises OrchestratorError when there is none."""
    where = existing_places(folder)
    if not where.journal.exists():
        raise OrchestratorError("no_journal", f"{where.root} has no journal", "no mission has run here yet")
    return audit(where.journal)


def existing_places(folder: Path) -> Places:
    """The places of a workspace. Raises OrchestratorError `no_such_workspace` when the folder does not exist."""
    if not folder.is_dir():
        code = "not_a_folder" if folder.exists() else "no_such_workspace"
        what = "is not a folder" if folder.exists() else "does not exist"
        raise OrchestratorError(code, f"{folder} {what}", "name an existing folder with --workspace")
    return places(folder)


def find_mission(missions: list[Mission], wanted: str) -> Mission:
    """The mission with this id or unique beginning of one; the newest for "". Raises OrchestratorError."""
    matching = [mission for mission in missions if mission.id.removeprefix("m-").startswith(wanted.removeprefix("m-"))]
    if not matching:
        what = f"there is no mission {wanted!r}" if wanted else "there is no mission yet"
        raise OrchestratorError("unknown_mission", what, "orchestrator status lists them")
    exact = [mission for mission in matching if mission.id == wanted]
    if wanted and len(matching) > 1 and not exact:
        raise OrchestratorError("ambiguous_mission", f"{wanted!r} fits {len(matching)} missions", "give more of it")
    return (exact or matching)[-1]
