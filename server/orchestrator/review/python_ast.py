"""Python's own parser, one thread at a time."""

from __future__ import annotations

import ast
import threading
import warnings

_ONE_AT_A_TIME = threading.Lock()
"""CPython 3.11 counts the depth of a tree that it builds for all threads together, and raises SystemError when another
thread's tree comes in between (https://github.com/python/cpython/issues/106905). Filters of warnings are shared too."""


def parse(source: str | bytes) -> ast.Module:
    """The tree of a source. Raises SyntaxError, ValueError, RecursionError, MemoryError."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)
