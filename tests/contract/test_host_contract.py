"""What every host keeps, whatever runs behind it. A new host joins by one row in HOSTS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import anyio
import pytest

from orchestrator.config.model import Provider
from orchestrator.domain.words import Role
from orchestrator.hosts.builtin import BuiltinHost
from orchestrator.hosts.model.chain import ModelChains
from orchestrator.hosts.model.host import ModelHost
from orchestrator.hosts.scripted import ScriptedHost
from orchestrator.hosts.scripted_file import parse_script
from orchestrator.ports.host import Brief, Host, HostError, SessionSpec, Toolbox, ToolDescription, ToolError
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing import make_brief, make_task, write_files
from orchestrator.testing.provider import Answer, Call, FakeProvider, ToolCall, serving
from orchestrator.testing.toolboxes import UnlimitedRoom
from orchestrator.tools.shed import ToolShed

pytestmark = pytest.mark.anyio

MISSION = "rename One to Uno"
TASK = make_task("rename", write_set=["pkg/one.py", "pkg/two.py"])
FILES = {"pkg/one.py": "class One:\n    size = 1\n", "pkg/two.py": "from pkg.one import One\n\nx = One()\n"}


def _scripted() -> Host:
    rename = {"tool": {"name": "rename_identifier", "arguments": {"old": "One", "new": "Uno", "paths": TASK.write_set}}}
    data = {
        "planner": [
            {"plan": {"tasks": [{"id": "rename", "title": "T", "why": "W", "write_set": list(TASK.write_set)}]}}
        ],
        "tasks": {"rename": {"worker": [{"say": "renamed", "actions": [rename]}]}},
    }
    return ScriptedHost(parse_script(json.dumps(data)))


def _renaming(call: Call) -> Answer:
    """A model that plans the task, or renames and says so once the tool has done it."""
    task = {"id": "rename", "title": "T", "why": "W", "write_set": list(TASK.write_set)}
    if "submit_plan" in call.tools:
        return Answer(calls=(ToolCall("submit_plan", {"tasks": [task]}),))
    if "occurrence_count" in call.last:
        return Answer(calls=(ToolCall("finish_task", {"summary": "renamed"}),))
    return Answer(calls=(ToolCall("rename_identifier", {"old": "One", "new": "Uno", "paths": list(TASK.write_set)}),))


def _model(kind: Literal["openai", "anthropic"], provider: FakeProvider, folder: Path) -> Host:
    url = provider.url if kind == "openai" else provider.root_url
    chains = ModelChains({"fake": Provider(kind=kind, base_url=url)}, {"": ["fake/coder"]})
    return ModelHost(chains, folder)


HOSTS: dict[str, Callable[[FakeProvider, Path], Host]] = {
    "builtin": lambda _provider, _folder: BuiltinHost(),
    "scripted": lambda _provider, _folder: _scripted(),
    "model": lambda provider, folder: _model("openai", provider, folder),
    "model-anthropic": lambda provider, folder: _model("anthropic", provider, folder),
}


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeProvider]:
    with serving(_renaming) as provider:
        yield provider


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest, provider: FakeProvider, tmp_path: Path) -> Host:
    return HOSTS[request.param](provider, tmp_path / "pages")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_files(tmp_path / "tree", FILES)
    return tmp_path / "tree"


@pytest.fixture
def shed(state_dir: Path) -> ToolShed:
    return ToolShed(NativeLauncher(state_dir), {})


def spec(role: Role = Role.WORKER) -> SessionSpec:
    return SessionSpec("s1", "m1", role, "" if role is Role.PLANNER else TASK.id, "a session")


def brief(role: Role = Role.WORKER) -> Brief:
    return make_brief(role, task=None if role is Role.PLANNER else TASK, mission_text=MISSION)


@dataclass
class SlowToolbox:
    """A toolbox whose calls never end; remembers whether one was cancelled."""

    inner: Toolbox
    is_called: anyio.Event
    is_cancelled: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return self.inner.names

    def describe(self) -> tuple[ToolDescription, ...]:
        return self.inner.describe()

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        self.is_called.set()
        try:
            await anyio.sleep_forever()
        except BaseException:
            self.is_cancelled = True
            raise
        return {}


@pytest.fixture
def tools(shed: ToolShed, root: Path) -> Toolbox:
    return shed.toolbox(Role.WORKER, Worktree(str(root), "c", "t"), TASK.write_set)


async def test_a_host_says_what_it_is(host: Host) -> None:
    assert host.name in HOSTS
    assert host.containment in {"contained", "mediated", "observed"}


async def test_a_session_works_through_its_tools(host: Host, tools: Toolbox, root: Path) -> None:
    session = await host.open(spec(), UnlimitedRoom(tools))
    reply = await session.prompt(brief())
    await session.close()
    assert reply.text
    assert reply.input_tokens > 0
    assert reply.output_tokens > 0
    assert "Uno" in (root / "pkg/one.py").read_text()
    assert "One" not in (root / "pkg/two.py").read_text()


async def test_a_planner_answers_a_plan_and_changes_nothing(host: Host, shed: ToolShed, root: Path) -> None:
    tools = shed.toolbox(Role.PLANNER, Worktree(str(root), "c", "t"), ())
    session = await host.open(spec(Role.PLANNER), UnlimitedRoom(tools))
    reply = await session.prompt(brief(Role.PLANNER))
    await session.close()
    (task,) = json.loads(reply.text)["tasks"]
    assert task["write_set"] == list(TASK.write_set)
    assert {path: (root / path).read_text() for path in FILES} == FILES


async def test_answers_are_deterministic(host: Host, shed: ToolShed, root: Path) -> None:
    answers = set()
    for _ in range(3):
        write_files(root, FILES)
        tools = shed.toolbox(Role.WORKER, Worktree(str(root), "c", "t"), TASK.write_set)
        session = await host.open(spec(), UnlimitedRoom(tools))
        answers.add(await session.prompt(brief()))
        await session.close()
    assert len(answers) == 1


async def test_closing_twice_is_fine(host: Host, tools: Toolbox) -> None:
    session = await host.open(spec(), UnlimitedRoom(tools))
    await session.close()
    await session.close()


async def test_a_closed_session_answers_nothing(host: Host, tools: Toolbox, root: Path) -> None:
    session = await host.open(spec(), UnlimitedRoom(tools))
    await session.close()
    with pytest.raises(HostError):
        await session.prompt(brief())
    assert (root / "pkg/one.py").read_text() == FILES["pkg/one.py"]


async def test_cancelling_a_prompt_ends_its_work(host: Host, tools: Toolbox) -> None:
    slow = SlowToolbox(tools, anyio.Event())
    session = await host.open(spec(), UnlimitedRoom(slow))
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(session.prompt, brief())
            await slow.is_called.wait()
            group.cancel_scope.cancel()
        await session.close()
    assert slow.is_cancelled


async def test_closing_during_a_prompt_ends_its_work(host: Host, tools: Toolbox) -> None:
    slow = SlowToolbox(tools, anyio.Event())
    session = await host.open(spec(), UnlimitedRoom(slow))
    failures: list[HostError] = []

    async def prompt() -> None:
        try:
            await session.prompt(brief())
        except HostError as error:
            failures.append(error)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(prompt)
            await slow.is_called.wait()
            await session.close()
    assert slow.is_cancelled
    assert len(failures) == 1


async def test_two_prompts_at_once_are_refused(host: Host, tools: Toolbox) -> None:
    slow = SlowToolbox(tools, anyio.Event())
    session = await host.open(spec(), UnlimitedRoom(slow))
    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(session.prompt, brief())
            await slow.is_called.wait()
            with pytest.raises(HostError):
                await session.prompt(brief())
            group.cancel_scope.cancel()
        await session.close()


@pytest.mark.parametrize("role", [Role.PLANNER, Role.SEARCHER, Role.REVIEWER])
async def test_tools_outside_the_allow_list_are_refused(host: Host, shed: ToolShed, root: Path, role: Role) -> None:
    """A worker's brief in a session whose toolbox can only read: nothing is changed."""
    tools = shed.toolbox(role, Worktree(str(root), "c", "t"), TASK.write_set)
    with pytest.raises(ToolError):
        await tools.call("rename_identifier", {"old": "One", "new": "Uno", "paths": list(TASK.write_set)})
    session = await host.open(spec(), UnlimitedRoom(tools))
    with pytest.raises(HostError):
        await session.prompt(brief())
    await session.close()
    assert {path: (root / path).read_text() for path in FILES} == FILES


async def test_sessions_share_nothing(host: Host, shed: ToolShed, tmp_path: Path) -> None:
    texts = []
    for name in ("left", "right"):
        write_files(tmp_path / name, FILES)
    boxes = [
        shed.toolbox(Role.WORKER, Worktree(str(tmp_path / n), "c", "t"), TASK.write_set) for n in ("left", "right")
    ]
    sessions = [await host.open(spec(), UnlimitedRoom(box)) for box in boxes]
    await sessions[0].close()
    texts.append((await sessions[1].prompt(brief())).text)
    await sessions[1].close()
    assert texts[0]
    assert (tmp_path / "left/pkg/one.py").read_text() == FILES["pkg/one.py"]
    assert "Uno" in (tmp_path / "right/pkg/one.py").read_text()
