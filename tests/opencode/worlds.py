"""A workspace with work to do, the person's session in it, and a model that does the work."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from missions import Model, workspace  # pyright: ignore[reportMissingImports] - beside this file
from opencode_process import PATIENCE_S, Json, OpenCode, environment, until, with_plugin  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import FakeProvider


@dataclass
class World:
    """A workspace, the person's session in it, and the model. `first_call` is the number of calls before."""

    opencode: OpenCode
    provider: FakeProvider
    model: Model
    folder: Path
    session: str
    first_call: int

    def calls(self) -> list[Json]:
        """Bodies of the calls since the test began."""
        return [call.body for call in self.provider.calls[self.first_call :]]

    def command(self, name: str, text: str = "") -> str:
        """Give a slash command; what it answered."""
        return "\n".join(self.opencode.command(self.folder, self.session, name, text))

    def start(self, text: str = '"mend all parts"', *, by: str = "task") -> str:
        """Start a mission by a command; its id."""
        answer = self.command(by, text)
        found = re.search(r"^Mission (m-\S+) has begun", answer, re.MULTILINE)  # the last summary may come meanwhile
        assert found, answer
        return found[1]

    def shown(self) -> str:
        """Everything in the session that no model is sent."""
        return "\n".join(self.opencode.shown(self.folder, self.session))

    def summary(self, mission: str) -> str:
        """The summary that ends the mission."""

        def look() -> str | None:
            texts = self.opencode.shown(self.folder, self.session)
            return next((text for text in texts if mission in text and "## " in text), None)

        return until(look, lambda: f"the summary of {mission}; so far:\n{self.shown()}")

    def status(self) -> str:
        """What /tasks says."""
        return self.command("tasks")


def new_world(
    opencode: OpenCode, provider: FakeProvider, folder: Path, count: int, config: Mapping[str, object] | None = None
) -> World:
    """A world with `count` parts to mend, where OpenCode has the plugin and is configured so beside."""
    model = Model(count)
    provider.policy = model
    workspace(folder, count)
    configure(folder, plugin=with_plugin(), **(config or {}))
    return World(opencode, provider, model, folder, opencode.session(folder), len(provider.calls))


def orchestrator(world: World, *words: str) -> None:
    """The command line with these words, in the workspace. It must succeed."""
    command = [sys.executable, "-m", "orchestrator", *words, "--workspace", str(world.folder)]
    env = environment(world.opencode.home)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def configure(folder: Path, **config: object) -> None:
    """Write what OpenCode reads in a folder."""
    (folder / "opencode.json").write_text(json.dumps(config))
