"""How long tasks are likely to run, learned from those that ran.

A task's log duration against the default of its size is explained in steps, from all tasks to ever more similar ones:
the same role, then the same size too, the same kind of file, the same folder. Each step's mean is shrunken towards the
step before it as if that had been seen `_TRUST` times (the empirical Bayes estimate of a normal mean), so one odd task
moves little and a habit much; what is further than a factor of `_CLIP` from what was expected counts as that far.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from orchestrator.domain.plan import ESTIMATE_S, TaskSpec

_TRUST = 2.0
_CLIP = log(10.0)
_LEAST_S = 0.001


@dataclass(slots=True)
class _Mean:
    """Log ratios that were seen: how many, and their sum."""

    count: int = 0
    total: float = 0.0


class Durations:
    """What is known of durations. Pure: the caller measures."""

    def __init__(self) -> None:
        """Nothing was seen: estimates are the defaults of the sizes."""
        self._seen: dict[tuple[str, ...], _Mean] = {}
        self.count = 0

    def observe(self, spec: TaskSpec, duration_s: float) -> None:
        """A task like this one ran so long."""
        self.count += 1
        ratio = log(max(duration_s, _LEAST_S) / ESTIMATE_S[spec.size])
        expected = 0.0
        for key in _likenesses(spec):
            mean = self._seen.setdefault(key, _Mean())
            # The first ones set the scale: a host may be a thousand times faster than the defaults.
            mean.total += ratio if self.count <= _TRUST else min(max(ratio, expected - _CLIP), expected + _CLIP)
            mean.count += 1
            expected = _shrunken(mean, expected)

    def estimate_s(self, spec: TaskSpec) -> float:
        """How long it is likely to run."""
        expected = 0.0
        for key in _likenesses(spec):
            if (mean := self._seen.get(key)) is not None:
                expected = _shrunken(mean, expected)
        return ESTIMATE_S[spec.size] * exp(expected)


def _shrunken(mean: _Mean, expected: float) -> float:
    return (mean.total + _TRUST * expected) / (mean.count + _TRUST)


def _likenesses(spec: TaskSpec) -> tuple[tuple[str, ...], ...]:
    path = spec.write_set[0] if spec.write_set else ""
    folder, _, name = path.rpartition("/")
    suffix = name.rpartition(".")[2] if "." in name else ""
    role = spec.role.value
    return (), (role,), (role, spec.size), (role, spec.size, suffix), (role, spec.size, suffix, folder)
