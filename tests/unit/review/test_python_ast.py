"""Python's parser under many threads."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor

from orchestrator.review.python_ast import parse

SOURCE = ("x = [" + "(" * 40 + "1" + ")" * 40 + ", 2]\n") * 20


class Garbage:
    """What the collector meets while a tree is built: it hands the turn to another thread."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        time.sleep(0.0005)


def test_many_threads_parse_without_a_system_error() -> None:
    """With `ast.parse` itself some of these raise SystemError on CPython 3.11."""

    def one(_: int) -> int:
        Garbage()
        return len(parse(SOURCE).body)

    before = gc.get_threshold()
    gc.set_threshold(100)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(one, range(400)))
    finally:
        gc.set_threshold(*before)
    assert found == [20] * 400
