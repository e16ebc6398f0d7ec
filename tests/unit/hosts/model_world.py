"""A model session with real HTTP below it and the engine's recovery above it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from orchestrator.config.model import Price, Provider
from orchestrator.domain.mission import Mission
from orchestrator.domain.words import FailureKind, Role
from orchestrator.engine.hold import Hold
from orchestrator.engine.recovery import Action, Recovery, ResilientSession
from orchestrator.engine.slots import Lane
from orchestrator.hosts.model.chain import ModelChains
from orchestrator.hosts.model.host import ModelHost
from orchestrator.ports.host import Brief, HostError, Reply, SessionRoom, SessionSpec, ToolDescription, ToolError
from orchestrator.testing import make_brief, make_task
from orchestrator.testing.provider import FakeProvider, ProviderScript
from orchestrator.testing.toolboxes import RecordingToolbox

Dialect = Literal["openai", "anthropic"]
WORK = {"calls": [{"name": "write_file", "arguments": {"path": "a.py", "content": "x = 1\n"}}]}
FINISH = {"calls": [{"name": "finish_task", "arguments": {"summary": "done it"}}]}
TASK = make_task("t", write_set=["a.py"])


class Toolbox(RecordingToolbox):
    """Tools with arguments that are checked, as the real ones are."""

    def __init__(self) -> None:
        """read_file misses files, write_file writes nothing."""
        missing = ToolError("no_such_file", "it does not exist")
        super().__init__(("read_file", "write_file", "lint"), {"read_file": missing, "write_file": {"size_bytes": 1}})

    def describe(self) -> tuple[ToolDescription, ...]:
        path = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
        return tuple(ToolDescription(name, f"the tool {name}", path) for name in self.names)

    async def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        if name not in self.names:
            self.calls.append((name, dict(arguments)))
            raise ToolError("unknown_tool", f"there is no tool {name!r}", f"tools: {', '.join(self.names)}")
        if name != "lint" and "path" not in arguments:
            raise ToolError("bad_arguments", f"{name}: path: field required", "fields: path")
        return await super().call(name, arguments)


@dataclass
class Diary:
    """Keeps the healing steps."""

    steps: list[Recovery] = field(default_factory=list)

    async def recovering(self, step: Recovery) -> None:
        self.steps.append(step)

    async def opened(self, session_id: str, place: str) -> None:
        raise AssertionError(place)

    def told(self) -> list[tuple[FailureKind, Action]]:
        return [(step.failure, step.action) for step in self.steps]


class _NoLedger:
    """A mission that nobody holds."""

    mission = Mission()


def script(*rules: Mapping[str, Any], **more: Any) -> ProviderScript:
    """The rules, then work, then the end."""
    work = {"turn": 1, "answer": WORK}
    return ProviderScript.model_validate({"rules": [*rules, work, {"answer": FINISH}], **more})


def provider_row(kind: Dialect, provider: FakeProvider, **more: Any) -> Provider:
    url = provider.url if kind == "openai" else provider.root_url
    values = {"prices": {"coder": Price(input_usd=1.0, output_usd=2.0)}, "silence_timeout_s": 30.0, **more}
    return Provider(kind=kind, base_url=url, **values)


def model_host(folder: Path, providers: Mapping[str, Provider], chain: Sequence[str] = ("fake/coder",)) -> ModelHost:
    return ModelHost(ModelChains(dict(providers), {"": list(chain)}), folder / "pages")


async def converse(
    host: ModelHost, tools: SessionRoom, brief: Brief | None = None, spec: SessionSpec | None = None
) -> tuple[Reply | HostError, Diary]:
    """Prompt once, healed as the engine heals; the reply or what it failed with."""
    diary = Diary()
    hold = Hold(_NoLedger())  # type: ignore[arg-type] - all that is asked of it
    told = spec or SessionSpec("s", "m", Role.WORKER, "t", "t", system="You do one task.")
    session = ResilientSession(host, Lane(), hold, told, tools, timeout_s=60, diary=diary)
    try:
        return await session.prompt(brief or make_brief(task=TASK)), diary
    except HostError as error:
        return error, diary
    finally:
        await session.close()
