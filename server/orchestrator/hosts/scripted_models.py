"""The file format of the scripted host, as strict models. docs/scripted-host.md explains it with an example."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, JsonValue, Tag, model_validator

from orchestrator.domain.words import FailureKind

MAX_TURNS = 1_000
MAX_DURATION_S = 86_400.0

Seconds = Annotated[float, Field(ge=0, le=MAX_DURATION_S)]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class LognormalShape(_Model):
    """Median in seconds, sigma of the logarithm; most model latencies look like this."""

    median: Annotated[float, Field(gt=0, le=MAX_DURATION_S)]
    sigma: Annotated[float, Field(ge=0, le=5)]


class UniformShape(_Model):
    """Between two numbers of seconds."""

    low: Seconds
    high: Seconds

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError("high is below low")
        return self


class Lognormal(_Model):
    """A seeded lognormal duration."""

    lognormal: LognormalShape


class Uniform(_Model):
    """A seeded uniform duration."""

    uniform: UniformShape


def _duration_kind(value: object) -> str:
    if isinstance(value, Lognormal) or (isinstance(value, dict) and "lognormal" in value):
        return "lognormal"
    if isinstance(value, Uniform) or (isinstance(value, dict) and "uniform" in value):
        return "uniform"
    return "seconds"


Duration = Annotated[
    Annotated[Seconds, Tag("seconds")] | Annotated[Lognormal, Tag("lognormal")] | Annotated[Uniform, Tag("uniform")],
    Discriminator(_duration_kind),
]
"""Seconds, or a distribution that is drawn from seed, role, task and turn."""

FaultKind = Literal[
    "rate_limited", "crashed", "timed_out", "context_overflow", "malformed", "tool_failed", "unavailable"
]


class Fault(_Model):
    """Something that goes wrong with a turn.

    It strikes the first `times` prompts of its turn (or "always"), `after_s` seconds into it: before the actions, or
    after them, when the work is done but the answer is lost. `timed_out` never answers.
    """

    kind: FaultKind
    at: Literal["before", "after"] = "before"
    times: Annotated[int, Field(ge=1, le=1_000_000)] | Literal["always"] = 1
    after_s: Seconds = 0.0
    retry_after_s: Seconds | None = None
    message: str = ""

    @property
    def failure(self) -> FailureKind:
        """The class of failure that the engine sees."""
        return FailureKind(self.kind)

    @model_validator(mode="after")
    def _has_sense(self) -> Self:
        if self.retry_after_s is not None and self.kind not in {"rate_limited", "unavailable"}:
            raise ValueError("retry_after_s belongs to rate_limited and unavailable")
        return self


class _Action(_Model):
    may_fail: bool = False
    """Whether the session goes on when the tool refuses; otherwise that ends the turn as tool_failed."""


class WriteAction(_Action):
    """Create or replace a file. With `is_template`, ${task}, ${turn} and ${path} are filled in."""

    write: WriteArguments


class WriteArguments(_Model):
    """Exactly one of `content` and `content_file` (relative to the script's folder)."""

    path: str
    content: str | None = None
    content_file: str | None = None
    is_template: bool = False

    @model_validator(mode="after")
    def _has_one_content(self) -> Self:
        if (self.content is None) == (self.content_file is None):
            raise ValueError("give either content or content_file")
        return self


class EditArguments(_Model):
    """Replace `old`, which stands there exactly once, by `new`."""

    path: str
    old: str
    new: str


class EditAction(_Action):
    """Replace a piece of text."""

    edit: EditArguments


class DeleteAction(_Action):
    """Delete a file."""

    delete: str


class ShellAction(_Action):
    """Run a command line in the worktree."""

    shell: str
    timeout_s: Annotated[float, Field(gt=0, le=1_800)] = 120.0


class ToolArguments(_Model):
    """Any tool of the toolbox, by name."""

    name: str
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class ToolAction(_Action):
    """Call a tool."""

    tool: ToolArguments


_ACTION_KEYS = ("write", "edit", "delete", "shell", "tool")


def _action_kind(value: object) -> str | None:
    for key in _ACTION_KEYS:
        if (isinstance(value, dict) and key in value) or (isinstance(value, BaseModel) and hasattr(value, key)):
            return key
    return None


Action = Annotated[
    Annotated[WriteAction, Tag("write")]
    | Annotated[EditAction, Tag("edit")]
    | Annotated[DeleteAction, Tag("delete")]
    | Annotated[ShellAction, Tag("shell")]
    | Annotated[ToolAction, Tag("tool")],
    Discriminator(
        _action_kind,
        custom_error_type="unknown_action",
        custom_error_message="an action has one of the keys write, edit, delete, shell, tool",
    ),
]


class _AnyTurn(_Model):
    actions: tuple[Action, ...] = Field(default=(), strict=False)
    duration_s: Duration | None = None
    faults: tuple[Fault, ...] = Field(default=(), strict=False)


class Turn(_AnyTurn):
    """One answer of a worker or fixer: what it does, how long it takes, what it says."""

    say: str = "done"


class PlannerTurn(_AnyTurn):
    """One answer of the planner: `plan` (any JSON object; the engine judges it) or raw `text`.

    A turn with faults alone strikes and makes way for the next one; as the last turn its last fault strikes always.
    """

    plan: dict[str, JsonValue] | None = None
    text: str | None = None

    @property
    def is_fault_alone(self) -> bool:
        """Whether it has no answer of its own."""
        return self.plan is None and self.text is None

    @model_validator(mode="after")
    def _has_one_answer(self) -> Self:
        if self.plan is not None and self.text is not None:
            raise ValueError("give either plan or text")
        if self.is_fault_alone and not self.faults:
            raise ValueError("a planner's turn needs plan, text or faults")
        return self


Turns = Annotated[tuple[Turn, ...], Field(strict=False, max_length=MAX_TURNS)]


class TaskTurns(_Model):
    """What a task's worker and its fixers do, turn by turn; the last turn of each list repeats.

    `planner` plans the task anew when it is stuck, `searcher` and `reviewer` report and judge; what they `say` is the
    JSON of their answer. Without turns for a role the host has no such sessions.
    """

    worker: Turns = ()
    fixer: Turns = ()
    planner: Turns = ()
    searcher: Turns = ()
    reviewer: Turns = ()


class Defaults(TaskTurns):
    """For tasks that no entry names, and the duration of turns that give none."""

    duration_s: Duration = 0.0


class Script(_Model):
    """The whole file. `speed` divides every duration and every retry_after_s."""

    seed: int = 0
    speed: Annotated[float, Field(gt=0, le=1_000_000)] = 1.0
    defaults: Defaults = Field(default_factory=Defaults)
    planner: Annotated[tuple[PlannerTurn, ...], Field(strict=False, max_length=MAX_TURNS)] = ()
    tasks: dict[str, TaskTurns] = Field(default_factory=dict)


WriteAction.model_rebuild()
