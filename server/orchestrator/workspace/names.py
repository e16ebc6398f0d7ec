"""Names that git, on any file system, could take for its own `.git` folder."""

from __future__ import annotations

# Code points that HFS+ ignores in names: ".g\u200cit" opens ".git" there.
_IGNORED_BY_HFS = frozenset(
    "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"
)


def is_git_name(name: str) -> bool:
    """Whether a path component is `.git` or a spelling of it (case, trailing dots, `git~1`, streams, marks)."""
    plain = "".join(c for c in name if c not in _IGNORED_BY_HFS).lower().split(":", 1)[0].rstrip(". ")
    return plain in {".git", "git~1"}


def has_git_name(path: str) -> bool:
    """Whether any component of a relative path is a git name."""
    return any(is_git_name(part) for part in path.split("/")) if "git" in path.lower() or not path.isascii() else False
