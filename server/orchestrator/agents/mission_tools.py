"""Tools that reach the mission instead of a worktree: what they take and which role has them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.agents.roles import ASK_USER, NOTE, SEARCH
from orchestrator.ports.host import ToolDescription, ToolError

MAX_NOTE_CHARACTERS = 600


class _Arguments(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class NoteArguments(_Arguments):
    """A note for all sessions of the mission; without text it only answers what was noted."""

    text: Annotated[str, Field(max_length=MAX_NOTE_CHARACTERS)] = ""
    kind: Literal["decision", "fact", "failed_approach"] = "decision"


class AskUserArguments(_Arguments):
    """A question to the person who gave the mission."""

    question: Annotated[str, Field(min_length=1, max_length=2_000)]


class SearchArguments(_Arguments):
    """A question about the repository."""

    question: Annotated[str, Field(min_length=1, max_length=2_000)]


_TOOLS: dict[str, tuple[str, type[_Arguments]]] = {
    NOTE: ("Note what other sessions must know; answers the newest notes.", NoteArguments),
    ASK_USER: ("Ask the person who gave the mission, when only they can know.", AskUserArguments),
    SEARCH: ("Have a searcher answer a question about the repository.", SearchArguments),
}
_Model = TypeVar("_Model", bound=_Arguments)


@cache
def describe(name: str) -> ToolDescription:
    """The tool as a model is told of it; made once a process, since a schema takes milliseconds."""
    purpose, model = _TOOLS[name]
    return ToolDescription(name, purpose, model.model_json_schema())


def parsed(model: type[_Model], tool: str, arguments: Mapping[str, object]) -> _Model:
    """The arguments. Raises ToolError `bad_arguments`, naming each field."""
    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        shown = error.errors(include_url=False, include_input=False)[:5]
        words = "; ".join(f"{'.'.join(map(str, item['loc'])) or tool}: {item['msg']}" for item in shown)
        raise ToolError("bad_arguments", f"{tool}: {words}", f"fields: {', '.join(model.model_fields)}") from None
