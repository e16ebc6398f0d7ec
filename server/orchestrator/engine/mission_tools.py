"""Tools that reach the mission: notes that sessions share through the journal, questions to a person, searches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from orchestrator.agents.mission_tools import AskUserArguments, NoteArguments, SearchArguments, describe, parsed
from orchestrator.agents.roles import ASK_USER, NOTE, SEARCH, WEB_TOOLS
from orchestrator.domain.events import NoteTaken
from orchestrator.domain.question import Question
from orchestrator.domain.violation import RuleViolation
from orchestrator.domain.words import Answer, ApprovalMode, NoteKind, QuestionKind
from orchestrator.engine.asking import ask
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.rooms import MissionRooms
from orchestrator.ports.host import SessionSpec, Toolbox, ToolDescription, ToolError

MAX_QUESTIONS = 3
"""What one session may ask a person."""
MAX_SEARCHES = 3
"""How often one session may send a searcher."""
MAX_SHOWN_NOTES = 20
Search = Callable[[str], Awaitable[dict[str, object]]]
"""Answers a question about the repository. Raises OrchestratorError."""


class MissionTools:
    """Adds the mission's tools to those of a worktree, and leaves out what the configuration leaves out.

    A person is only asked in a mission that asks at all (its approval is not `never`); where it never does, or the
    session has no searcher to send, that tool is not offered.
    """

    def __init__(
        self, room: Toolbox, ledger: Ledger, rooms: MissionRooms, spec: SessionSpec, *, search: Search | None = None
    ) -> None:
        """Serve one session."""
        self._room = room
        self._ledger = ledger
        self._rooms = rooms
        self._spec = spec
        self._search = search
        self._question_count = 0
        self._search_count = 0
        own = [NOTE]
        if ledger.mission.approval is not ApprovalMode.NEVER:
            own.append(ASK_USER)
        if search is not None:
            own.append(SEARCH)
        self._own = tuple(name for name in own if self._is_allowed(name))

    @property
    def names(self) -> tuple[str, ...]:
        """Tools that this session may call."""
        return (*filter(self._is_allowed, self._room.names), *self._own)

    def describe(self) -> tuple[ToolDescription, ...]:
        """The same tools, described."""
        room = (item for item in self._room.describe() if self._is_allowed(item.name))
        return (*room, *(describe(name) for name in self._own))

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """Run one tool. Raises ToolError."""
        if name in self._own:
            return await self._call_own(name, arguments)
        if not self._is_allowed(name) and name in self._room.names:
            reason = f"the configuration allows a {self._spec.role.value} no {name}"
            raise ToolError("tool_not_allowed", reason, f"tools: {', '.join(self.names)}")
        return await self._room.call(name, arguments)

    def _is_allowed(self, name: str) -> bool:
        limits = self._rooms.limits
        if name in WEB_TOOLS and not limits.is_web_allowed:
            return False
        allowed = limits.tools.get(self._spec.role.value)
        return allowed is None or name in allowed

    async def _call_own(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        if name == NOTE:
            return await self._note(parsed(NoteArguments, name, arguments))
        if name == ASK_USER:
            return await self._ask(parsed(AskUserArguments, name, arguments).question)
        return await self._look(parsed(SearchArguments, name, arguments).question)

    async def _note(self, said: NoteArguments) -> dict[str, object]:
        if said.text.strip():
            taken = NoteTaken(self._spec.session_id, self._spec.task_id, NoteKind(said.kind), said.text.strip())
            try:
                await self._ledger.note(taken)
            except RuleViolation as error:
                raise ToolError(error.code, error.message, error.hint) from error
        notes = self._ledger.mission.session_notes
        shown = [
            {"task": note.task_id, "kind": note.kind.value, "text": note.text} for note in notes[-MAX_SHOWN_NOTES:]
        ]
        return {"notes": shown, "note_count": len(notes), "is_cut": len(notes) > len(shown)}

    async def _ask(self, text: str) -> dict[str, object]:
        """What the person says. No answer is an answer too: the session then decides, and notes what."""
        if self._question_count >= MAX_QUESTIONS:
            raise ToolError("too_many_questions", f"a session asks at most {MAX_QUESTIONS} times", "decide yourself")
        self._question_count += 1
        lease = self._ledger.mission.leases.get(self._spec.task_id)
        question = Question(
            self._rooms.shared.ids.new("q"),
            QuestionKind.CLARIFICATION,
            f"{self._spec.role.value} of {self._spec.title!r} asks: {text}",
            task_id=self._spec.task_id,
            attempt_id=lease.attempt_id if lease else "",
        )
        try:
            answer = await ask(self._ledger, question)
        except RuleViolation as error:
            raise ToolError(error.code, error.message, "decide yourself") from error
        is_answered = answer.answer is not Answer.DENY
        words = answer.text or ("yes" if is_answered else "")
        if is_answered:
            taken = NoteTaken(
                self._spec.session_id, self._spec.task_id, NoteKind.DECISION, f"asked: {text[:1_500]} - said: {words}"
            )
            await self._ledger.note(taken)
        return {"answer": words, "is_answered": is_answered, "hint": "" if is_answered else "decide yourself; note it"}

    async def _look(self, question: str) -> dict[str, object]:
        if self._search_count >= MAX_SEARCHES or self._search is None:
            raise ToolError("too_many_searches", f"a session searches at most {MAX_SEARCHES} times", "look yourself")
        self._search_count += 1
        return await self._search(question)
