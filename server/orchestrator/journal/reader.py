"""Reading a journal beside a running server, or after one that died."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import apsw

from orchestrator.domain.mission import Mission
from orchestrator.journal.faults import FAULTS, translate
from orchestrator.journal.history import History
from orchestrator.journal.restoring import refolded, restore, summarized
from orchestrator.journal.schema import complete, connect_read_only, recorded, select_missions
from orchestrator.journal.sqlite import transaction
from orchestrator.ports.journal import JournalError, MissionSummary, Recorded, Restored


class JournalReader:
    """A read-only view for the command line; a context manager. Takes no lock and changes no event.

    Opening raises JournalError `journal_missing`, `journal_unwritable` (can't be opened), `journal_corrupt` or
    `journal_too_new`; every method raises `journal_corrupt` when it meets a damaged page or event.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal at `path`, which must exist."""
        if not path.exists():
            hint = "run a mission in this workspace first"
            raise JournalError("journal_missing", f"there is no journal at {path}", hint)
        self._path = path
        with self._translated("open"):
            self._connection: apsw.Connection = connect_read_only(path)
            try:
                complete(self._connection)
            except BaseException:
                self._connection.close()
                raise
        self._history = History(self._connection, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; harmless when done twice."""
        self._connection.close()

    def read(self, *, after_seq: int = 0, mission_id: str = "", limit: int = 1_000) -> list[Recorded]:
        """Events with a greater sequence number, oldest first, of one mission or ("") of all."""
        with self._translated("read"):
            found = self._history.rows(after_seq=after_seq, mission_id=mission_id, limit=max(limit, 0))
            return [recorded(row) for row in found]

    def mission_ids(self) -> list[str]:
        """Every mission of the journal, oldest first."""
        with self._translated("read"):
            return select_missions(self._connection)

    def mission(self, mission_id: str) -> Mission:
        """The mission as its events say it is; one without events has the id ""."""
        with self._translated("read"):
            return refolded(self._history, mission_id)

    def load(self, *, max_finished_tasks: int = 1_000) -> Restored:
        """The missions that a server would have in memory."""
        with self._translated("read"):
            return restore(self._history, max_finished_tasks)

    def summaries(self, *, limit: int = 1_000) -> list[MissionSummary]:
        """The newest missions, oldest of them first."""
        with self._translated("read"):
            return summarized(self._history, limit)

    @contextmanager
    def view(self) -> Generator[History]:
        """Everything as it is at one moment, for an audit."""
        with self._translated("read"), transaction(self._connection, "DEFERRED"):
            yield self._history

    @contextmanager
    def _translated(self, doing: str) -> Generator[None]:
        try:
            yield
        except FAULTS as error:
            raise translate(error, self._path, doing) from error
