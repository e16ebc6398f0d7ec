"""Arguments of tools: strict pydantic models, and their errors in words a model can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.ports.host import ToolError
from orchestrator.tools.limits import MAX_CONTENT_CHARACTERS, MAX_PATHS

RelativePath = Annotated[str, Field(min_length=1, max_length=4_096)]
"""A path relative to the worktree, with forward slashes."""

Paths = Annotated[list[RelativePath], Field(min_length=1, max_length=MAX_PATHS)]
Content = Annotated[str, Field(max_length=MAX_CONTENT_CHARACTERS)]
Pattern = Annotated[str, Field(min_length=1, max_length=10_000)]


class Arguments(BaseModel):
    """Base of every tool's arguments: no coercion, no unknown field."""

    model_config = ConfigDict(strict=True, extra="forbid")


A = TypeVar("A", bound=Arguments)


def parse(model: type[A], tool: str, arguments: Mapping[str, object]) -> A:
    """The arguments as a model. Raises ToolError `bad_arguments`, naming each field."""
    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        shown = error.errors(include_url=False, include_input=False)[:5]
        words = "; ".join(f"{'.'.join(str(part) for part in item['loc']) or tool}: {item['msg']}" for item in shown)
        known = ", ".join(model.model_fields)
        raise ToolError("bad_arguments", f"{tool}: {words}", f"fields of {tool}: {known}") from None
