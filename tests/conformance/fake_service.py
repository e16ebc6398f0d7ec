"""A tiny service and linter for tests of the wire: missions are only remembered, findings are planted words."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from orchestrator.domain.events import Event, MissionAccepted, MissionEnded, MissionStarted
from orchestrator.domain.evolve import evolve
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import DeliveryMode, MissionStatus, Verdict
from orchestrator.errors import OrchestratorError
from orchestrator.hosts.editor import HostedSessionRegister
from orchestrator.ports.journal import Recorded
from orchestrator.ports.linter import (
    Change,
    Encoding,
    Fix,
    LintedText,
    PlacedFinding,
    PlacedFix,
    TextState,
)
from orchestrator.ports.workspace import Delivery
from orchestrator.rpc.positions import TextMap

BUFFER_EVENTS = 100


class FakeService:
    """Keeps missions and events in memory. Some texts make it misbehave."""

    def __init__(self) -> None:
        self._missions: dict[str, Mission] = {}
        self.recorded: list[Recorded] = []
        self._subscribers: list[MemoryObjectSendStream[Recorded]] = []
        self.is_closed = False
        self.hosted = HostedSessionRegister()
        self.root = ""
        self._threads = threading.Event()
        """Ends the wait of every thread that a "block" holds."""

    def record(self, mission_id: str, event: Event) -> None:
        """Append an event, fold it, tell subscribers."""
        evolve(self._missions.setdefault(mission_id, Mission()), event)
        item = Recorded(len(self.recorded) + 1, mission_id, 1_700_000_000.0 + len(self.recorded), event)
        self.recorded.append(item)
        for send in list(self._subscribers):
            try:
                send.send_nowait(item)
            except (anyio.WouldBlock, anyio.BrokenResourceError):
                self._subscribers.remove(send)
                send.close()

    async def start(self, request) -> tuple[Mission, int]:
        if not request.text.strip():
            raise OrchestratorError("empty_mission", "the mission is empty", "say what should be done")
        if request.text == "raise":
            raise RuntimeError("a secret inside")
        if request.text == "unencodable":
            raise OrchestratorError("unheard_of", "a code without an entry", "\ud800")
        if request.text == "block":
            await to_thread.run_sync(self._threads.wait, 60.0)
        if request.text == "release":
            self._threads.set()
            self._threads = threading.Event()
        if request.text == "slow":
            await anyio.sleep(1.0)
        if request.text == "hang":
            await anyio.sleep(60)
        if request.text in {"stubborn", "very stubborn"}:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.3 if request.text == "stubborn" else 2.5)
        before = sum(1 for m in self._missions.values() if not m.status.is_terminal)
        mission_id = f"m-{len(self._missions) + 1}"
        self.record(
            mission_id,
            MissionAccepted(
                mission_id,
                request.text,
                "/w",
                request.host,
                request.delivery,
                request.is_trusted,
                request.max_iterations,
            ),
        )
        if request.text.startswith("flood "):
            for _ in range(int(request.text.split()[1])):
                self.record(mission_id, MissionStarted())
        return self.get(mission_id), before

    async def stop(self, mission_id: str) -> Mission:
        mission = self.get(mission_id)
        if not mission.status.is_terminal:
            self.record(mission_id, MissionEnded(MissionStatus.STOPPED, "stopped", "stopped by the user", ""))
        return mission

    def get(self, mission_id: str) -> Mission:
        if mission_id not in self._missions:
            raise OrchestratorError("unknown_mission", f"there is no mission {mission_id!r}", "mission/list lists them")
        return self._missions[mission_id]

    def missions(self) -> list[Mission]:
        return list(self._missions.values())

    async def listed(self) -> list[Mission]:
        return self.missions()

    def knows(self, mission_id: str) -> bool:
        return mission_id in self._missions

    async def recall(self, mission_id: str) -> None:
        return None

    async def events(self, *, mission_id: str, after_seq: int, limit: int) -> list[Recorded]:
        wanted = [r for r in self.recorded[after_seq:] if not mission_id or r.mission_id == mission_id]
        return wanted[:limit]

    async def changed_paths(self, mission_id: str) -> tuple[str, ...]:
        return ("a.py",)

    async def diff(self, mission_id: str, task_id: str = "") -> str:
        mission = self.get(mission_id)
        if mission.text == "no text":
            return "\ud800"
        if mission.text.startswith("diff "):
            return ("+" + "x" * 98 + "\n") * int(mission.text.split()[1])
        return "--- a/a.py\n+++ b/a.py\n"

    async def deliver(self, mission_id: str, mode: DeliveryMode) -> Delivery:
        self.get(mission_id)
        return Delivery(mode, "", ("a.py",), (), "applied")

    @contextmanager
    def subscribe(self) -> Generator[MemoryObjectReceiveStream[Recorded]]:
        send, receive = anyio.create_memory_object_stream[Recorded](BUFFER_EVENTS)
        self._subscribers.append(send)
        try:
            yield receive
        finally:
            if send in self._subscribers:
                self._subscribers.remove(send)
            send.close()
            receive.close()


@asynccontextmanager
async def open_fake(root: Path, service: FakeService | None = None) -> AsyncGenerator[Any]:
    """A stand-in for the part of the service that tests of the wire need.

    Refuses a folder that does not exist, as the engine does.
    """
    if not root.is_dir():  # noqa: ASYNC240 - a test double
        raise OrchestratorError("no_such_workspace", f"{root} does not exist", "open another folder")
    service = service or FakeService()
    service.root = str(root)
    try:
        yield service
    finally:
        service.is_closed = True
        if (root / "mark-close").exists():  # a test double
            (root / "closed").write_text("yes")  # a test double


class WholeText:
    """An open text that is linted as a whole each time; what `ports.linter.OpenText` asks for, from `lint` alone."""

    def __init__(self, linter: WordLinter, path: str, text: str, encoding: Encoding) -> None:
        self.text = text
        self._linter, self._path = linter, path
        self._encoding: Encoding = encoding

    def change(self, changes: Sequence[Change]) -> None:
        for span, new in changes:
            lines = TextMap(self.text, self._encoding)
            start = lines.offset_of_lsp(span[0], span[1]) if span else 0
            end = lines.offset_of_lsp(span[2], span[3]) if span else len(self.text)
            self.text = self.text[:start] + new + self.text[max(start, end) :]

    def lint(self) -> TextState:
        lines, source = TextMap(self.text, self._encoding), self.text.encode()
        linted = self._linter.lint(self._path, source)

        def at(byte: int) -> tuple[int, int]:
            return lines.lsp_at(len(source[:byte].decode()))

        placed: list[PlacedFinding] = []
        for f, fix in linted.findings:
            start, end = (
                lines.lsp_of_point(f.start_line, f.start_column),
                lines.lsp_of_point(f.end_line, f.end_column),
            )
            fixes = (PlacedFix((*at(fix.start_byte), *at(fix.end_byte)), fix.replacement, fix.is_safe),) if fix else ()
            placed.append(PlacedFinding(f, (*start, *end), fixes))
        return TextState(linted.verdict, linted.reason, tuple(placed))

    def cancel(self) -> None:
        return None


class WordLinter:
    """Finds the word BAD (a safe fix makes it GOOD) and the word ODD (no fix); .txt files are not checked."""

    def lint(self, path: str, source: bytes) -> LintedText:
        if path.endswith(".txt"):
            return LintedText(Verdict.NOT_CHECKED, "no rules for this language", ())
        found: list[tuple[Finding, Fix | None]] = []
        start_byte = 0
        for number, line in enumerate(source.decode().split("\n")):
            for word in ("BAD", "ODD"):
                column = line.find(word)
                while column >= 0:
                    at = start_byte + len(line[:column].encode())
                    finding = Finding(
                        "guardian",
                        f"word-{word.lower()}",
                        path,
                        f"{word} is not good",
                        "warning",
                        number,
                        column,
                        number,
                        column + 3,
                        word,
                    )
                    found.append((finding, Fix(at, at + 3, "GOOD", is_safe=True) if word == "BAD" else None))
                    column = line.find(word, column + 1)
            start_byte += len(line.encode()) + 1
        return LintedText(Verdict.FAILED if found else Verdict.CLEAN, "", tuple(found))

    def open(self, path: str, text: str, encoding: Encoding) -> WholeText:
        return WholeText(self, path, text, encoding)

    def at(self, root: Path) -> tuple[WordLinter, Sequence[str]]:
        return self, ()

    def fixes(self, root: Path, rule: str, encoding: Encoding, texts: Mapping[str, str]) -> dict[str, list[PlacedFix]]:
        states = {path: self.open(path, text, encoding).lint() for path, text in texts.items()}
        return {
            path: [p.fixes[0] for p in s.findings if p.fixes and p.finding.rule == rule] for path, s in states.items()
        }
