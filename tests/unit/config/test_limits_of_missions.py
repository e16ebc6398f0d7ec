"""The limits that missions get from the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.app import confined, limited, tighten
from orchestrator.config.layers import Sources
from orchestrator.config.places import state_home
from orchestrator.config.problem import ConfigError
from orchestrator.config.reading import read_document
from orchestrator.engine.limits import Limits
from orchestrator.sandbox.launcher import NativeLauncher


def test_missions_run_under_these_limits(tmp_path: Path) -> None:
    launcher = NativeLauncher(tmp_path)
    own = Sources(read_document('{"limits": {"slots": 9, "max_iterations": 40}}', "config.jsonc"))
    limits = limited(Limits(), own.over(None).require())
    assert (limits.slots, limits.max_iterations, limits.session_timeout_s) == (9, 40, 1_800)
    assert tighten(own, launcher, limits, None) == limits
    under = tighten(own, launcher, limits, b'{"limits": {"slots": 2, "session_timeout_s": 60}}')
    assert (under.slots, under.max_iterations, under.session_timeout_s) == (2, 40, 60)
    with pytest.raises(ConfigError, match="looser"):
        tighten(own, launcher, limits, b'{"limits": {"slots": 10}}')


def test_commands_are_held_to_what_user_and_project_demand(tmp_path: Path) -> None:
    own = Sources(read_document('{"sandbox": {"required": ["pidns"]}}', "config.jsonc"))
    launcher = NativeLauncher(tmp_path, policy=confined(own.over(None).require()))
    assert (launcher.policy.required, launcher.policy.is_network_allowed) == (("pidns",), True)
    assert str(state_home().resolve()) in launcher.policy.hidden
    tighten(own, launcher, Limits(), b'{"sandbox": {"required": ["pidns", "landlock"], "network": false}}')
    assert (launcher.policy.required, launcher.policy.is_network_allowed) == (("pidns", "landlock"), False)
    tighten(own, launcher, Limits(), None)
    assert (launcher.policy.required, launcher.policy.is_network_allowed) == (("pidns",), True)
    with pytest.raises(ConfigError, match="looser"):
        tighten(own, launcher, Limits(), b'{"sandbox": {"required": []}}')
