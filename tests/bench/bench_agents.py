"""What structure costs where it is not needed: a mission of one task against one conversation without any planning.

Both use the same model host, tools and scripted model over HTTP on loopback. The model looks around, writes, checks and
ends; in the mission it hands in a plan of one task between looking and writing. Tokens of all requests (system prompt,
conversation, descriptions of tools) and answers are counted at four characters each, in the same way for both.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import anyio

from orchestrator.agents.roles import DUTIES
from orchestrator.app import command_environment, open_missions
from orchestrator.config.model import Provider
from orchestrator.config.places import places
from orchestrator.domain.receipt import Check
from orchestrator.domain.words import DeliveryMode, MissionStatus, Role, Stage
from orchestrator.engine.service import StartRequest
from orchestrator.hosts.model.chain import ModelChains
from orchestrator.hosts.model.host import ModelHost
from orchestrator.ports.host import Brief, SessionSpec
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing import UnlimitedRoom
from orchestrator.testing.provider import Answer, Call, FakeProvider, Policy, ToolCall, serving
from orchestrator.tools.shed import ToolShed

MODULES = 8
LINES = 60
CHECK = {"name": "runs", "command": "python3 -m compileall -f -q .", "when": "merge"}
TEXT = (
    "Module m0 lacks a function area(a, b) that multiplies. Add it, and use it in m1.run instead of the product there."
)
TASK = {
    "id": "area",
    "title": "Add area",
    "why": "the mission asks for it",
    "write_set": ["m0.py", "m1.py"],
    "acceptance": ["area(2, 3) is 6", "m1.run uses area"],
}


def rows() -> list[dict[str, Any]]:
    """One row for a short conversation, one for a usual one."""
    found: list[dict[str, Any]] = []
    for name, looks, works in (("short", 2, 2), ("usual", 5, 5)):
        mission, alone = anyio.run(_measured, looks, works)
        ratio = mission / alone
        found.append(
            {
                "name": f"mission of one task, {name} conversation ({looks} looks, {works} steps of work)",
                "value": mission,
                "unit": "tokens",
                "peer": f"one conversation without a plan: {alone} tokens",
                "ratio": ratio,
                "goal": "<= 1.15",
                "met": ratio <= 1.15,
            }
        )
    return found


async def _measured(looks: int, works: int) -> tuple[int, int]:
    with tempfile.TemporaryDirectory() as folder:
        return await _mission(Path(folder) / "a", looks, works), await _alone(Path(folder) / "b", looks, works)


def _steps(looks: int, works: int) -> list[Answer]:
    """What the model does, in the same order for both."""
    reads = [("read_file", {"path": f"m{number}.py"}) for number in range(looks)]
    edits: list[tuple[str, dict[str, object]]] = [
        ("edit_file", {"path": "m0.py", "old": "A0 = 0\n", "new": "A0 = 0\n\n\ndef area(a, b):\n    return a * b\n"}),
        ("edit_file", {"path": "m1.py", "old": "A0 = 0\n", "new": "A0 = 0\nAREA = 'm0.area'\n"}),
    ]
    checks = [("run_check", {"name": "runs"}) for _ in range(works - len(edits))]
    return [Answer(calls=(ToolCall(name, said),)) for name, said in (*reads, *edits, *checks)]


def _policy(looks: int, works: int, spent: list[int]) -> Policy:
    """The scripted model; `spent` gets the tokens of every exchange."""
    steps = _steps(looks, works)

    def answer(call: Call) -> Answer:
        done = sum(1 for message in call.messages for name in message.called if name != "submit_plan")
        if "submit_plan" in call.tools and done >= looks:
            reply = Answer(calls=(ToolCall("submit_plan", {"tasks": [TASK]}),))
        elif done < len(steps):
            reply = steps[done]
        else:
            reply = Answer(calls=(ToolCall("finish_task", {"summary": "added area and used it"}),))
        spent.append(call.size_tokens + len(json.dumps([dict(c.arguments) for c in reply.calls])) // 4)  # type: ignore[arg-type] - objects here
        return reply

    return answer


def _workspace(folder: Path) -> Path:
    (folder / ".opencode").mkdir(parents=True)
    (folder / ".opencode" / "orchestrator.jsonc").write_text(json.dumps({"checks": [CHECK]}))
    for number in range(MODULES):
        body = "".join(f"A{line} = {line}\n" for line in range(LINES))
        (folder / f"m{number}.py").write_text(f'"""Module {number}."""\n\n{body}')
    return folder


async def _mission(folder: Path, looks: int, works: int) -> int:
    spent: list[int] = []
    with serving(_policy(looks, works, spent)) as provider:
        config = folder / "config" / "opencode-orchestrator" / "config.jsonc"
        config.parent.mkdir(parents=True)
        row = {"kind": "openai", "base_url": provider.url}
        config.write_text(json.dumps({"providers": {"fake": row}, "models": {"default": ["fake/coder"]}}))
        before = {name: os.environ.get(name) for name in ("XDG_CONFIG_HOME", "ORCHESTRATOR_STATE_DIR")}
        os.environ |= {"XDG_CONFIG_HOME": str(folder / "config"), "ORCHESTRATOR_STATE_DIR": str(folder / "state")}
        try:
            await _played(_workspace(folder / "workspace"))
        finally:
            os.environ.update({name: value for name, value in before.items() if value is not None})
            for name in [name for name, value in before.items() if value is None]:
                del os.environ[name]
    return sum(spent)


async def _played(workspace: Path) -> None:
    """Run the mission. Raises RuntimeError when it is not sealed: what it cost would mean nothing."""
    async with open_missions(workspace) as service:
        with service.subscribe() as events, anyio.fail_after(900):
            request = StartRequest(TEXT, "model", DeliveryMode.APPLY, is_trusted=True, max_iterations=3)
            mission, _ = await service.start(request)
            async for recorded in events:
                if type(recorded.event).__name__ in {"MissionEnded", "MissionDelivered"}:
                    break
        if mission.status is not MissionStatus.SEALED:
            raise RuntimeError(f"the mission ended {mission.status.value}: {mission.end_reason}")


async def _alone(folder: Path, looks: int, works: int) -> int:
    """The same model, host, tools and worker's prompt; its brief is the mission's words and the check."""
    spent: list[int] = []
    workspace = _workspace(folder / "workspace")
    with serving(_policy(looks, works, spent)) as provider:
        await _converse(workspace, folder, provider)
    return sum(spent)


async def _converse(workspace: Path, folder: Path, provider: FakeProvider) -> None:
    chains = ModelChains({"fake": Provider(kind="openai", base_url=provider.url)}, {"": ["fake/coder"]})
    host = ModelHost(chains, folder / "pages")
    shed = ToolShed(NativeLauncher(folder / "programs"), command_environment(places(workspace)))
    check = Check(CHECK["name"], CHECK["command"], Stage.MERGE, 60.0, is_declared=True, source="bench")
    tree = Worktree(str(workspace), "c" * 40, "t" * 40)
    tools = shed.toolbox(Role.WORKER, tree, ("m0.py", "m1.py"), checks=(check,))
    spec = SessionSpec("s", "m", Role.WORKER, "t", "t", DUTIES[Role.WORKER])
    session = await host.open(spec, UnlimitedRoom(tools))
    text = f"## Mission\n{TEXT}\n\n## Checks that will judge it\n- {check.name}: {check.command}\n"
    try:
        await session.prompt(Brief(text, TEXT, Role.WORKER, 1))
    finally:
        await session.close()
