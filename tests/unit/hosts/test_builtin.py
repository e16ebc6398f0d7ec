"""The builtin host plans and works with real tools on real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.agents.plan_format import parse_plan
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec, validate
from orchestrator.domain.words import FailureKind, Role
from orchestrator.hosts.builtin import BuiltinHost
from orchestrator.hosts.builtin_names import is_identifier, reserved_in
from orchestrator.ports.host import HostError, SessionSpec
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing import make_brief, make_task, write_files
from orchestrator.testing.toolboxes import UnlimitedRoom
from orchestrator.tools.shed import ToolShed

pytestmark = pytest.mark.anyio

FILES = {
    "pkg/one.py": "class One(object):\n    def run(self, value):\n        return not value is None\n",
    "pkg/two.py": "from pkg.one import One\n\nthing = One()\n",
    "web/app.ts": "export function run(value: number) { return check(value); }\n",
    "clean.py": "VALUE = 1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_files(tmp_path / "tree", FILES)
    return tmp_path / "tree"


@pytest.fixture
def ask(root: Path, state_dir: Path) -> Callable:
    async def send(mission_text: str, role: Role = Role.PLANNER, task: TaskSpec | None = None, findings=()) -> str:
        shed = ToolShed(NativeLauncher(state_dir), {})
        tools = shed.toolbox(role, Worktree(str(root), "c", "t"), task.write_set if task else ())
        session = await BuiltinHost().open(
            SessionSpec("s1", "m1", role, task.id if task else "", "t"), UnlimitedRoom(tools)
        )
        reply = await session.prompt(make_brief(role, task=task, mission_text=mission_text, findings=findings))
        await session.close()
        return reply.text

    return send


async def refusal(ask: Callable, *arguments, **more) -> HostError:
    with pytest.raises(HostError) as caught:
        await ask(*arguments, **more)
    assert caught.value.kind is FailureKind.UNSUPPORTED
    assert caught.value.hint
    return caught.value


async def run(ask: Callable, mission_text: str) -> list[str]:
    """Plan the mission, do every task, and give what the workers said."""
    tasks = parse_plan(await ask(mission_text))
    assert not validate(tasks, [])
    return [await ask(mission_text, Role.WORKER, task) for task in tasks]


async def test_fixing_is_one_task_a_file(ask: Callable, root: Path) -> None:
    tasks = parse_plan(await ask("fix all style findings"))
    assert [task.write_set for task in tasks] == [("pkg/one.py",)]
    assert await run(ask, "fix all style findings") == ["Fixed 2 findings in 1 file."]
    assert "value is not None" in (root / "pkg/one.py").read_text()
    assert "no finding" in (await refusal(ask, "fix all style findings")).message


async def test_what_no_rule_can_fix_is_said(ask: Callable, root: Path) -> None:
    (root / "bad.py").write_text("def later(things=[]):\n    return things\n")
    error = await refusal(ask, "fix style findings in bad.py")
    assert "no finding can be fixed safely; 1 finding needs a person or a model host" in error.message
    assert "orchestrator lint bad.py" in error.hint


async def test_replacing_is_one_task_a_file(ask: Callable, root: Path) -> None:
    assert await run(ask, "replace `One()` with `One.make()` in python") == ["Replaced 1 place in 1 file."]
    assert "thing = One.make()" in (root / "pkg/two.py").read_text()
    assert await run(ask, "replace `check($A)` with `verify($A)` in typescript") == ["Replaced 1 place in 1 file."]
    assert "verify(value)" in (root / "web/app.ts").read_text()


async def test_renaming_is_one_task_for_all_files(ask: Callable, root: Path) -> None:
    (task,) = parse_plan(await ask("rename `One` to `Uno`"))
    assert task.write_set == ("pkg/one.py", "pkg/two.py")
    assert await run(ask, "rename `One` to `Uno`") == ["Renamed 3 occurrences in 2 files."]
    assert (root / "pkg/two.py").read_text() == "from pkg.one import Uno\n\nthing = Uno()\n"


@pytest.mark.parametrize(
    ("mission_text", "words"),
    [
        ("rename One to thing", "exists already in pkg/two.py"),
        ("rename One to class", "keyword"),
        ("rename One to a-b", "no valid identifier"),
        ("rename One to One", "that name already"),
        ("rename Nothing to Some", "no file has an identifier"),
        ("rename run to x in nowhere", "nowhere does not exist"),
        ("replace `nothing()` with `x` in python", "nothing matches"),
        ("replace `x` with `y` in klingon", "klingon"),
        ("Build a REST API with authentication", "has no model"),
    ],
)
async def test_refusals_say_why(ask: Callable, mission_text: str, words: str) -> None:
    error = await refusal(ask, mission_text)
    assert words in f"{error.message} {error.hint}"


async def test_a_mission_beyond_rules_names_the_way_out(ask: Callable) -> None:
    error = await refusal(ask, "Build a REST API with authentication")
    for words in ("fix all style findings", "rename", "replace", "--host"):
        assert words in error.hint


async def test_a_worker_stays_in_its_write_set(ask: Callable, root: Path) -> None:
    await ask("rename One to Uno", Role.WORKER, make_task("t", write_set=["pkg/two.py"]))
    assert "Uno" in (root / "pkg/two.py").read_text()
    assert "Uno" not in (root / "pkg/one.py").read_text()


async def test_a_fixer_says_that_it_can_not_judge(ask: Callable) -> None:
    finding = Finding("check:tests", "test-failed", "pkg/one.py", "it fails", start_line=2)
    error = await refusal(ask, "fix all style findings", Role.FIXER, make_task(), [finding])
    assert "pkg/one.py:3: it fails" in error.message


async def test_many_files_get_ids_of_their_own(ask: Callable, root: Path) -> None:
    names = [f"{'very-' * 20}long/x_{number}.py" for number in range(3)] + ["A b.py", "a-b.py", "ä.py", "ü.py"]
    write_files(root / "many", dict.fromkeys(names, "class A(object):\n    x = 1\n"))
    tasks = parse_plan(await ask("fix style findings in many"))
    assert len({task.id for task in tasks}) == len(tasks) == 7
    assert not validate(tasks, [])


def test_names_are_judged_by_language() -> None:
    assert reserved_in("function", ["Python"]) == ""
    assert reserved_in("function", ["Python", "TypeScript"]) == "TypeScript"
    assert reserved_in("$x", ["JavaScript"]) == ""
    assert reserved_in("$x", ["Python"]) == "Python"
    assert is_identifier("été_1")
    assert not is_identifier("1a")
    assert not is_identifier("a b")
    assert not is_identifier("")
