"""The host that talks to models: any provider that is configured, by our tools, within our budget."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from anyio import to_thread

from orchestrator.domain.words import FailureKind, Role
from orchestrator.errors import OrchestratorError
from orchestrator.hosts.model.chain import ModelChains
from orchestrator.hosts.model.pages import Pages
from orchestrator.ports.host import Containment, HostError, Session, SessionRoom, SessionSpec

if TYPE_CHECKING:
    from orchestrator.hosts.model.session import Legacy, ModelSession

INSTALL = 'pip install "opencode-orchestrator[openai,anthropic]"'


class ModelHost:
    """Sessions with models. Everything they do goes through their toolbox."""

    def __init__(self, chains: ModelChains, pages_folder: Path) -> None:
        """Use these models; pages of long conversations go below `pages_folder` while they last."""
        self._chains = chains
        self._pages_folder = pages_folder
        self._legacies: dict[str, Legacy] = {}

    @property
    def name(self) -> str:
        """The word that chooses this host."""
        return "model"

    @property
    def containment(self) -> Containment:
        """Contained: the code that runs is ours."""
        return "contained"

    @property
    def is_metered(self) -> bool:
        """A provider is behind it."""
        return True

    @property
    def is_reading(self) -> bool:
        """A model reads what it is told."""
        return True

    def advises(self, role: Role) -> bool:
        """A model plays every role that one is configured for."""
        return bool(self.models(role))

    def models(self, role: Role) -> tuple[str, ...]:
        """The names of the role's chain; none where the configuration has none."""
        try:
            return tuple(choice.name for choice in self._chains.of(role, ""))
        except OrchestratorError:
            return ()

    async def open(self, spec: SessionSpec, tools: SessionRoom) -> Session:
        """A session with the first model of the role's chain. Raises HostError."""
        try:
            chain = self._chains.of(spec.role, spec.model)
        except OrchestratorError as error:
            raise HostError(FailureKind.UNSUPPORTED, error.message, hint=error.hint) from error
        new = await to_thread.run_sync(_session_type)
        pages = Pages(self._pages_folder / spec.mission_id / spec.session_id)
        legacy = self._legacies.pop(spec.mission_id, None) if spec.role is Role.WORKER else None
        bequeath = partial(self._legacies.__setitem__, spec.mission_id)
        return new(spec, chain, tools, pages, legacy=legacy, bequeath=bequeath)

    async def attach(self, spec: SessionSpec, tools: SessionRoom, place: str) -> Session | None:  # noqa: ARG002 - the port's
        """None: a session ends with the server that it runs in."""
        return None


def _session_type() -> Callable[..., ModelSession]:
    """Load pydantic-ai, off the event loop: it takes about two seconds. Raises HostError when it is not installed."""
    try:
        module = importlib.import_module("orchestrator.hosts.model.session")
    except ImportError as error:
        raise HostError(
            FailureKind.UNSUPPORTED, f"the model host needs packages that are not installed: {error}", hint=INSTALL
        ) from error
    return cast("Callable[..., ModelSession]", module.ModelSession)
