"""Pages: what no longer fits into a conversation, as files that its tools can read."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from orchestrator.ports.host import ToolDescription, ToolError
from orchestrator.redaction import redact

MAX_PAGE_CHARACTERS: Final = 200_000
MAX_PAGES_BYTES: Final = 20_000_000
MAX_READ_CHARACTERS: Final = 20_000
RECALL: Final = ToolDescription(
    "recall",
    "Read a page that was taken out of this conversation. Results name their page as [page pN].",
    {
        "type": "object",
        "properties": {
            "page": {"type": "string", "description": "Such as p3."},
            "offset": {"type": "integer", "minimum": 0, "description": "First character; 0 is the beginning."},
        },
        "required": ["page"],
        "additionalProperties": False,
    },
)
"""The tool that reads a page."""


class Pages:
    """The pages of one session, in a folder of its own below the state directory."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written before the first page."""
        self._folder = folder
        self._sizes: dict[str, int] = {}

    def keep(self, text: str) -> str:
        """Write a page without secrets and answer its name; "" when the session's room is full."""
        data = redact(text[:MAX_PAGE_CHARACTERS]).text.encode("utf-8", "replace")
        if sum(self._sizes.values()) + len(data) > MAX_PAGES_BYTES:
            return ""
        name = f"p{len(self._sizes) + 1}"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self._folder / name).write_bytes(data)
        self._sizes[name] = len(data)
        return name

    def read(self, arguments: dict[str, object]) -> dict[str, object]:
        """What `recall` answers. Raises ToolError."""
        name = arguments.get("page")
        offset = arguments.get("offset", 0)
        if not isinstance(name, str) or name not in self._sizes:
            known = f"p1 to p{len(self._sizes)}" if self._sizes else "there are none"
            raise ToolError("no_such_page", f"there is no page {name!r}", f"pages: {known}")
        if not isinstance(offset, int) or offset < 0:
            raise ToolError("bad_arguments", "offset must be a number from 0", "leave it out to read from the start")
        text = (self._folder / name).read_text("utf-8")
        end = offset + MAX_READ_CHARACTERS
        shown: dict[str, object] = {"page": name, "text": text[offset:end], "is_cut": end < len(text)}
        return {**shown, "next_offset": end} if end < len(text) else shown

    def close(self) -> None:
        """Remove the session's pages."""
        for name in self._sizes:
            (self._folder / name).unlink(missing_ok=True)
        if self._sizes:
            self._folder.rmdir()
        self._sizes = {}
