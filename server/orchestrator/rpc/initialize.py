"""What the server reads from LSP's `initialize`, and what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orchestrator import __version__
from orchestrator_protocol import PROTOCOL_VERSION
from orchestrator_protocol.methods import METHODS

PositionEncoding = Literal["utf-8", "utf-16"]


class _Hello(BaseModel):
    """Editors send much that is none of our business, so unknown fields are ignored here."""

    model_config = ConfigDict(extra="ignore", strict=True, alias_generator=to_camel)


class _Folder(_Hello):
    uri: str


class _General(_Hello):
    position_encodings: list[str] | None = None


class _Window(_Hello):
    work_done_progress: bool | None = None


class _Capabilities(_Hello):
    general: _General | None = None
    window: _Window | None = None


class InitializeParams(_Hello):
    """The part of LSP's InitializeParams that the connection itself needs."""

    process_id: int | None = None
    root_uri: str | None = None
    root_path: str | None = None
    workspace_folders: list[_Folder] | None = None
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
            if offered == "utf-8" or offered == "utf-16":  # noqa: PLR1714 - narrows the literal type
                return offered
        return "utf-16"

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


def answer(encoding: PositionEncoding) -> dict[str, Any]:
    """The result of `initialize`: static, but for the position encoding."""
    return {
        "capabilities": {
            "positionEncoding": encoding,
            "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
            "codeActionProvider": {"codeActionKinds": ["quickfix", "source.fixAll"]},
            "experimental": {
                "orchestrator": {
                    "protocolVersion": PROTOCOL_VERSION,
                    "methods": [m.name for m in METHODS.values() if m.direction == "client_to_server"],
                }
            },
        },
        "serverInfo": {"name": "orchestrator", "version": __version__},
    }
