"""A toolbox that keeps what was called, for tests of hosts."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.budget import Amounts
from orchestrator.domain.mission import Answered
from orchestrator.domain.words import Answer
from orchestrator.ports.host import Toolbox, ToolDescription, ToolError


class RecordingToolbox:
    """Answers every allowed call from `results` (or with {}) and keeps the calls in order."""

    def __init__(
        self,
        names: tuple[str, ...] = ("read_file", "write_file", "edit_file", "delete_file", "shell", "lint"),
        results: Mapping[str, dict[str, object] | ToolError] | None = None,
    ) -> None:
        """`results` maps a tool's name to its result, or to the ToolError that it raises."""
        self._names = names
        self._results = dict(results or {})
        self.calls: list[tuple[str, dict[str, object]]] = []
        self.reserved: list[Amounts] = []
        self.settled: dict[str, Amounts] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Tools that may be called."""
        return self._names

    def describe(self) -> tuple[ToolDescription, ...]:
        """The tools, each with arguments of any shape."""
        return tuple(ToolDescription(name, name, {"type": "object"}) for name in self._names)

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """Record the call and answer it. Raises ToolError."""
        self.calls.append((name, dict(arguments)))
        if name not in self._names:
            raise ToolError("tool_not_allowed", f"{name} is not allowed here")
        result = self._results.get(name, {})
        if isinstance(result, ToolError):
            raise result
        return result

    async def reserve(self, worst: Amounts) -> str:
        """Grant every call; keeps what was asked for in `reserved`."""
        self.reserved.append(worst)
        return f"b-{len(self.reserved)}"

    async def settle(self, reservation_id: str, used: Amounts) -> None:
        """Keep what was used in `settled`."""
        self.settled[reservation_id] = used

    async def ask(self, subject: str, text: str) -> Answered:
        """Deny it: nobody is there."""
        return Answered(Answer.DENY, "nobody", f"{subject}: {text}")


class UnlimitedRoom:
    """What a session gets where nothing is limited: these tools, and a yes to every call of its model."""

    def __init__(self, inner: Toolbox) -> None:
        """Wrap any toolbox."""
        self._inner = inner

    @property
    def names(self) -> tuple[str, ...]:
        """Tools that may be called."""
        return self._inner.names

    def describe(self) -> tuple[ToolDescription, ...]:
        """The same tools, described."""
        return self._inner.describe()

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """As the inner toolbox. Raises ToolError."""
        return await self._inner.call(name, arguments)

    async def reserve(self, worst: Amounts) -> str:  # noqa: ARG002 - the port's
        """Grant it."""
        return "unlimited"

    async def settle(self, reservation_id: str, used: Amounts) -> None:
        """Nobody counts."""

    async def ask(self, subject: str, text: str) -> Answered:
        """Deny it: nobody is there."""
        return Answered(Answer.DENY, "nobody", f"{subject}: {text}")
