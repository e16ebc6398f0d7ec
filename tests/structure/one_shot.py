"""One session, and whatever it says is the result: the same host, tools, prompt and provider, and nothing around it."""

from __future__ import annotations

from pathlib import Path

from corpus import Task
from experiment import PROVIDER, Ended, Model, lay_out
from judge import source_files

from orchestrator.agents.briefs import worker_brief
from orchestrator.agents.roles import DUTIES
from orchestrator.config.model import Provider
from orchestrator.domain.plan import EVERYWHERE, TaskSpec
from orchestrator.domain.words import Role
from orchestrator.hosts.model.chain import ModelChains
from orchestrator.hosts.model.host import ModelHost
from orchestrator.ports.host import HostError, SessionSpec
from orchestrator.ports.jobs import JobOwner
from orchestrator.ports.workspace import Worktree
from orchestrator.sandbox.environment import scrubbed_environment
from orchestrator.sandbox.launcher import NativeLauncher
from orchestrator.testing.toolboxes import UnlimitedRoom
from orchestrator.tools.shed import ToolShed


async def one_shot(task: Task, model: Model, folder: Path) -> Ended:
    """Let one session do the task in a folder of its own."""
    project, state = folder / "project", folder / "state"
    lay_out(task, project)
    host = ModelHost(ModelChains({PROVIDER: Provider.model_validate(model.row)}, {"": [_chosen(model)]}), state)
    launcher = NativeLauncher(state)
    environment = scrubbed_environment({}, home=str(state))
    worktree = Worktree(str(project), "0" * 40, "0" * 40)
    owner = JobOwner("m-1", "mission", "s-1")
    tools = ToolShed(launcher, environment).toolbox(Role.WORKER, worktree, (EVERYWHERE,), owner)
    spec = SessionSpec("s-1", "m-1", Role.WORKER, "mission", "mission", DUTIES[Role.WORKER])
    whole = TaskSpec(id="mission", title=task.mission, why="asked", write_set=(EVERYWHERE,))
    session = await host.open(spec, UnlimitedRoom(tools))
    tokens, end = 0, "done"
    try:
        reply = await session.prompt(worker_brief(task.mission, whole))
        tokens = reply.input_tokens + reply.output_tokens
    except HostError as error:
        end = error.kind.value
    finally:
        await session.close()
    return Ended(source_files(project), tokens, end == "done", end)


def _chosen(model: Model) -> str:
    return f"{PROVIDER}/{model.name}"
