"""Faults of the provider, each at its place in the conversation of one worker."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Mapping

from orchestrator.testing.provider import Answer, Call, Failure, Fault, struck

TROUBLES: Mapping[int, tuple[Fault, int]] = {
    0: (Fault("cut"), 2),
    1: (Fault("cut"), 1),
    2: (Fault("server_error"), 1),
    3: (Fault("server_error"), 2),
    4: (Fault("context_length"), 2),
    5: (Fault("rate_limit", retry_after_s=1), 1),
    6: (Fault("rate_limit", retry_after_s=1), 2),
}
"""By the number of the part: the fault and the turn that it strikes."""


class Striking:
    """Strikes each worker's conversation in one turn, once: by the number of its part."""

    def __init__(self, faults: Mapping[int, tuple[Fault, int]]) -> None:
        """Nobody is struck yet."""
        self.faults = faults
        self.struck: Counter[int] = Counter()
        self._lock = threading.Lock()

    def __call__(self, call: Call, answer: Answer) -> Answer | Failure:
        """The answer, or what becomes of it."""
        part = re.search(r"part(\d+): Mend", call.prompt)
        if "orc_edit_file" not in call.tools or not part:
            return answer
        fault, turn = self.faults[int(part[1])]
        with self._lock:
            if call.turn != turn or self.struck[int(part[1])]:
                return answer
            self.struck[int(part[1])] += 1
        return struck(fault, call, answer)
