"""Asking a configured model whether it is there, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrator.config.model import Config
from orchestrator.domain.budget import Amounts
from orchestrator.domain.mission import Answered
from orchestrator.errors import OrchestratorError
from orchestrator.hosts.model.chain import ModelChoice, chains_of
from orchestrator.hosts.model.prices import is_priced
from orchestrator.ports.host import HostError, ToolDescription

_TIMEOUT_S: Final = 60.0
_ECHO: Final = ToolDescription(
    "report_number",
    "Report a number.",
    {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
)
_WORDS: Final = "Call the tool report_number with the number 7. Say nothing else."


@dataclass(frozen=True, slots=True)
class Probed:
    """What a model said. `problem` is "" when it can be used; `code` is the class of what went wrong."""

    name: str
    problem: str = ""
    code: str = ""
    hint: str = ""
    can_call_tools: bool = False
    is_priced: bool = False
    input_tokens: int = 0
    output_tokens: int = 0


async def probe(config: Config) -> list[Probed]:
    """Ask every configured model one short question each. Raises OrchestratorError `no_model`, `no_provider`."""
    return [await _probe(choice) for choice in chains_of(config).all()]


async def _probe(choice: ModelChoice) -> Probed:
    try:
        return await _asked(choice)
    except HostError as error:
        return Probed(choice.name, error.message, error.code, error.hint, is_priced=is_priced(choice))
    except ImportError as error:
        hint = 'pip install "opencode-orchestrator[openai,anthropic]"'
        return Probed(choice.name, f"a package is not installed: {error}", "unsupported", hint)


async def _asked(choice: ModelChoice) -> Probed:
    from pydantic_ai.messages import ModelRequest, ToolCallPart, UserPromptPart  # noqa: PLC0415 - two seconds

    from orchestrator.hosts.model.asking import Caller  # noqa: PLC0415 - as above

    patient = choice.provider.model_copy(update={"answer_timeout_s": _TIMEOUT_S, "max_output_tokens": 1_024})
    caller = Caller([ModelChoice(choice.provider_name, patient, choice.model)], _Unlimited(), [_ECHO])
    try:
        response = await caller.ask([ModelRequest(parts=[UserPromptPart(content=_WORDS)])])
    finally:
        await caller.close()
    has_called = any(isinstance(part, ToolCallPart) and part.tool_name == _ECHO.name for part in response.parts)
    usage = response.usage
    found = Probed(choice.name, "", "", "", has_called, is_priced(choice), usage.input_tokens, usage.output_tokens)
    if has_called:
        return found
    return Probed(
        choice.name,
        "it answers, but calls no tools",
        "unsupported",
        "choose a model that can call tools (with vLLM: --enable-auto-tool-choice; with Ollama: one tagged tools)",
        is_priced=found.is_priced,
    )


class _Unlimited:
    """No session: no tools of ours, no budget."""

    names: tuple[str, ...] = ()

    def describe(self) -> tuple[ToolDescription, ...]:
        """None."""
        return ()

    async def call(self, name: str, arguments: object) -> dict[str, object]:  # noqa: ARG002 - the port's
        """Nothing can be called."""
        raise OrchestratorError("unknown_tool", f"there is no tool {name!r}", "")

    async def reserve(self, worst: Amounts) -> str:  # noqa: ARG002 - the port's
        """Granted."""
        return "probe"

    async def ask(self, subject: str, text: str) -> Answered:  # noqa: ARG002 - the port's
        """Nobody is there."""
        raise OrchestratorError("too_many_questions", "a probe asks nobody", "")

    async def settle(self, reservation_id: str, used: Amounts) -> None:
        """Nobody counts."""
