"""The archive: files of compressed events, and the table that names them with the ends of their chains.

A segment holds every event from its first to its last, with their hashes. Events of missions that have not ended stay
in the database as well. A dropped segment's row stays: the chain goes on behind it, from the hash that the row names.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw
import msgspec

from orchestrator.journal.codec import link
from orchestrator.journal.faults import corrupt
from orchestrator.journal.files import read_bounded, replace_synced
from orchestrator.journal.head import Head
from orchestrator.journal.schema import Row
from orchestrator.journal.sqlite import run

MAX_SEGMENT_EVENTS = 20_000
MAX_SEGMENT_BYTES = 8 * 1024 * 1024
"""Bodies of a segment, except for the last one's, which may be larger."""
_MAX_RAW_BYTES = 64 * 1024 * 1024
_ROWS = msgspec.msgpack.Decoder(list[Row])


@dataclass(frozen=True, slots=True)
class Segment:
    """Events `first_seq` to `last_seq`; `previous` is the hash before the first, `hash` the last one's.

    `drop_number` counts the segments as they were dropped, from 1; 0 for one that is there.
    """

    first_seq: int
    last_seq: int
    previous: bytes
    hash: bytes
    size_bytes: int
    drop_number: int = 0

    @property
    def is_dropped(self) -> bool:
        """Whether retention has taken the file away."""
        return self.drop_number > 0

    @property
    def before(self) -> Head:
        """Where the chain stands before the first event."""
        return Head(self.first_seq - 1, self.previous)

    @property
    def end(self) -> Head:
        """Where the chain stands after the last event."""
        return Head(self.last_seq, self.hash)


def archive_folder(journal: Path) -> Path:
    """Where the segments of a journal are kept."""
    return journal.parent / "archive"


def segment_path(journal: Path, segment: Segment) -> Path:
    """The file of a segment."""
    return archive_folder(journal) / f"{segment.first_seq:012d}-{segment.last_seq:012d}.events"


def select_segments(connection: apsw.Connection, *, after_seq: int = 0) -> list[Segment]:
    """The segments with events behind `after_seq`, oldest first. Raises apsw.Error."""
    query = """
        SELECT first_seq, last_seq, previous, hash, size_bytes, drop_number FROM segments
        WHERE last_seq > ? ORDER BY first_seq
    """
    return [Segment(*row) for row in run(connection, query, (after_seq,))]


def archived_up_to(connection: apsw.Connection) -> Head:
    """The end of the newest segment. Raises apsw.Error."""
    query = "SELECT last_seq, hash FROM segments ORDER BY last_seq DESC LIMIT 1"
    row = next(iter(run(connection, query)), None)
    return Head(*row) if row else Head()


def dropped_digest(segments: list[Segment]) -> str:
    """What the head says about the dropped ones: "" as long as there is none."""
    dropped = [item for item in segments if item.is_dropped]
    text = b"".join(b"%d %d %b %b\n" % (item.first_seq, item.last_seq, item.previous, item.hash) for item in dropped)
    return hashlib.sha256(text).hexdigest()[:32] if dropped else ""


def is_drop_known(journal: Path, segments: list[Segment], head: Head) -> bool:
    """Whether the head knows what was dropped.

    It is told after the database and before the file goes, so a crash may leave it one behind, with the file there.
    """
    newest = max(segments, key=lambda item: item.drop_number, default=None)
    if head.dropped == dropped_digest(segments):
        return True
    if newest is None or not segment_path(journal, newest).exists():
        return False
    return head.dropped == dropped_digest([item for item in segments if item is not newest])


def store_segment(journal: Path, rows: list[Row], previous: bytes) -> Segment:
    """Write these events, at least one, as a file that lasts. Raises OSError."""
    content = zlib.compress(msgspec.msgpack.encode(rows))
    segment = Segment(rows[0][0], rows[-1][0], previous, rows[-1][5], len(content))
    replace_synced(segment_path(journal, segment), content)
    return segment


def read_segment(journal: Path, segment: Segment) -> list[Row]:
    """The events of a segment, as they are in its file.

    Raises JournalError `journal_corrupt` when they can't be read, OSError when the file can't.
    """
    path = segment_path(journal, segment)
    try:
        packed = zlib.decompressobj().decompress(read_bounded(path, _MAX_RAW_BYTES), _MAX_RAW_BYTES)
        return _ROWS.decode(packed)
    except (zlib.error, ValueError) as error:
        raise corrupt(journal, f"its archive {path.name} can't be read: {error}") from error


def load_segment(journal: Path, segment: Segment) -> list[Row]:
    """The events of a segment, their chain followed from end to end.

    Raises JournalError `journal_corrupt` when they are not what was archived, OSError when the file can't be read.
    """
    rows = read_segment(journal, segment)
    last = segment.before
    for row in rows:
        last = follow(journal, last, row)
    if last != segment.end:
        name = segment_path(journal, segment).name
        raise corrupt(journal, f"its archive {name} ends with event {last.seq}, not {segment.last_seq}")
    return rows


def follow(journal: Path, last: Head, row: Row) -> Head:
    """The end of the chain after `row`. Raises JournalError `journal_corrupt` when it does not follow from `last`."""
    seq, stored = row[0], row[5]
    if seq != last.seq + 1 or link(last.hash, row[:4], row[4]) != stored:
        raise corrupt(journal, f"event {seq} does not follow from event {last.seq}")
    return Head(seq, stored)


def bounded(rows: Iterator[Row]) -> list[Row]:
    """As many of the rows as one segment takes."""
    taken: list[Row] = []
    size_bytes = 0
    for row in rows:
        taken.append(row)
        size_bytes += len(row[4])
        if len(taken) >= MAX_SEGMENT_EVENTS or size_bytes >= MAX_SEGMENT_BYTES:
            break
    return taken
