"""Hooks run in their order, each with its deadline, and none touches a mission."""

from __future__ import annotations

import json
import os
from importlib.metadata import EntryPoint
from pathlib import Path

import anyio
import pytest

from orchestrator.domain.events import MissionStarted
from orchestrator.engine.publisher import Publisher
from orchestrator.hooks.commands import Place, command_hook
from orchestrator.hooks.found import installed_hooks
from orchestrator.hooks.order import Hook, HookError, ordered
from orchestrator.hooks.running import open_hooks
from orchestrator.ports.journal import Recorded
from orchestrator.sandbox.launcher import NativeLauncher

pytestmark = pytest.mark.anyio
EVENT = Recorded(1, "m-1", 12.5, MissionStarted())


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def _nothing(_recorded: Recorded) -> None:
    return


def _hook(name: str, **given: object) -> Hook:
    return Hook(name, "mission.started", _nothing, **given)  # pyright: ignore[reportArgumentType] - any field


def test_phases_then_wishes_then_names():
    hooks = [
        _hook("z", phase="early"),
        _hook("late", phase="late"),
        _hook("b"),
        _hook("a", after=("c", "nobody")),
        _hook("c"),
        _hook("first", before=("b", "c")),
    ]
    assert [hook.name for hook in ordered(hooks)] == ["z", "first", "b", "c", "a", "late"]
    assert ordered(reversed(hooks)) == ordered(hooks)


@pytest.mark.parametrize(
    ("hooks", "code"),
    [
        ([_hook("a", after=("b",)), _hook("b", after=("a",))], "hook_cycle"),
        ([_hook("a", after=("b",), before=("b",)), _hook("b")], "hook_cycle"),
        ([_hook("a", after=("a",))], "hook_cycle"),
        ([_hook("a"), _hook("a", phase="late")], "bad_hook"),
        ([_hook("a", timeout_s=0)], "bad_hook"),
        ([_hook("a", phase="soon")], "bad_hook"),
    ],
)
def test_what_can_not_be_ordered_is_refused(hooks: list[Hook], code: str):
    with pytest.raises(HookError) as raised:
        ordered(hooks)
    assert raised.value.code == code


HERE = _hook("here")
SEVERAL = lambda: [_hook("one"), _hook("two")]  # noqa: E731 - an entry point names a function or a hook
WRONG = [1]
UNKNOWN = Hook("x", "no.event", _nothing)


def test_hooks_of_packages():
    points = [EntryPoint(name, f"test_hooks:{name}", "orchestrator.hooks") for name in ("SEVERAL", "HERE")]
    assert [hook.name for hook in installed_hooks(_own(points))] == ["here", "one", "two"]
    for name in ("WRONG", "UNKNOWN", "MISSING"):
        with pytest.raises(HookError) as raised:
            installed_hooks(_own([EntryPoint(name, f"test_hooks:{name}", "orchestrator.hooks")]))
        assert raised.value.code == "bad_hook"
    assert installed_hooks() == ()


def _own(points: list[EntryPoint]) -> list[EntryPoint]:
    """The same entry points under the name that this module has here."""
    return [EntryPoint(point.name, f"{__name__}:{point.name}", point.group) for point in points]


async def test_failures_and_deadlines_stop_nobody(caplog: pytest.LogCaptureFixture):
    ran: list[str] = []
    done = anyio.Event()

    async def slow(_recorded: Recorded) -> None:
        ran.append("slow")
        await anyio.sleep_forever()

    async def broken(_recorded: Recorded) -> None:
        ran.append("broken")
        raise RuntimeError("oh")

    async def last(recorded: Recorded) -> None:
        ran.append(f"last {recorded.mission_id}")
        done.set()

    on = "mission.started"
    hooks = [Hook("c", on, last), Hook("b", on, broken), Hook("a", on, slow, timeout_s=0.05), _hook("d", phase="early")]
    publisher = Publisher(0)
    async with open_hooks(hooks, publisher.subscribe):
        publisher.publish([EVENT])
        with anyio.fail_after(20):
            await done.wait()
    assert ran == ["slow", "broken", "last m-1"]
    assert "hook a met its deadline" in caplog.text
    assert "hook b failed" in caplog.text


async def test_a_command_gets_the_event_and_the_workspace(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    launcher = NativeLauncher(tmp_path / "programs")
    place = Place(launcher, str(tmp_path), {"PATH": os.environ["PATH"]}, tmp_path / "events")
    hook = command_hook(
        place,
        name="note",
        on="mission.started",
        command="cat > event.json; pwd > where; exit 3",
        phase="normal",
        after=(),
        timeout_s=20,
    )
    await hook.run(EVENT)
    event = json.loads((tmp_path / "event.json").read_text())
    assert (event["type"], event["mission_id"], event["seq"]) == ("mission.started", "m-1", 1)
    assert (tmp_path / "where").read_text().strip() == str(tmp_path)
    assert list((tmp_path / "events").iterdir()) == []
    assert "hook note ended with 3" in caplog.text
