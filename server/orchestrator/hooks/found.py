"""Hooks of installed Python packages: entry points of the group `orchestrator.hooks`.

An entry point names a `Hook`, or a function without arguments that answers one or several. Installing a package is the
user's word; a repository can't bring any.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from orchestrator.domain.events import EVENT_TYPES
from orchestrator.hooks.order import Hook, HookError

GROUP: Final = "orchestrator.hooks"


def installed_hooks(points: Iterable[EntryPoint] | None = None) -> tuple[Hook, ...]:
    """All of them. Raises HookError `bad_hook`, naming the entry point that can't be loaded."""
    every = entry_points(group=GROUP) if points is None else points
    return tuple(hook for point in sorted(every, key=lambda point: point.name) for hook in _loaded(point))


def _loaded(point: EntryPoint) -> tuple[Hook, ...]:
    try:
        given = point.load()
        if callable(given):
            given = given()
    except Exception as error:
        what = f"the hooks of {point.name} ({point.value}) can't be loaded: {type(error).__name__}: {error}"
        raise HookError("bad_hook", what, "mend or uninstall that package") from error
    hooks = (given,) if isinstance(given, Hook) else tuple(cast("Iterable[object]", given))
    for hook in hooks:
        if not isinstance(hook, Hook):
            raise HookError("bad_hook", f"{point.value} answers {hook!r}, which is no Hook", "mend that package")
        if hook.on not in EVENT_TYPES:
            raise HookError("bad_hook", f"{hook.name}: there is no event {hook.on!r}", "see Events in docs/protocol.md")
    return cast("tuple[Hook, ...]", hooks)
