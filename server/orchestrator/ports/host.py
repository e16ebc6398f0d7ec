"""Where sessions run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from orchestrator.domain.budget import Amounts
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import Answered
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check
from orchestrator.domain.words import FailureKind, Role
from orchestrator.errors import OrchestratorError

Containment = Literal["contained", "mediated", "observed"]
"""`contained`: the host's own code is ours; `mediated`: it acts through our tools alone; `observed`: it acts itself."""


class HostError(OrchestratorError):
    """A session failed. `kind` decides how it is healed; `retry_after_s` is what a provider asked for."""

    def __init__(self, kind: FailureKind, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        """Keep the class of failure beside the message."""
        super().__init__(kind.value, message, hint)
        self.kind = kind
        self.retry_after_s = retry_after_s


class ToolError(OrchestratorError):
    """A tool call was refused or failed; the message goes back to the session, which may try otherwise."""


@dataclass(frozen=True, slots=True)
class ToolDescription:
    """A tool as a model is told of it; `arguments` is the JSON Schema of an object."""

    name: str
    purpose: str
    arguments: Mapping[str, object]


class Toolbox(Protocol):
    """The tools of one session, bound to one worktree and one role."""

    @property
    def names(self) -> tuple[str, ...]:
        """Tools this role may call."""
        ...

    def describe(self) -> tuple[ToolDescription, ...]:
        """The same tools with what they are for and their arguments."""
        ...

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """Run a tool; arguments and result are plain JSON data. Raises ToolError."""
        ...


class SessionRoom(Toolbox, Protocol):
    """What a session gets: its tools, and its share of the budget."""

    async def reserve(self, worst: Amounts) -> str:
        """Hold back the worst case of a model call, before the call; the reservation's id.

        Waits while the session is held or a limit is reached. Raises OrchestratorError `budget_exhausted` when the call
        must not be made.
        """
        ...

    async def settle(self, reservation_id: str, used: Amounts) -> None:
        """Say what the call used. Raises OrchestratorError `unknown_reservation`."""
        ...

    async def ask(self, subject: str, text: str) -> Answered:
        """A person's leave for what `text` says; an `always` holds for the same `subject`. Cancelled, it is withdrawn.

        Waits for the answer, and is denied when none comes in time. Raises OrchestratorError `too_many_questions`.
        """
        ...


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """Which session to open. `session_id` is unique in the journal; `task_id` is "" for the planner.

    `system` is the role's system prompt, set once at the host; `model` the wanted model ("" leaves it to the host).
    """

    session_id: str
    mission_id: str
    role: Role
    task_id: str
    title: str
    system: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Brief:
    """What a session is told.

    `text` is the whole for a host that talks to a model; the other fields are the same facts for hosts that compute.
    `turn` counts the prompts to this role for this task from 1 over all its sessions (for the planner: its tries), so
    that a programmed host can answer each differently. `findings` are what a fixer shall mend; `problems` what was
    wrong with the answer before. `update` is what a session must hear that knows the brief before: the news alone.
    `handover` is for a session that has planned the task itself: it knows the mission and has read the repository.
    """

    text: str
    mission_text: str
    role: Role
    turn: int
    task: TaskSpec | None = None
    checks: tuple[Check, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[str, ...] = ()
    update: str = ""
    handover: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A session's answer: planner, searcher and reviewer hand in JSON text; others say in words what they did.

    `decisions` are what others must know, `failed_approaches` what was tried in vain.
    """

    text: str
    input_tokens: int = 0
    output_tokens: int = 0
    decisions: tuple[str, ...] = ()
    failed_approaches: tuple[str, ...] = ()


class Session(Protocol):
    """One agent conversation."""

    async def prompt(self, brief: Brief) -> Reply:
        """Tell the session something and wait for its answer. Raises HostError. Cancelling ends its work."""
        ...

    @property
    def place(self) -> str:
        """The host's own name for the session, by which `Host.attach` finds it again; "" when it can't live on."""
        ...

    async def close(self) -> None:
        """End the session and free what it holds. Never fails for a session that is gone already."""
        ...


class Remedy(StrEnum):
    """What can be done to a conversation without losing it."""

    COMPACT = "compact"
    RESTRUCTURE = "restructure"
    NEXT_MODEL = "next_model"


@runtime_checkable
class Mendable(Protocol):
    """A session whose conversation can be mended and gone on with."""

    async def mend(self, remedy: Remedy) -> bool:
        """Shorten the history, put it into an order that any provider takes, or move to the next model of the chain.

        False when this changes nothing: there is nothing left to shorten, or no further model. The next `prompt` with
        the same brief goes on where the failed one stopped.
        """
        ...


@runtime_checkable
class Metered(Protocol):
    """A host with a provider behind it that may refuse when it is asked too much."""

    @property
    def is_metered(self) -> bool:
        """Whether sessions begin few and grow in number as they are answered."""
        ...


@runtime_checkable
class Reading(Protocol):
    """A host whose sessions read the text of their briefs; others compute from the fields."""

    @property
    def is_reading(self) -> bool:
        """Whether it is worth the work to put the repository's material into a brief."""
        ...


@runtime_checkable
class Advising(Protocol):
    """A host that says itself for which roles beyond worker and fixer it has sessions. See `advises`."""

    def advises(self, role: Role) -> bool:
        """Whether a session of this role has something to say."""
        ...


@runtime_checkable
class Choosing(Protocol):
    """A host with several models for a role."""

    def models(self, role: Role) -> tuple[str, ...]:
        """Their names, the one that is used first."""
        ...


class Host(Protocol):
    """Opens sessions."""

    @property
    def name(self) -> str:
        """As the user chose it: "builtin", "scripted", …."""
        ...

    @property
    def containment(self) -> Containment:
        """How far this host's sessions are confined."""
        ...

    async def open(self, spec: SessionSpec, tools: SessionRoom) -> Session:
        """A new session that acts through `tools` alone. Raises HostError."""
        ...

    async def attach(self, spec: SessionSpec, tools: SessionRoom, place: str) -> Session | None:
        """The session that outlived the server under this name, None when it is gone or this host's can't.

        Its first `prompt` tells it nothing: it waits for the turn that is under way, or answers the one that ended
        meanwhile.
        """
        ...


def advises(host: Host, role: Role) -> bool:
    """Whether a session of this role on this host can be of use: a host that does not say is asked whether it reads."""
    if isinstance(host, Advising):
        return host.advises(role)
    return isinstance(host, Reading) and host.is_reading
