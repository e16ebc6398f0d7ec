"""The one owner of a mission's state: decides, applies, records, publishes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

import anyio

from orchestrator.domain.commands import AcceptMission, Command, Fact, Note
from orchestrator.domain.decide import decide
from orchestrator.domain.events import Event
from orchestrator.domain.evolve import evolve
from orchestrator.domain.mission import Mission
from orchestrator.engine.publisher import Publisher
from orchestrator.engine.redacting import redacted
from orchestrator.ports.journal import Journal


class Ledger:
    """A mission and its way to the journal.

    `do` returns once the events are committed and published. Deciding and applying happen at once, without a wait
    between them, so every rule sees all that was decided before; the journal keeps the order of the calls.
    """

    def __init__(self, journal: Journal, publisher: Publisher, mission: Mission) -> None:
        """Own `mission`, new or folded from the journal."""
        self._journal = journal
        self._publisher = publisher
        self._changed = anyio.Event()
        self._observers: list[Callable[[Event], None]] = []
        self.mission = mission

    @contextmanager
    def observed(self, observer: Callable[[Event], None]) -> Generator[None]:
        """Call `observer` for every event right after it was applied, before it is on disk; it must not raise."""
        self._observers.append(observer)
        try:
            yield
        finally:
            self._observers.remove(observer)

    async def changed_since(self, version: int) -> None:
        """Wait until the mission's version is another one."""
        while self.mission.version == version:
            await self._changed.wait()

    async def do(self, *commands: Command) -> list[Event]:
        """Carry the commands out as one transaction; RuleViolation when one is refused (those before it stand).

        Raises JournalError when the events could not be written; the mission must then not go on.
        """
        events: list[Event] = []
        mission_id = self.mission.id
        try:
            for command in commands:
                if isinstance(command, AcceptMission):
                    mission_id = command.mission_id
                decided = [redacted(event) for event in decide(self.mission, command)]
                for event in decided:
                    evolve(self.mission, event)
                    for observer in self._observers:
                        observer(event)
                events.extend(decided)
        finally:
            if events:
                changed, self._changed = self._changed, anyio.Event()
                changed.set()
                with anyio.CancelScope(shield=True):
                    self._publisher.publish(await self._journal.append(mission_id, events))
        return events

    async def note(self, *facts: Fact) -> None:
        """Record facts as one transaction."""
        await self.do(*(Note(fact) for fact in facts))
