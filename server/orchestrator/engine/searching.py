"""The searcher: answers one question about the repository, for a planner that asks or for work that is stuck."""

from __future__ import annotations

from typing import Any

from orchestrator.agents.advice_briefs import searcher_brief
from orchestrator.agents.results import SearchResult, parse_search
from orchestrator.domain.decide import MAX_NOTE_CHARACTERS, MAX_SESSION_NOTES
from orchestrator.domain.events import NoteTaken
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.words import NoteKind, Role
from orchestrator.engine.consulting import consult
from orchestrator.engine.ledger import Ledger
from orchestrator.engine.mission_tools import Search
from orchestrator.engine.rooms import MissionRooms
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Brief, ToolError, advises
from orchestrator.ports.workspace import Worktree

SEARCHED_FILES = 300
"""From so many files on, a planner may send a searcher: below it reads them itself for less than that would cost."""


async def search(
    ledger: Ledger, rooms: MissionRooms, worktree: Worktree, question: str, *, task: TaskSpec | None = None
) -> SearchResult:
    """Have the question answered, for a task or for all, and keep the answer as a note. Raises OrchestratorError."""
    task_id = task.id if task else ""

    def told(turn: int, problems: tuple[str, ...]) -> Brief:
        return searcher_brief(ledger.mission.text, question, task=task, turn=turn, problems=problems)

    result = await consult(ledger, rooms, worktree, told, parse_search, role=Role.SEARCHER, task_id=task_id)
    if len(ledger.mission.session_notes) < MAX_SESSION_NOTES:
        text = f"{question[:500]}\n{result.words()}"[:MAX_NOTE_CHARACTERS]
        await ledger.note(NoteTaken("", task_id, NoteKind.SEARCH, text))
    return result


def search_for_planner(ledger: Ledger, rooms: MissionRooms, worktree: Worktree) -> Search | None:
    """The planner's way to a searcher, None where the host has none or the workspace is small."""
    if ledger.mission.file_count < SEARCHED_FILES or not advises(rooms.host, Role.SEARCHER):
        return None

    async def answer(question: str) -> dict[str, object]:
        try:
            result = await search(ledger, rooms, worktree, question)
        except OrchestratorError as error:
            raise ToolError(error.code, f"the search failed: {error.message}", "look yourself") from error
        found: dict[str, Any] = result.model_dump(mode="json")
        return found

    return answer
