"""The way to one model: pydantic-ai's client for its provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic_ai.models import Model

from orchestrator.domain.words import FailureKind
from orchestrator.hosts.model.chain import ModelChoice
from orchestrator.ports.host import HostError

_OPENAI_URL = "https://api.openai.com/v1"


@asynccontextmanager
async def open_model(choice: ModelChoice, key: str) -> AsyncGenerator[Model]:
    """A model whose connections are closed in the end. Raises HostError when what it needs is not installed.

    The address and the key are always said: the clients would otherwise look into variables of their own.
    """
    try:
        model = _model(choice, key)
    except ImportError as error:
        raise HostError(
            FailureKind.UNSUPPORTED,
            f"provider {choice.provider_name!r} needs a package that is not installed: {error}",
            hint=f'pip install "opencode-orchestrator[{choice.provider.kind}]"',
        ) from error
    async with model:
        yield model


def _model(choice: ModelChoice, key: str) -> Model:
    provider = choice.provider
    match provider.kind:
        case "openai":
            from pydantic_ai.models.openai import OpenAIChatModel  # noqa: PLC0415 - each kind loads its own client
            from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider  # noqa: PLC0415 - as above

            url = provider.base_url or _OPENAI_URL
            served = OpenAICompatibleProvider(choice.provider_name, base_url=url, api_key=key or "none")
            return OpenAIChatModel(choice.model, provider=served)
        case "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel  # noqa: PLC0415 - as above
            from pydantic_ai.providers.anthropic import AnthropicProvider  # noqa: PLC0415 - as above

            url = provider.base_url or "https://api.anthropic.com"
            return AnthropicModel(choice.model, provider=AnthropicProvider(api_key=key or "none", base_url=url))
        case "google":
            from pydantic_ai.models.google import GoogleModel  # noqa: PLC0415 - as above
            from pydantic_ai.providers.google import GoogleProvider  # noqa: PLC0415 - as above

            return GoogleModel(choice.model, provider=GoogleProvider(api_key=key or "none", base_url=provider.base_url))
