"""The terminal UI under a pseudo-terminal: missions are typed, watched, sealed, stopped, asked about, and killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from missions import Model, workspace  # pyright: ignore[reportMissingImports] - beside this file
from opencode_process import configuration, running, until, with_plugin  # pyright: ignore[reportMissingImports] - as above
from person import Person, keep  # pyright: ignore[reportMissingImports] - as above
from striking import TROUBLES, Striking  # pyright: ignore[reportMissingImports] - as above

from orchestrator.testing.provider import FakeProvider

Sit = Callable[..., Person]


@pytest.fixture
def sit(provider: FakeProvider, tmp_path: Path) -> Iterator[Sit]:
    """Somebody opens OpenCode in a workspace with some parts to mend."""
    people: list[Person] = []

    def sit(count: int, **config: object) -> Person:
        provider.policy = Model(count)
        full = configuration(provider, plugins=with_plugin(), **config)
        people.append(Person(tmp_path / "home", workspace(tmp_path / "workspace", count), full))
        people[-1].sees("Big")
        return people[-1]

    yield sit
    for person in people:
        person.leave()


def mended(person: Person, count: int) -> bool:
    """Whether all parts are right."""
    return all("value * 2" in (person.folder / f"part{n}.py").read_text() for n in range(count))


def test_missions_in_the_terminal(sit: Sit, provider: FakeProvider) -> None:
    person = sit(10)
    before = len(provider.calls)
    person.writes("/task")
    keep("commands", person.sees("/task", "Give a mission to the team"))
    person.orders("/task mend all parts")
    keep("begun", person.sees("/tasks shows how it goes"))
    keep("sealed", person.sees("The whole story: orchestrator summary"))
    assert mended(person, 10)

    model = Model(10)
    model.command = "sleep 300.7"
    provider.policy = model
    person.orders("/task mend them again")
    until(lambda: len(running("300.7")) == 10, "the commands run")
    person.orders("/stop")
    keep("stopped", person.sees("nothing of it runs any more", "## How it ended"))
    assert not running("300.7")
    assert all(call.tools and all(tool.startswith("orc_") for tool in call.tools) for call in provider.calls[before:])


def test_troubles_and_a_question_in_the_terminal(sit: Sit, provider: FakeProvider) -> None:
    """A storm of refusals, cut streams, failures, a full context; and the person's own rule for one command."""
    person = sit(len(TROUBLES), permission={"*": "allow", "bash": {"*": "allow", "echo part0.py": "ask"}})
    model = Model(len(TROUBLES))
    model.command = "echo {name}"
    strike = model.strike = Striking(TROUBLES)
    provider.policy = model
    person.orders("/task mend all parts")
    keep("asked", person.sees("Permission required", "echo part0.py"))
    person.terminal.type("\r")
    person.sees("The whole story: orchestrator summary")
    assert len(strike.struck) == len(TROUBLES)
    assert mended(person, len(TROUBLES))


def test_kill_9_of_the_server_of_opencode_and_of_both(sit: Sit, provider: FakeProvider) -> None:
    person = sit(3)
    model = Model(3)
    model.command = "sleep 300.71"
    provider.policy = model
    person.orders("/task mend all parts")
    until(lambda: len(running("300.71")) == 3, "the commands run")
    (first,) = person.servers()
    model.command = "sleep 300.72"
    os.kill(first, signal.SIGKILL)
    until(lambda: person.servers() not in ([], [first]), "the plugin starts another server")
    model.command = "sleep 300.73"
    person.killed_and_back(with_server=False)
    until(lambda: len(running("300.73")) == 3, "the sessions have begun anew")
    model.command = "true"
    person.killed_and_back(with_server=True)
    keep("back", person.sees("The whole story: orchestrator summary", "3 of 3 tasks done"))
    assert mended(person, 3)
    assert not [marker for marker in ("300.71", "300.72", "300.73") if running(marker)]
