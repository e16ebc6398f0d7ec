"""The limits that missions get from the configuration."""

from __future__ import annotations

import pytest

from orchestrator.app import limited, tighten
from orchestrator.config.layers import Sources
from orchestrator.config.problem import ConfigError
from orchestrator.config.reading import read_document
from orchestrator.engine.limits import Limits


def test_missions_run_under_these_limits() -> None:
    own = Sources(read_document('{"limits": {"slots": 9, "max_iterations": 40}}', "config.jsonc"))
    limits = limited(Limits(), own.over(None).require())
    assert (limits.slots, limits.max_iterations, limits.session_timeout_s) == (9, 40, 1_800)
    assert tighten(own, limits, None) == limits
    under = tighten(own, limits, b'{"limits": {"slots": 2, "session_timeout_s": 60}}')
    assert (under.slots, under.max_iterations, under.session_timeout_s) == (2, 40, 60)
    with pytest.raises(ConfigError, match="looser"):
        tighten(own, limits, b'{"limits": {"slots": 10}}')
