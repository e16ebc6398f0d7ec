"""The scripted host: plays a file. The instrument of tests, demo and benchmarks."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import anyio

from orchestrator.domain.words import FailureKind, Role
from orchestrator.hosts.conversation import Conversation, count_tokens
from orchestrator.hosts.scripted_choice import Behaviour, behaviour, has_turns
from orchestrator.hosts.scripted_file import ScriptError, load_script, read_content
from orchestrator.hosts.scripted_models import (
    Action,
    DeleteAction,
    EditAction,
    Fault,
    Script,
    ShellAction,
    ToolAction,
    WriteAction,
    WriteArguments,
)
from orchestrator.ports.host import (
    Brief,
    Containment,
    HostError,
    Reply,
    Session,
    SessionSpec,
    Toolbox,
    ToolError,
)

_WORKING = frozenset({Role.WORKER, Role.FIXER})


@dataclass(slots=True)
class _Progress:
    """Where the sessions of one role and task stand.

    A prompt that a fault struck does not count as a turn: `repeats` is how many prompts were only repetitions, so that
    the turn stays the same whether or not the caller counts a repeated prompt.
    """

    last_turn: int = 0
    is_struck: bool = False
    repeats: int = 0
    prompt_count: int = 0
    struck: dict[int, int] = field(default_factory=dict[int, int])

    def position(self, turn: int) -> int:
        """The script's turn for a prompt numbered `turn`."""
        if self.is_struck and turn > self.last_turn:
            self.repeats += turn - self.last_turn
        self.last_turn = turn
        self.is_struck = False
        return max(1, turn - self.repeats)

    def strike(self, position: int) -> None:
        """Remember that a fault struck."""
        self.is_struck = True
        self.struck[position] = self.struck.get(position, 0) + 1


class ScriptedHost:
    """Sessions that do what a script says. One instance remembers which faults have struck."""

    def __init__(self, script: Script, folder: Path | None = None) -> None:
        """Play `script`; content files are relative to `folder` (none: the script may name none)."""
        self._script = script
        self._folder = folder
        self._progress: dict[tuple[str, str], _Progress] = {}

    @classmethod
    def load(cls, path: Path | str) -> ScriptedHost:
        """A host that plays a file. Raises ScriptError."""
        file = Path(path)
        return cls(load_script(file), file.parent)

    @property
    def name(self) -> str:
        """The word that chooses this host."""
        return "scripted"

    @property
    def containment(self) -> Containment:
        """Contained: all it does goes through the toolbox."""
        return "contained"

    def advises(self, role: Role) -> bool:
        """Whether the script has turns for the role."""
        return has_turns(self._script, role)

    async def open(self, spec: SessionSpec, tools: Toolbox) -> Session:
        """A session that plays the script's turns for its role and task."""
        return Conversation(spec.session_id, partial(self._answer, spec, tools))

    async def attach(self, spec: SessionSpec, tools: Toolbox, place: str) -> Session | None:  # noqa: ARG002 - the port's
        """None: a session ends with the server that it runs in."""
        return None

    async def _answer(self, spec: SessionSpec, tools: Toolbox, brief: Brief) -> Reply:
        key = (brief.role.value, brief.task.id if brief.task else spec.task_id)
        progress = self._progress.setdefault(key, _Progress())
        # Advice is asked for in sessions of their own, each of which begins with its first turn.
        progress.prompt_count += 1
        is_advice = brief.role not in _WORKING and not (brief.role is Role.PLANNER and brief.task is None)
        position = progress.position(progress.prompt_count if is_advice else brief.turn)
        played = behaviour(
            self._script,
            replace(brief, turn=position),
            struck=progress.struck.get(position, 0),
        )
        fault = played.fault
        if fault is not None:
            progress.strike(position)
            if fault.at == "before":
                await self._strike(fault)
        await anyio.sleep(played.duration_s)
        await self._act(tools, brief, played)
        if fault is not None:
            await self._strike(fault)
        return Reply(played.reply, count_tokens(brief.text), count_tokens(played.reply))

    async def _strike(self, fault: Fault) -> None:
        """Fail as the fault says; returns never."""
        await anyio.sleep(fault.after_s / self._script.speed)
        if fault.failure is FailureKind.TIMED_OUT:
            await anyio.sleep_forever()
        retry_after_s = None if fault.retry_after_s is None else fault.retry_after_s / self._script.speed
        message = fault.message or f"scripted fault: {fault.kind}"
        raise HostError(fault.failure, message, retry_after_s=retry_after_s)

    async def _act(self, tools: Toolbox, brief: Brief, played: Behaviour) -> None:
        for number, action in enumerate(played.actions, start=1):
            try:
                name, arguments = self._call(action, brief, played)
                await tools.call(name, arguments)
            except (ToolError, ScriptError) as error:
                if action.may_fail:
                    continue
                task = played.task_id or "the planner"
                place = f"action {number} of {brief.role.value} turn {played.position} for {task}"
                raise HostError(FailureKind.TOOL_FAILED, f"{place}: {error.message}", hint=error.hint) from error

    def _call(self, action: Action, brief: Brief, played: Behaviour) -> tuple[str, Mapping[str, object]]:
        """The tool and arguments that an action stands for."""
        match action:
            case WriteAction(write=write):
                return "write_file", self._written(write, brief, played)
            case EditAction(edit=edit):
                return "edit_file", {"path": edit.path, "old": edit.old, "new": edit.new}
            case DeleteAction(delete=path):
                return "delete_file", {"path": path}
            case ShellAction(shell=command, timeout_s=timeout_s):
                return "shell", {"command": command, "timeout_s": timeout_s}
            case ToolAction(tool=tool):
                return tool.name, dict(tool.arguments)

    def _written(self, write: WriteArguments, brief: Brief, played: Behaviour) -> dict[str, object]:
        if write.content is not None:
            content = write.content
        elif self._folder is not None:
            content = read_content(self._folder, write.content_file or "")
        else:
            raise ScriptError("bad_script", f"content_file {write.content_file!r} of a script that has no folder")
        path = write.path
        if write.is_template:
            values = {
                "task": played.task_id,
                "turn": str(played.position),
                "path": brief.task.write_set[0] if brief.task and brief.task.write_set else "",
            }
            path = string.Template(path).safe_substitute(values)
            content = string.Template(content).safe_substitute(values)
        return {"path": path, "content": content}
