"""The `editor` host: sessions run in a client that is connected, with our tools and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import anyio

from orchestrator.domain.budget import Amounts
from orchestrator.domain.mission import Answered
from orchestrator.domain.words import FailureKind
from orchestrator.errors import OrchestratorError
from orchestrator.ports.host import Brief, Containment, HostError, Remedy, Reply, Session, SessionRoom, SessionSpec
from orchestrator.ports.hosting import HEADLESS, SessionClient, TurnEnded

_log = logging.getLogger(__name__)
JOIN_TIMEOUT_S: Final = 600.0
"""How long a session waits for a client that can host it."""
REJOIN_TIMEOUT_S: Final = 60.0
"""How long a session whose client left waits for any client that can host it."""
RETURN_TIMEOUT_S: Final = 10.0
"""How much longer it waits for the one that knows it, once another could host it anew: a client that lives is back
within its first pause (a quarter of a second), the start of its connection, and a stall of its event loop (4 s)."""
_GO_ON: Final = "Your history was shortened; your task stands in it word for word. Go on where you stopped."


@dataclass(slots=True, eq=False)
class _Hosted:
    """A session that a client hosts. `client_id` is "" while nobody does; `end` is set once a turn has ended.

    Nobody who leaves comes back to a session that `is_bound`.
    """

    spec: SessionSpec
    tools: SessionRoom
    place: str
    client_id: str
    end: TurnEnded | None = None
    ended: anyio.Event = field(default_factory=anyio.Event)
    is_waiting: bool = False
    is_bound: bool = False


class HostedSessionRegister:
    """The clients that host, and the sessions that they host. One for a workspace; see `ports.hosting`."""

    def __init__(self) -> None:
        """Nobody is there yet."""
        self._clients: dict[str, SessionClient] = {}
        self._sessions: dict[str, _Hosted] = {}
        self._came = anyio.Event()
        self._left = anyio.Event()

    def join(self, client: SessionClient) -> None:
        """A client that can host is there."""
        self._clients[client.id] = client
        came, self._came = self._came, anyio.Event()
        came.set()

    def leave(self, client_id: str) -> None:
        """It has left; its sessions wait for another client that knows them."""
        if self._clients.pop(client_id, None) is None:
            return
        for hosted in self._sessions.values():
            if hosted.client_id == client_id:
                hosted.client_id = ""
        left, self._left = self._left, anyio.Event()
        left.set()

    def ended(self, client_id: str, session_id: str, end: TurnEnded) -> None:
        """A turn ended."""
        hosted = self._sessions.get(session_id)
        if hosted is None or hosted.client_id != client_id or not hosted.is_waiting:
            _log.info("client %s tells the end of a turn of %s, which nobody waits for", client_id, session_id)
            return
        hosted.end = end
        hosted.ended.set()

    async def call_tool(
        self, client_id: str, session_id: str, tool: str, arguments: Mapping[str, object]
    ) -> dict[str, object]:
        """A session calls a tool, while its turn lasts."""
        return await self._of(client_id, session_id).tools.call(tool, arguments)

    async def reserve(self, client_id: str, session_id: str, worst: Amounts) -> str:
        """A session is about to call its model."""
        return await self._of(client_id, session_id).tools.reserve(worst)

    async def settle(self, client_id: str, session_id: str, reservation_id: str, used: Amounts) -> None:
        """The call has used this much."""
        await self._of(client_id, session_id).tools.settle(reservation_id, used)

    async def ask(self, client_id: str, session_id: str, subject: str, text: str) -> Answered:
        """A session needs a person's leave; whoever reads it is told which task it is about."""
        hosted = self._of(client_id, session_id)
        return await hosted.tools.ask(subject, f"{hosted.spec.role.value} of {hosted.spec.title!r} {text}")

    def has(self, name: str) -> bool:
        """Whether a client of this name is there."""
        return any(client.name == name for client in self._clients.values())

    async def client(self, name: str = "") -> SessionClient:
        """The newest client that hosts (of that name; without one, a person's), waiting for one to come.

        Raises HostError `unavailable` when none does.
        """
        with anyio.move_on_after(JOIN_TIMEOUT_S):
            while True:
                came = self._came
                for client in reversed(self._clients.values()):
                    if client.name == name or (not name and client.name != HEADLESS):
                        return client
                await came.wait()
        raise HostError(
            FailureKind.UNAVAILABLE,
            "no client that hosts sessions is connected",
            hint="open the workspace in OpenCode with the orchestrator plugin, or choose another host",
        )

    def add(self, hosted: _Hosted) -> None:
        """Keep a session under its id."""
        self._sessions[hosted.spec.session_id] = hosted

    def remove(self, session_id: str) -> None:
        """Forget a session."""
        self._sessions.pop(session_id, None)

    def client_of(self, hosted: _Hosted) -> SessionClient | None:
        """The client that hosts the session now."""
        return self._clients.get(hosted.client_id)

    async def gone(self, hosted: _Hosted) -> None:
        """Wait until nobody hosts the session."""
        while hosted.client_id in self._clients:
            await self._left.wait()

    async def found_again(self, hosted: _Hosted) -> bool:
        """Look for a client that still knows the session; whether there is one, at once where nobody comes back.

        With nobody to host it, waiting costs nothing. As soon as somebody is there who does not know it, the deadline
        is near: whoever knows it is on their way back, or never comes.
        """
        if hosted.is_bound:
            return False
        asked: set[str] = set()
        with anyio.move_on_after(REJOIN_TIMEOUT_S) as waiting:
            while True:
                came = self._came
                for client in [c for c in self._clients.values() if c.id not in asked]:
                    asked.add(client.id)
                    if await self._knows(client, hosted):
                        return True
                    waiting.deadline = min(waiting.deadline, anyio.current_time() + RETURN_TIMEOUT_S)
                await came.wait()
        return False

    async def _knows(self, client: SessionClient, hosted: _Hosted) -> bool:
        hosted.client_id = client.id  # from here on, so that a turn that ends right behind the answer is heard
        try:
            state = await client.look(hosted.spec.session_id, hosted.place)
        except OrchestratorError as error:
            _log.info("client %s can't say whether it knows session %s: %s", client.name, hosted.place, error)
            hosted.client_id = ""
            return False
        if not state.is_alive:
            hosted.client_id = ""
            return False
        if not state.is_busy and hosted.is_waiting:
            hosted.end = TurnEnded(state.last_text)
            hosted.ended.set()
        return True

    def _of(self, client_id: str, session_id: str) -> _Hosted:
        hosted = self._sessions.get(session_id)
        if hosted is None or hosted.client_id != client_id:
            raise OrchestratorError(
                "unknown_session",
                f"this client hosts no session {session_id!r}",
                "the session may have ended: abort it",
            )
        return hosted


class EditorHost:
    """Sessions in whatever client is connected and can host."""

    def __init__(self, register: HostedSessionRegister, client_name: str = "") -> None:
        """Use the clients of this register, or only those of one name, which never come back once they left."""
        self._register = register
        self._client_name = client_name

    @property
    def name(self) -> str:
        """The word that chooses this host."""
        return "editor"

    @property
    def containment(self) -> Containment:
        """Mediated: a hosted session acts through our tools."""
        return "mediated"

    @property
    def is_metered(self) -> bool:
        """A provider stands behind the client's models."""
        return True

    @property
    def is_reading(self) -> bool:
        """A model reads what it is told."""
        return True

    async def open(self, spec: SessionSpec, tools: SessionRoom) -> Session:
        """A new session in a client. Raises HostError."""
        client = await self._register.client(self._client_name)
        try:
            place = await client.create(spec, tools.describe())
        except OrchestratorError as error:
            raise _failed(error) from error
        hosted = _Hosted(spec, tools, place, client.id, is_bound=self._client_name != "")
        self._register.add(hosted)
        return _EditorSession(self._register, hosted)

    async def attach(self, spec: SessionSpec, tools: SessionRoom, place: str) -> Session | None:
        """A session that a client kept while the server was away."""
        hosted = _Hosted(spec, tools, place, "", is_waiting=True)
        self._register.add(hosted)
        if await self._register.found_again(hosted):
            return _EditorSession(self._register, hosted, is_rejoined=True)
        self._register.remove(spec.session_id)
        return None


class _EditorSession:
    """One session in a client."""

    def __init__(self, register: HostedSessionRegister, hosted: _Hosted, *, is_rejoined: bool = False) -> None:
        self._register = register
        self._hosted = hosted
        self._is_rejoined = is_rejoined
        self._told = ""
        self._is_shortened = False

    @property
    def place(self) -> str:
        """The client's own name for the session."""
        return self._hosted.place

    async def prompt(self, brief: Brief) -> Reply:
        """One turn; the first after a rejoin only waits for the one under way. Raises HostError."""
        hosted = self._hosted
        try:
            if not self._is_rejoined:
                await self._begin(brief)
            self._is_rejoined = False
            end = await self._end()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._abort()
            raise
        finally:
            hosted.is_waiting = False
        if end.failure is not None:
            raise HostError(end.failure, end.text or "the client gave no reason", retry_after_s=end.retry_after_s)
        return Reply(end.text, end.input_tokens, end.output_tokens)

    async def mend(self, remedy: Remedy) -> bool:
        """Have the client shorten the history around the brief; see `ports.host.Mendable`. It can do nothing else."""
        client = self._register.client_of(self._hosted)
        if remedy is not Remedy.COMPACT or client is None:
            return False
        try:
            did = await client.compact(self._hosted.spec.session_id, self._hosted.place, self._told)
        except OrchestratorError as error:
            _log.warning("session %s was not shortened: %s", self._hosted.place, error)
            return False
        self._is_shortened = did
        return did

    async def close(self) -> None:
        """Forget the session on its client."""
        client = self._register.client_of(self._hosted)
        self._register.remove(self._hosted.spec.session_id)
        if client is not None:
            try:
                await client.delete(self._hosted.spec.session_id, self._hosted.place)
            except OrchestratorError as error:
                _log.info("session %s was not deleted: %s", self._hosted.place, error)

    async def _begin(self, brief: Brief) -> None:
        hosted = self._hosted
        client = self._register.client_of(hosted)
        if client is None:
            raise HostError(FailureKind.CRASHED, "the client that hosted the session has left")
        hosted.end, hosted.ended, hosted.is_waiting = None, anyio.Event(), True
        text = _GO_ON if self._is_shortened and brief.text == self._told else brief.text
        self._told, self._is_shortened = brief.text, False
        try:
            await client.prompt(hosted.spec.session_id, hosted.place, text)
        except OrchestratorError as error:
            raise _failed(error) from error

    async def _end(self) -> TurnEnded:
        """The end of the turn, also when the client goes and another one that knows the session comes."""
        hosted = self._hosted
        while hosted.end is None:
            async with anyio.create_task_group() as group:
                group.start_soon(_cancel_after, group.cancel_scope, hosted.ended.wait)
                group.start_soon(_cancel_after, group.cancel_scope, lambda: self._register.gone(hosted))
            if hosted.end is None and not await self._register.found_again(hosted):
                raise HostError(FailureKind.CRASHED, "the client that hosted the session has left")
        return hosted.end

    async def _abort(self) -> None:
        client = self._register.client_of(self._hosted)
        if client is not None:
            try:
                await client.abort(self._hosted.spec.session_id, self._hosted.place)
            except OrchestratorError as error:
                _log.warning("session %s may still run: %s", self._hosted.place, error)


async def _cancel_after(scope: anyio.CancelScope, wait: Callable[[], Awaitable[None]]) -> None:
    await wait()
    scope.cancel()


def _failed(error: OrchestratorError) -> HostError:
    kind = FailureKind.CRASHED if error.code in {"client_gone", "client_silent"} else FailureKind.UNAVAILABLE
    return HostError(kind, error.message, hint=error.hint)
