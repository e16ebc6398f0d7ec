"""What is known of checks on trees from earlier missions, on disk."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import cast

MAX_ENTRIES = 500
MAX_ENTRY_BYTES = 5_000_000


class CheckCache:
    """Small JSON objects by key, at most `MAX_ENTRIES` of them; the ones longest untouched go first.

    A broken or missing entry is no entry: the check is run again.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the folder; it is made at the first write."""
        self._folder = folder

    def get(self, parts: Iterable[str]) -> dict[str, object] | None:
        """The entry under the parts of a key."""
        place = self._place(parts)
        try:
            data = json.loads(place.read_bytes())
            os.utime(place)
        except (OSError, ValueError):
            return None
        return cast("dict[str, object]", data) if isinstance(data, dict) else None

    def put(self, parts: Iterable[str], entry: dict[str, object]) -> None:
        """Keep an entry, unless it is too large."""
        content = json.dumps(entry).encode()
        if len(content) > MAX_ENTRY_BYTES:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        place = self._place(parts)
        new = place.with_suffix(f".{secrets.token_hex(4)}")
        new.write_bytes(content)
        new.replace(place)
        self._prune()

    def _place(self, parts: Iterable[str]) -> Path:
        return self._folder / f"{hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()}.json"

    def _prune(self) -> None:
        ages: list[tuple[float, Path]] = []
        for entry in self._folder.iterdir():
            try:
                ages.append((entry.stat().st_mtime, entry))
            except FileNotFoundError:
                continue
        for _, entry in sorted(ages, reverse=True)[MAX_ENTRIES:]:
            entry.unlink(missing_ok=True)
