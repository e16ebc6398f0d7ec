"""Telling a test that follows a rename in the code from one that was weakened."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from orchestrator.review.base import Base, defined_names, words_of
from orchestrator.review.files import read_regular
from orchestrator.review.kinds import plantable_language

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_RESERVED = frozenset({*keyword.kwlist, *dir(builtins), "true", "false", "null", "undefined", "expect", "assertEqual"})
"""Words that mean the same in every project: putting one for another is no rename."""


class Renames:
    """The names that a change of the code replaced.

    A rename puts one identifier for another everywhere and changes nothing else. It is followed only when the base's
    code defined the old name, the changed code no longer mentions it, and defines the new one.
    """

    def __init__(self, base: Base, root: str, paths: Iterable[str]) -> None:
        """Read the changed code of a tree."""
        self._base = base
        self._mentioned: set[str] = set()
        self._defined: set[str] = set()
        for path in paths:
            if plantable_language(path):
                content = read_regular(root, path)
                self._mentioned |= words_of(content or b"")
                self._defined |= defined_names(content or b"") | ({PurePosixPath(path).stem} if content else set())

    def explains(self, old: bytes, new: bytes) -> bool:
        """Whether the only difference is names that the code renamed too."""
        before = _TOKEN.findall(old.decode("utf-8", "replace"))
        after = _TOKEN.findall(new.decode("utf-8", "replace"))
        if len(before) != len(after):
            return False
        renamed: dict[str, str] = {}
        for was, now in zip(before, after, strict=True):
            if was != now and renamed.setdefault(was, now) != now:
                return False
        real = {was: now for was, now in renamed.items() if self._is_renamed(was, now)}
        if any(was in after or not (was in real or _follows(was, now, real)) for was, now in renamed.items()):
            return False
        return len(set(renamed.values())) == len(renamed) and not set(renamed.values()) & set(before)

    def _is_renamed(self, was: str, now: str) -> bool:
        if not _IDENTIFIER.fullmatch(was) or not _IDENTIFIER.fullmatch(now):
            return False
        if {was, now} & _RESERVED:
            return False
        was_ours = was in self._base.defined or _is_stem(self._base, was)
        return was_ours and was not in self._mentioned and now in self._defined


def _follows(was: str, now: str, real: Mapping[str, str]) -> bool:
    """Whether a name holds one that the code renamed, as `test_add` holds `add`, and changed with it."""
    return any(was != now and was.replace(old, new) == now for old, new in real.items())


def _is_stem(base: Base, word: str) -> bool:
    return any(Path(path).stem == word for path in base.paths)
