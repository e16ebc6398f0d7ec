"""Hooks at work: each event is handed to its hooks, one after another, each with its deadline."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Final

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream

from orchestrator.domain.events import EVENT_NAMES
from orchestrator.hooks.order import Hook, ordered
from orchestrator.ports.journal import Recorded

_log = logging.getLogger(__name__)
_LAST_S: Final = 5.0
"""At the end, hooks get this long for events that are there already."""

Subscribe = Callable[[], AbstractContextManager[MemoryObjectReceiveStream[Recorded]]]


@asynccontextmanager
async def open_hooks(hooks: Iterable[Hook], subscribe: Subscribe) -> AsyncGenerator[None]:
    """Hooks react to events as long as the context lasts. Raises HookError before anything runs.

    Nothing waits for a hook, and no failure of one touches a mission: it is logged under the hook's name.
    """
    by_event: dict[str, list[Hook]] = {}
    for hook in ordered(hooks):
        by_event.setdefault(hook.on, []).append(hook)
    if not by_event:
        yield
        return
    with subscribe() as events:
        async with anyio.create_task_group() as group:
            group.start_soon(_react, by_event, events)
            try:
                yield
            finally:
                with anyio.move_on_after(_LAST_S, shield=True):
                    while events.statistics().current_buffer_used:  # noqa: ASYNC110 - a stream tells of no emptiness
                        await anyio.sleep(0.01)
                group.cancel_scope.cancel()


async def _react(by_event: dict[str, list[Hook]], events: MemoryObjectReceiveStream[Recorded]) -> None:
    async for recorded in events:
        for hook in by_event.get(EVENT_NAMES[type(recorded.event)], ()):
            await _run(hook, recorded)
    _log.warning("hooks lagged too far behind the missions, and hear no more of them")


async def _run(hook: Hook, recorded: Recorded) -> None:
    try:
        with anyio.fail_after(hook.timeout_s):
            await hook.run(recorded)
    except TimeoutError:
        _log.warning("hook %s met its deadline of %g s on event %d", hook.name, hook.timeout_s, recorded.seq)
    except Exception:  # noqa: BLE001 - code of others; nothing of it may touch a mission
        _log.exception("hook %s failed on event %d", hook.name, recorded.seq)
