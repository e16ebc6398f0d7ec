"""The composition root of commands that only read a workspace's journal, also while a server owns it.

The journal itself is loaded when it is read: most commands find a server that runs, and never do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.config.places import Places, places
from orchestrator.errors import OrchestratorError

if TYPE_CHECKING:
    from orchestrator.domain.mission import Mission
    from orchestrator.journal.audit import AuditReport
    from orchestrator.ports.journal import Recorded

_PAGE = 1_000


def read_missions(folder: Path) -> list[Mission]:
    """The missions of the workspace that holds `folder`, oldest first; none when no server has ever run there."""
    where = existing_places(folder)
    if not where.journal.exists():
        return []
    from orchestrator.journal.reader import JournalReader  # noqa: PLC0415 - see above

    with JournalReader(where.journal) as reader:
        return [reader.mission(mission_id) for mission_id in reader.mission_ids()]


def read_events(folder: Path, mission_id: str) -> Iterator[Recorded]:
    """The events of one mission, oldest first. Raises JournalError when there is no journal, or it can't be read."""
    from orchestrator.journal.reader import JournalReader  # noqa: PLC0415 - see above

    last_seq = 0
    with JournalReader(existing_places(folder).journal) as reader:
        while page := reader.read(after_seq=last_seq, mission_id=mission_id, limit=_PAGE):
            yield from page
            last_seq = page[-1].seq


def read_summary(folder: Path, mission: Mission) -> str:
    """The story of a mission, as Markdown."""
    from orchestrator.journal.summary import render_summary  # noqa: PLC0415 - see above

    return render_summary(mission, list(read_events(folder, mission.id)))


def read_page(folder: Path, mission: Mission) -> str:
    """The same as one HTML file."""
    from orchestrator.journal.page import render_page  # noqa: PLC0415 - see above

    return render_page(mission, list(read_events(folder, mission.id)))


def audit_journal(folder: Path) -> AuditReport:
    """Verify the journal of the workspace that holds `folder`, and the readable files that are made from it.

    Raises OrchestratorError when there is none.
    """
    from orchestrator.journal.audit import audit  # noqa: PLC0415 - see above
    from orchestrator.journal.comparing import differing  # noqa: PLC0415 - see above

    where = existing_places(folder)
    if not where.journal.exists():
        raise OrchestratorError("no_journal", f"{where.root} has no journal", "no mission has run here yet")
    report = audit(where.journal, partial(_unproven, where))
    if report.is_intact and (said := differing(where.root, where.todo_base, where.journal)):
        return replace(report, is_intact=False, code="projection_differs", problem=said)
    return report


def _unproven(where: Places, mission: Mission) -> list[str]:
    """What the receipts of a mission speak of and is not there: their trees and the outputs of their commands."""
    receipts = [receipt for report in mission.seal_reports.values() for receipt in report.receipts]
    receipts += mission.seal.receipts if mission.seal else ()
    if not receipts:
        return []
    import pygit2  # noqa: PLC0415 - loads git for an audit alone

    from orchestrator.workspace.tidying import dropped_missions  # noqa: PLC0415 - as above

    if mission.id in dropped_missions(where.shadow):
        return []
    shadow = pygit2.Repository(str(where.shadow)) if where.shadow.exists() else None
    missing: list[str] = []
    for receipt in dict.fromkeys(receipts):
        if shadow is None or receipt.tree not in shadow:
            missing.append(f"tree {receipt.tree[:12]} of check {receipt.check} is gone from {where.shadow}")
        if receipt.output_digest and not (where.outputs / receipt.output_digest).is_file():
            missing.append(
                f"the output {receipt.output_digest[:12]} of check {receipt.check} is gone from {where.outputs}"
            )
    return missing


def existing_places(folder: Path) -> Places:
    """The places of a workspace. Raises OrchestratorError `no_such_workspace` when the folder does not exist."""
    if not folder.is_dir():
        code = "not_a_folder" if folder.exists() else "no_such_workspace"
        what = "is not a folder" if folder.exists() else "does not exist"
        raise OrchestratorError(code, f"{folder} {what}", "name an existing folder with --workspace")
    return places(folder)


def lone_owner(where: Places) -> int:
    """The process that owns the workspace's journal now; 0 when none does, or this system does not tell.

    Where no server answers, that is one for a single client. Read from /proc/locks (proc(5)): to try the lock itself
    would keep a server that starts meanwhile from taking it.
    """
    try:
        inode = where.journal.with_suffix(".lock").stat().st_ino
        held = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    for line in held:
        fields = line.split()
        if fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
            return int(fields[4])
    return 0


def find_mission(missions: Sequence[Mission], wanted: str) -> Mission:
    """The mission with this id or unique beginning of one; the newest for "". Raises OrchestratorError."""
    by_id = {mission.id: mission for mission in missions}
    return by_id[find_id(list(by_id), wanted)]


def find_id(ids: Sequence[str], wanted: str) -> str:
    """The id that is, or alone begins with, `wanted`, with or without "m-"; the last one for "".

    Raises OrchestratorError `unknown_mission` or `ambiguous_mission`.
    """
    if wanted in ids:
        return wanted
    matching = [known for known in ids if known.removeprefix("m-").startswith(wanted.removeprefix("m-"))]
    if not matching:
        what = f"there is no mission {wanted!r}" if wanted else "there is no mission yet"
        raise OrchestratorError("unknown_mission", what, "orchestrator status lists them")
    if wanted and len(matching) > 1:
        raise OrchestratorError("ambiguous_mission", f"{wanted!r} fits {len(matching)} missions", "give more of it")
    return matching[-1]
