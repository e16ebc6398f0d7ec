"""What the server reads from LSP's `initialize`, and what it answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from orchestrator import __version__
from orchestrator.rpc import commands
from orchestrator.rpc.dispatch import RequestError
from orchestrator_protocol import PROTOCOL_VERSION
from orchestrator_protocol.capabilities import ClientCapabilities
from orchestrator_protocol.methods import METHODS

PositionEncoding = Literal["utf-8", "utf-16", "utf-32"]
NAMELESS = "a client"
"""What a client is called that gives no name."""


class _Hello(BaseModel):
    """Editors send much that is none of our business, so unknown fields are ignored here."""

    model_config = ConfigDict(extra="ignore", strict=True, alias_generator=to_camel)


class _Folder(_Hello):
    uri: str


class _General(_Hello):
    position_encodings: list[str] | None = None


class _Window(_Hello):
    work_done_progress: bool | None = None


class _Experimental(_Hello):
    orchestrator: ClientCapabilities | None = None


def _ours(value: object) -> object:
    """Other servers' experimental capabilities may have any shape."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


class _Capabilities(_Hello):
    general: _General | None = None
    window: _Window | None = None
    experimental: Annotated[_Experimental | None, BeforeValidator(_ours)] = None


class _Options(_Hello):
    commands: bool = True


class _ClientInfo(_Hello):
    name: str = ""
    version: str | None = None


class InitializeParams(_Hello):
    """The part of LSP's InitializeParams that the connection itself needs."""

    process_id: int | None = None
    root_uri: str | None = None
    root_path: str | None = None
    workspace_folders: list[_Folder] | None = None
    client_info: _ClientInfo | None = None
    initialization_options: Annotated[_Options | None, BeforeValidator(_ours)] = None
    capabilities: _Capabilities = Field(default_factory=_Capabilities)

    @property
    def root(self) -> Path | None:
        """The workspace: the first folder, else the root; None when there is none on this machine's disk."""
        for uri in [*(f.uri for f in self.workspace_folders or ()), self.root_uri]:
            if uri and (path := path_of(uri)):
                return path
        return Path(self.root_path) if self.root_path else None

    @property
    def encoding(self) -> PositionEncoding:
        """The first encoding of the client's that we know; LSP's default is utf-16."""
        general = self.capabilities.general
        for offered in (general.position_encodings if general else None) or ():
            if offered == "utf-8" or offered == "utf-16" or offered == "utf-32":  # noqa: PLR1714 - narrows the literal type
                return offered
        return "utf-16"

    @property
    def client(self) -> ClientCapabilities:
        """What the client can do for us; of a plain LSP client nothing."""
        experimental = self.capabilities.experimental
        return (experimental.orchestrator if experimental else None) or ClientCapabilities()

    @property
    def client_name(self) -> str:
        """How the client calls itself, with its version; NAMELESS when it does not say."""
        info = self.client_info
        return (f"{info.name} {info.version or ''}".strip()[:200] if info else "") or NAMELESS

    @property
    def has_commands(self) -> bool:
        """Whether the client wants our commands announced; one that registers them for itself does not."""
        return self.initialization_options is None or self.initialization_options.commands

    @property
    def has_progress(self) -> bool:
        """Whether the client shows work-done progress that the server starts."""
        window = self.capabilities.window
        return bool(window and window.work_done_progress)


def path_of(uri: str) -> Path | None:
    """The absolute path of a file URI, None for any other."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme != "file" or not path.startswith("/") or "\0" in path:
        return None
    return Path(path)


def answer(hello: InitializeParams, workspace: Path | None, *, is_shared: bool) -> dict[str, Any]:
    """The result of `initialize`. `is_shared`: the server outlives this client, and so do its missions."""
    announced = {"executeCommandProvider": {"commands": list(commands.NAMES)}} if hello.has_commands else {}
    return {
        "capabilities": {
            "positionEncoding": hello.encoding,
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
            "codeActionProvider": {"codeActionKinds": ["quickfix", "source.fixAll"]},
            **announced,
            "experimental": {
                "orchestrator": {
                    "protocolVersion": PROTOCOL_VERSION,
                    "serverVersion": __version__,
                    "workspace": str(workspace) if workspace else None,
                    "pid": os.getpid(),
                    "isShared": is_shared,
                    "methods": [m.name for m in METHODS.values() if m.direction == "client_to_server"],
                }
            },
        },
        "serverInfo": {"name": "orchestrator", "version": __version__},
    }


def checked_hello(params: object) -> InitializeParams:
    """Raises RequestError for what does not fit, also for another version of the protocol."""
    try:
        hello = InitializeParams.model_validate(params)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, ("params", *first["loc"])))
        raise RequestError("invalid_params", f"{place}: {first['msg']}") from None
    wanted = hello.client.protocol_version
    if wanted != PROTOCOL_VERSION:
        older = "client" if wanted < PROTOCOL_VERSION else "server"
        reason = f"the client speaks version {wanted} of the protocol, the server version {PROTOCOL_VERSION}"
        raise RequestError("protocol_mismatch", reason, f"upgrade the {older}")
    return hello
