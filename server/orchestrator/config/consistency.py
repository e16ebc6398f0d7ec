"""What no single setting can see: names that other settings must know."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from orchestrator.config.model import Config, Tools
from orchestrator.jsonc import FieldPath

Inconsistency = tuple[FieldPath, str, str]
"""Where, what, and what to do."""


def inconsistencies(config: Config) -> Iterator[Inconsistency]:
    """Every name that leads nowhere."""
    yield from _models(config)
    yield from _tools(config)
    yield from _hooks(config)


def _models(config: Config) -> Iterator[Inconsistency]:
    for role, chain in config.models:
        for index, model in enumerate(chain or ()):
            provider = model.partition("/")[0]
            if provider not in config.providers:
                yield (
                    ("models", role, index),
                    f"model '{model}' names a provider that is not configured: '{provider}'",
                    _meant(provider, config.providers, "providers"),
                )


def _tools(config: Config) -> Iterator[Inconsistency]:
    if config.tools == Tools():
        return
    from orchestrator.agents.roles import ROLE_TOOLS  # noqa: PLC0415 - most commands do without

    for role, tools in ROLE_TOOLS.items():
        for index, tool in enumerate(getattr(config.tools, role.value) or ()):
            if tool not in tools:
                yield ("tools", role.value, index), f"a {role.value} has no tool '{tool}'", _meant(tool, tools, "tools")


def _hooks(config: Config) -> Iterator[Inconsistency]:
    if not config.hooks:
        return
    from orchestrator.domain.events import EVENT_TYPES  # noqa: PLC0415 - as above

    for index, hook in enumerate(config.hooks):
        if hook.on not in EVENT_TYPES:
            yield ("hooks", index, "on"), f"there is no event '{hook.on}'", _meant(hook.on, EVENT_TYPES, "events")
        peers = [other.name for other in config.hooks if other.phase == hook.phase and other is not hook]
        for place, name in enumerate(hook.after):
            if name not in peers:
                what = f"no other hook of the phase '{hook.phase}' is called '{name}'"
                yield ("hooks", index, "after", place), what, _meant(name, peers, "hooks of this phase")


def _meant(name: str, known: Iterable[str], what: str) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"known {what}: {', '.join(names) or 'none'}"
