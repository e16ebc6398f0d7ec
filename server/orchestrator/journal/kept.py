"""Missions while they are folded: their state, and where their events lie."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

import orchestrator.domain
from orchestrator.domain.evolve import evolve
from orchestrator.domain.mission import Mission
from orchestrator.journal.codec import pack, unpack
from orchestrator.journal.schema import Row, recorded
from orchestrator.ports.journal import JournalError, MissionSummary

MAX_TEXT = 500
"""Longest text in a summary."""
_DIGEST_BYTES = 32


@dataclass(slots=True)
class Kept:
    """A mission and what its events say about themselves; sequence numbers, and times in milliseconds."""

    first_seq: int = 0
    last_seq: int = 0
    event_count: int = 0
    first_ms: int = 0
    last_ms: int = 0
    mission: Mission = field(default_factory=Mission)

    def follow(self, row: Row) -> None:
        """Apply the next event. Raises JournalError `journal_corrupt` for one that does not fit."""
        item = recorded(row)
        try:
            evolve(self.mission, item.event)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            text = f"event {row[0]} ({row[3]}) does not fit its mission: {type(error).__name__}: {error}"
            raise JournalError("journal_corrupt", text, "run `orchestrator audit`") from error
        if not self.event_count:
            self.first_seq, self.first_ms = row[0], row[2]
        self.last_seq, self.last_ms = row[0], row[2]
        self.event_count += 1

    def summary(self, mission_id: str) -> MissionSummary:
        """The mission in short."""
        mission = self.mission
        return MissionSummary(
            id=mission_id,
            text=mission.text[:MAX_TEXT],
            status=mission.status,
            end_code=mission.end_code,
            end_reason=mission.end_reason[:MAX_TEXT],
            is_delivered=mission.is_delivered,
            delivered_place=mission.delivered_place,
            host=mission.host,
            task_count=len(mission.tasks),
            counts=dict(sorted(Counter(task.status.value for task in mission.tasks.values()).items())),
            first_seq=self.first_seq,
            last_seq=self.last_seq,
            event_count=self.event_count,
            first_s=self.first_ms / 1000,
            last_s=self.last_ms / 1000,
        )


_KEPT = msgspec.json.Decoder(Kept)
_SUMMARY = msgspec.json.Decoder(MissionSummary)


def freeze(mission_id: str, kept: Kept) -> bytes:
    """A state as bytes, behind a digest of them and of whose they are."""
    body = pack(kept)
    return _digest(mission_id, body) + body


def thaw(mission_id: str, frozen: bytes) -> Kept:
    """What `freeze` wrote for this mission. Raises ValueError for anything else."""
    digest, body = frozen[:_DIGEST_BYTES], frozen[_DIGEST_BYTES:]
    if _digest(mission_id, body) != digest:
        raise ValueError("a stored state is not what was written")
    return unpack(body, _KEPT)


def _digest(mission_id: str, body: bytes) -> bytes:
    return hashlib.sha256(b"%b\n%b" % (mission_id.encode(), body)).digest()


def freeze_summary(summary: MissionSummary) -> bytes:
    """A summary as bytes."""
    return pack(summary)


def thaw_summary(frozen: bytes) -> MissionSummary:
    """What `freeze_summary` wrote. Raises JournalError `journal_corrupt` for anything else."""
    try:
        return unpack(frozen, _SUMMARY)
    except ValueError as error:
        raise JournalError("journal_corrupt", f"a mission's summary does not fit: {error}") from error


def fingerprint(folder: Path | None = None) -> bytes:
    """A digest of the code that decides what folding gives: whoever changes a rule makes every stored state old.

    `folder` holds the sources; None means those of the domain.
    """
    sources = folder or Path(orchestrator.domain.__path__[0])
    digest = hashlib.sha256()
    for path in sorted(sources.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()
