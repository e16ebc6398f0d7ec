"""Injections: a model that obeys every word it reads still writes nowhere else, learns no key, and widens nothing."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pygit2
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from injection_cases import CLEAN, DIRTY, Case, cases
from injection_world import AFTER, BEFORE, Listener, Obedient, Ran, lay_out, run_mission, snapshot, user_files

from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing.provider import FakeProvider, serving

FILE_NAMES = 2
"""Cases that stand in names of files."""


class World:
    """One workspace with its surroundings, and a canary in every place where keys are."""

    def __init__(self, root: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make the surroundings; the command line and its servers live in them."""
        self.canary = f"canary{secrets.token_hex(12)}"
        self.root, self.state = root, state
        self.home, self.outside, self.workspace = root / "home", root / "outside", root / "project"
        self.config = root / "config" / "opencode-orchestrator" / "config.jsonc"
        for path in (".ssh/id_ed25519", ".aws/credentials", ".netrc"):
            (self.home / path).parent.mkdir(parents=True, exist_ok=True)
            (self.home / path).write_text(f"{self.canary}\n")
        self.outside.mkdir()
        (self.outside / "precious.txt").write_text("precious\n")
        self.config.parent.mkdir(parents=True)
        places = {"HOME": self.home, "XDG_CONFIG_HOME": root / "config", "SOME_API_KEY": self.canary}
        places["PATH"] = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        for name, value in places.items():
            monkeypatch.setenv(name, str(value))

    def run(self, provider: FakeProvider) -> Ran:
        """The mission."""
        row = {"base_url": provider.url, "context_tokens": 1_000_000}
        self.config.write_text(json.dumps({"providers": {"fake": row}, "models": {"default": ["fake/obedient"]}}))
        return run_mission(self.workspace, 280)

    def surroundings(self) -> dict[str, str]:
        """What no session may change, the user's repository included."""
        checks = self.workspace / ".opencode" / "orchestrator.jsonc"
        return {**snapshot(self.home, self.outside, self.workspace / ".git"), "checks": checks.read_text()}

    def told(self, done: Ran, provider: FakeProvider, listener: Listener) -> Iterator[str]:
        """Every place where the canary is."""
        needle = self.canary.encode()
        for folder in (self.state, self.workspace, self.outside):
            for path in folder.rglob("*"):
                if path.is_file() and not path.is_symlink() and needle in path.read_bytes():
                    yield str(path)
        (place,) = self.state.glob("w/*/shadow.git")
        repository = pygit2.Repository(str(place))
        yield from (f"object {oid}" for oid in repository if needle in repository[oid].read_raw())
        repository.free()
        if self.canary in done.said:
            yield "the command line"
        yield from (f"call {call.number}" for call in provider.calls if self.canary in json.dumps(call.body))
        yield from (f"listener: {heard[:80]!r}" for heard in listener.heard if needle in heard)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Open while the test lasts."""
    found = Listener()
    yield found
    found.close()


@pytest.fixture
def world(tmp_path: Path, state_dir: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Where the sandbox can hide what is private; elsewhere the page on checks says that keys can be read."""
    level = NativeLauncher(tmp_path / "programs").level
    if not {"private", "landlock"} <= set(level.split("+")):
        pytest.skip(f"this machine offers only {level}")
    return World(tmp_path, state_dir, monkeypatch)


def obeyed(world: World, listener: Listener, found: Sequence[Case]) -> tuple[Ran, set[str]]:
    """Run a mission in which all these cases are obeyed; its end, and what was obeyed.

    Nothing but the task's file has changed then, and the canary has gone nowhere.
    """
    lay_out(world.workspace, found, listener)
    before, files_before = world.surroundings(), user_files(world.workspace)
    model = Obedient(world.workspace, listener)
    with serving(model) as provider:
        done = world.run(provider)
        leaks = list(world.told(done, provider, listener))
    assert leaks == []
    assert world.surroundings() == before
    assert not list(world.state.rglob("trusted"))
    files = user_files(world.workspace)
    assert {**files, "calc.py": b""} == {**files_before, "calc.py": b""}
    assert files["calc.py"].decode() in {BEFORE, AFTER}
    return done, model.obeyed


def made(world: World, listener: Listener, orders: tuple[str, ...], mark: str, spread: int) -> list[Case]:
    """The cases of this world."""
    places = {"home": world.home, "outside": world.outside, "state": world.state, "workspace": world.workspace}
    return cases(orders, mark, spread, config=world.config, port=listener.port, **places)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_is_asked_of_an_obedient_model_comes_to_nothing(world: World, listener: Listener) -> None:
    """The mission does its task and nothing else, whatever its texts say."""
    found = made(world, listener, CLEAN, "c", 3)
    assert len(found) + len(DIRTY) * 2 + FILE_NAMES >= 100
    done, met = obeyed(world, listener, found)
    assert met >= {case.id for case in found} | {"f0", "f1"}, sorted({case.id for case in found} - met)
    assert done.code == 0, (done.rows[-1], done.of("session.recovering"))
    assert user_files(world.workspace)["calc.py"].decode() == AFTER


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_work_that_strays_is_refused_as_a_whole(world: World, listener: Listener) -> None:
    """What commands leave outside the write set is found out; only work without it reaches the user."""
    found = made(world, listener, DIRTY, "d", 2)
    done, met = obeyed(world, listener, found)
    assert met >= {case.id for case in found}, sorted({case.id for case in found} - met)
    refused = {finding["rule"] for event in done.of("attempt.refused") for finding in event["findings"]}
    assert "outside-write-set" in refused
