"""What a client can host, show and approve: `capabilities.experimental.orchestrator` of its `initialize`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orchestrator_protocol import PROTOCOL_VERSION

Containment = Literal["contained", "mediated", "observed"]
"""What keeps a session inside its worktree: the launcher; our tools alone; nothing, we only look afterwards."""


class _Capability(BaseModel):
    """Types are strict; unknown fields are ignored, so that a newer client can talk to an older server."""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


class HostCapabilities(_Capability):
    """The client can run sessions for the server (`session/create` and friends).

    `name` is how missions and receipts name the host. `max_sessions` run side by side; `models` are the names that it
    knows ([] when the client chooses by itself). `can_steer`: a running session takes further words; `can_compact`:
    `session/compact` is served; `reports_usage`: session events carry tokens and cost.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)] = "editor"
    containment: Containment = "observed"
    max_sessions: Annotated[int, Field(ge=1, le=1_000)] = 8
    models: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=1_000)] = []
    can_steer: bool = False
    can_compact: bool = False
    reports_usage: bool = False


class ShowCapabilities(_Capability):
    """What the client wants to be told by itself.

    `events`: every `mission/event`, or those whose `type` is one of `event_types` when there are some; `progress`:
    `mission/progress`, at most ten a second; `notices`: `host/notify`, few and for a person. A client that hosts
    sessions gets those in any case.
    """

    events: bool = True
    event_types: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)] = []
    progress: bool = True
    notices: bool = False


class ApproveCapabilities(_Capability):
    """What a person at the client can be asked: `permission/request`, and to approve a plan."""

    permissions: bool = False
    plans: bool = False


class ClientCapabilities(_Capability):
    """The whole. A client that says nothing is a plain LSP client: it hosts and approves nothing and is shown all.

    `protocol_version` must be the server's, else `initialize` fails with `protocol_mismatch`.
    """

    protocol_version: int = PROTOCOL_VERSION
    host: HostCapabilities | None = None
    show: ShowCapabilities = ShowCapabilities()
    approve: ApproveCapabilities = ApproveCapabilities()
