"""The document cache: pages that sessions read, with source and date, in the state directory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.ports.host import ToolError
from orchestrator.tools.page_text import page_text
from orchestrator.tools.web import Response, Web, checked

FRESH_S: Final = 24 * 3_600.0
"""So long a page is not fetched again."""
MAX_TEXT_CHARACTERS: Final = 1_000_000
MAX_CACHE_BYTES: Final = 100_000_000
"""All pages together; the oldest go first."""
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_TEXT: Final = frozenset({"application/json", "application/xml", "application/javascript", "application/toml"})


class Document(BaseModel):
    """One page as text. `source` is the address that was asked for, `url` where it was found."""

    model_config = ConfigDict(frozen=True)

    source: str
    url: str
    fetched_at_s: float
    title: str
    text: str
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Documents:
    """Pages by address. `now_s` is Unix time. Thread-safe: a page is written whole or not at all."""

    folder: Path
    now_s: Callable[[], float]
    web: Web

    def get(self, url: str) -> tuple[Document, bool]:
        """A page, and whether it was known already. Blocking. Raises ToolError."""
        checked(url)
        path = self.folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.json"
        known = _known(path)
        if known is not None and 0 <= self.now_s() - known.fetched_at_s < FRESH_S:
            return known, True
        document = _document(url, self.web.fetch(url), self.now_s())
        self._keep(path, document)
        return document, False

    def _keep(self, path: Path, document: Document) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        fresh.write_text(document.model_dump_json(), "utf-8")
        fresh.replace(path)
        kept = sorted(
            ((item.stat().st_mtime, item.stat().st_size, item) for item in self.folder.glob("*.json")), reverse=True
        )
        size = 0
        for _, size_bytes, item in kept:
            size += size_bytes
            if size > MAX_CACHE_BYTES and item != path:
                item.unlink(missing_ok=True)


def _known(path: Path) -> Document | None:
    """A page of the cache; one that is damaged is fetched again."""
    try:
        return Document.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError):
        return None


def _document(source: str, response: Response, now_s: float) -> Document:
    kind = response.content_type
    if kind not in _HTML | _TEXT and not kind.startswith("text/"):
        raise ToolError("not_text", f"{source} is no text but {kind}", "try another page")
    try:
        text = response.body.decode(response.charset, "replace")
    except LookupError:
        text = response.body.decode("utf-8", "replace")
    title, text = page_text(text) if kind in _HTML else ("", text)
    is_cut = response.is_cut or len(text) > MAX_TEXT_CHARACTERS
    shown = text[:MAX_TEXT_CHARACTERS]
    return Document(source=source, url=response.url, fetched_at_s=now_s, title=title, text=shown, is_cut=is_cut)
