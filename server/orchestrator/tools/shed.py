"""Hands out toolboxes, each bound to one worktree, one role and one write set."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from anyio import to_thread

from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check, GateReport
from orchestrator.domain.words import Role
from orchestrator.errors import OrchestratorError
from orchestrator.native import CoreError
from orchestrator.ports.host import Toolbox, ToolDescription, ToolError
from orchestrator.ports.jobs import JobOwner, Jobs
from orchestrator.ports.launcher import Launcher
from orchestrator.ports.material import Material
from orchestrator.ports.workspace import Worktree
from orchestrator.tools.arguments import parse
from orchestrator.tools.bench import Bench
from orchestrator.tools.catalogue import TOOLS, WEB, allowed
from orchestrator.tools.documents import Documents
from orchestrator.tools.index import Symbols
from orchestrator.tools.material import MaterialRoom
from orchestrator.tools.scratch import drop_scratch, run_scratch
from orchestrator.workspace.confine import ConfinedRoot

_log = logging.getLogger(__name__)


class ToolShed:
    """The tool room. `environment` is exactly what commands of the shell tool get to see."""

    def __init__(
        self,
        launcher: Launcher,
        environment: Mapping[str, str],
        jobs: Jobs | None = None,
        documents: Documents | None = None,
    ) -> None:
        """Keep what every toolbox shares; without `jobs` no session can start any, without `documents` fetch none."""
        self._launcher = launcher
        self._jobs = jobs
        self._environment = dict(environment)
        self._documents = documents
        self._symbols = Symbols()
        self._material = MaterialRoom(self._symbols)

    def toolbox(
        self,
        role: Role,
        worktree: Worktree,
        write_set: tuple[str, ...],
        owner: JobOwner | None = None,
        *,
        checks: tuple[Check, ...] = (),
    ) -> Toolbox:
        """Tools for one session; see `ports.tools.ToolRoom`."""
        root = os.path.realpath(worktree.path)
        bench = Bench(
            root,
            ConfinedRoot(root),
            write_set,
            self._launcher,
            self._environment,
            self._symbols,
            self._jobs,
            owner,
            checks,
            self._documents,
        )
        names = allowed(role)
        return SessionTools(role, bench, names if self._documents else tuple(name for name in names if name not in WEB))

    async def scratch(self, worktree: Worktree) -> GateReport | None:
        """See `ports.tools.ToolRoom`."""
        root = await to_thread.run_sync(os.path.realpath, worktree.path)
        return await run_scratch(self._launcher, self._environment, root)

    async def drop_scratch(self, worktree: Worktree) -> None:
        """See `ports.tools.ToolRoom`."""
        await to_thread.run_sync(drop_scratch, worktree.path)

    async def material(self, worktree: Worktree, task: TaskSpec, mission_text: str) -> Material:
        """What of the worktree a session for this task should see; nothing where the core can't look."""
        try:
            return await to_thread.run_sync(self._material.gather, worktree.path, task, mission_text)
        except CoreError as error:
            _log.warning("nothing of %s goes into the brief of %s: %s", worktree.path, task.id, error)
            return Material()


@cache
def _described(name: str) -> ToolDescription:
    """Made once a process: a schema takes milliseconds, and each session is told of a dozen."""
    tool = TOOLS[name]
    return ToolDescription(name, tool.purpose, tool.arguments.model_json_schema())


@dataclass(frozen=True, slots=True)
class SessionTools:
    """The toolbox of one session."""

    role: Role
    bench: Bench
    names: tuple[str, ...]

    def describe(self) -> tuple[ToolDescription, ...]:
        """The tools with their purpose and the JSON Schema of their arguments."""
        return tuple(map(_described, self.names))

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """Run one tool. Raises ToolError for anything that was refused or went wrong; see `ports.host.Toolbox`."""
        tool = TOOLS.get(name)
        if tool is None:
            raise ToolError("unknown_tool", f"there is no tool {name!r}", f"tools: {', '.join(self.names)}")
        if name not in self.names:
            reason = f"a {self.role.value} may not call {name}"
            raise ToolError("tool_not_allowed", reason, f"tools: {', '.join(self.names)}")
        parsed = parse(tool.arguments, name, arguments)
        try:
            return await tool.run(self.bench, parsed)
        except ToolError:
            raise
        except OrchestratorError as error:
            raise ToolError(error.code, error.message, error.hint) from error
        except CoreError as error:
            raise ToolError("refused_by_core", f"{name}: {error}") from error
        except OSError as error:
            raise ToolError("file_error", f"{name}: {error.strerror or error}") from error
