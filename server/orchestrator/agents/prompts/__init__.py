"""The system prompt of each role: a versioned text, set once at the host.

The files hold a first line `version: N`, an empty line and the prompt. A changed prompt gets a new version.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from orchestrator.domain.words import Role

_VERSION = "version: "


def system_prompt(role: Role) -> str:
    """What a session of this role is told once, before any brief."""
    return _template(role)[1]


def prompt_version(role: Role) -> int:
    """The version of a role's prompt."""
    return _template(role)[0]


@cache
def _template(role: Role) -> tuple[int, str]:
    text = (files(__name__) / f"{role.value}.md").read_text("utf-8")
    first, _, prompt = text.partition("\n\n")
    if not first.startswith(_VERSION):
        raise ValueError(f"the prompt of {role.value} has no version")
    return int(first.removeprefix(_VERSION)), prompt.strip()
