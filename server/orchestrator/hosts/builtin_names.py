"""Which names a rename may give, by language."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

_IDENTIFIER = re.compile(r"[^\W\d][\w$]*\Z")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SCRIPT_WORDS = _words(
    "await break case catch class const continue debugger default delete do else enum export extends false finally for "
    "function if implements import in instanceof interface let new null package private protected public return static "
    "super switch this throw true try typeof var void while with yield"
)
_RUST_WORDS = _words(
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move "
    "mut pub ref return self static struct super trait true type unsafe use where while"
)
_GO_WORDS = _words(
    "break case chan const continue default defer else fallthrough for func go goto if import interface map package "
    "range return select struct switch type var"
)
_RESERVED: dict[str, frozenset[str]] = {
    "python": frozenset(keyword.kwlist),
    "javascript": _SCRIPT_WORDS,
    "typescript": _SCRIPT_WORDS,
    "tsx": _SCRIPT_WORDS,
    "rust": _RUST_WORDS,
    "go": _GO_WORDS,
}


def is_identifier(name: str) -> bool:
    """Whether a name could be an identifier in any of the languages."""
    return _IDENTIFIER.match(name) is not None and len(name) <= 200


def reserved_in(name: str, languages: Iterable[str]) -> str:
    """The first of these languages that keeps the name for itself, "" when none does."""
    for language in sorted(set(languages)):
        if name in _RESERVED.get(language.lower(), frozenset()):
            return language
        if "$" in name and language.lower() not in {"javascript", "typescript", "tsx"}:
            return language
    return ""
