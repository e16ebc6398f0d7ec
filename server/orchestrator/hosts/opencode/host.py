"""Sessions in the headless OpenCode: those of the `editor` host, in a client that we start ourselves."""

from __future__ import annotations

from orchestrator.hosts.editor import EditorHost, HostedSessionRegister
from orchestrator.hosts.opencode.program import HeadlessOpenCode
from orchestrator.ports.host import Containment, Session, SessionRoom, SessionSpec
from orchestrator.ports.hosting import HEADLESS


class OpenCodeHost:
    """See the module."""

    def __init__(self, register: HostedSessionRegister, program: HeadlessOpenCode) -> None:
        """Use this OpenCode, by the register that its plugin joins."""
        self._register = register
        self._program = program
        self._sessions = EditorHost(register, client_name=HEADLESS)

    @property
    def name(self) -> str:
        """The word that chooses this host."""
        return "opencode"

    @property
    def containment(self) -> Containment:
        """Mediated, as in any OpenCode with the plugin."""
        return "mediated"

    @property
    def is_metered(self) -> bool:
        """A provider stands behind OpenCode's models."""
        return True

    @property
    def is_reading(self) -> bool:
        """A model reads what it is told."""
        return True

    async def open(self, spec: SessionSpec, tools: SessionRoom) -> Session:
        """A new session. Raises HostError."""
        await self._program.ensure(lambda: self._register.has(HEADLESS))
        return await self._sessions.open(spec, tools)

    async def attach(self, spec: SessionSpec, tools: SessionRoom, place: str) -> Session | None:
        """Nothing: it ends with the server that started it."""
        del spec, tools, place
        return None
