"""Asking OpenCode itself whether it loads the plugin."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio

from orchestrator.config.places import state_home
from orchestrator.ports.launcher import Command, LauncherError
from orchestrator.sandbox.launcher import NativeLauncher

TIME_LIMIT_S = 30.0
_SIGN = b'"orc-planner"'
"""An agent that the plugin adds when OpenCode runs it."""


@dataclass(frozen=True, slots=True)
class Loading:
    """Whether OpenCode loads the plugin: `clean`, `failed`, or `not_checked` with the reason."""

    verdict: Literal["clean", "failed", "not_checked"]
    detail: str = ""


def opencode_program() -> str | None:
    """OpenCode on the PATH."""
    return shutil.which("opencode")


def loading() -> Loading:
    """Start OpenCode once and look at the configuration that it ends up with. Takes some seconds."""
    program = opencode_program()
    if program is None:
        return Loading("not_checked", "there is no opencode on the PATH")
    # OpenCode may install packages before it answers; offline it would try for minutes.
    env = {
        **os.environ,
        "npm_config_fetch_retries": "0",
        "npm_config_offline": "true",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
    }
    command = Command(
        (program, "debug", "config"), cwd=str(Path.home()), env=env, timeout_s=TIME_LIMIT_S, output_cap_bytes=4_000_000
    )
    state = state_home()
    try:
        state.mkdir(parents=True, exist_ok=True)
        outcome = anyio.run(NativeLauncher(state).run, command)
    except (LauncherError, OSError) as error:
        return Loading("not_checked", str(error))
    if outcome.is_timed_out:
        return Loading("not_checked", f"OpenCode did not answer within {TIME_LIMIT_S:.0f} s")
    if outcome.exit_code == 0 and _SIGN in outcome.output:
        return Loading("clean")
    words = outcome.output.decode("utf-8", "replace").strip().splitlines()
    reason = words[-1] if words and outcome.exit_code else "it reads another configuration, or can't run the plugin"
    return Loading("failed", reason[:500])
