"""Which hook runs when: by phase, then by what each says of the others, then by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Final, Literal

from orchestrator.errors import OrchestratorError
from orchestrator.ports.journal import Recorded

Phase = Literal["early", "normal", "late"]
PHASES: Final[tuple[Phase, ...]] = ("early", "normal", "late")
MAX_TIMEOUT_S: Final = 3_600.0


class HookError(OrchestratorError):
    """The hooks can't be put in order, or one can't be loaded (`bad_hook`, `hook_cycle`)."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One reaction to events of one type (`on`, such as `attempt.committed`).

    `run` gets the event after it is on disk; it may take `timeout_s`, then it is cancelled. `before` and `after` name
    hooks of the same phase; a name that nobody has orders nothing.
    """

    name: str
    on: str
    run: Callable[[Recorded], Awaitable[None]]
    phase: Phase = "normal"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    timeout_s: float = 30.0


def ordered(hooks: Iterable[Hook]) -> tuple[Hook, ...]:
    """The hooks in the order in which they run. Raises HookError `bad_hook` or `hook_cycle`."""
    every = tuple(hooks)
    _check(every)
    return tuple(hook for phase in PHASES for hook in _phase(phase, [hook for hook in every if hook.phase == phase]))


def _check(hooks: tuple[Hook, ...]) -> None:
    seen: set[str] = set()
    for hook in hooks:
        if hook.name in seen:
            raise HookError("bad_hook", f"two hooks are called {hook.name!r}", "give one of them another name")
        if hook.phase not in PHASES:
            raise HookError("bad_hook", f"{hook.name}: there is no phase {hook.phase!r}", f"one of {', '.join(PHASES)}")
        if not 0 < hook.timeout_s <= MAX_TIMEOUT_S:
            raise HookError("bad_hook", f"{hook.name}: a deadline of {hook.timeout_s} s", "choose 1 to 3,600 s")
        seen.add(hook.name)


def _phase(phase: Phase, hooks: list[Hook]) -> list[Hook]:
    by_name = {hook.name: hook for hook in sorted(hooks, key=lambda hook: hook.name)}
    sorter = TopologicalSorter[str]()
    for name, hook in by_name.items():
        sorter.add(name, *(other for other in hook.after if other in by_name))
        for other in hook.before:
            if other in by_name:
                sorter.add(other, name)
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise HookError("hook_cycle", f"hooks of the phase {phase} wait for each other: {circle}", "break it") from None
    found: list[Hook] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        found += [by_name[name] for name in ready]
        sorter.done(*ready)
    return found
