"""From what pydantic-ai raises to the classes of failure that the recovery table knows."""

from __future__ import annotations

import re

from pydantic_ai import exceptions as ai

from orchestrator.domain.words import FailureKind
from orchestrator.hosts.model.chain import ModelChoice
from orchestrator.ports.host import HostError

MAX_WORDS = 500
"""Characters of a provider's own words that are shown."""

_ABOUT_HISTORY = re.compile(
    r"thinking|tool_use|tool_result|tool_call|tool message|function response|messages[.\[]|roles? must|alternat"
    r"|reasoning_content|encrypted_content|signature|must end with|first message",
    re.IGNORECASE,
)

_CLASSES: tuple[tuple[type[Exception], FailureKind], ...] = (
    (ai.ModelRateLimitError, FailureKind.RATE_LIMITED),
    (ai.ModelQuotaExceededError, FailureKind.QUOTA_EXHAUSTED),
    (ai.ModelOverloadedError, FailureKind.OVERLOADED),
    (ai.ModelUnavailableError, FailureKind.SERVER_ERROR),
    (ai.ModelServerError, FailureKind.SERVER_ERROR),
    (ai.ModelRequestTimeout, FailureKind.STALLED),
    (ai.ModelTimeoutError, FailureKind.STALLED),
    (ai.ModelContextWindowExceededError, FailureKind.CONTEXT_OVERFLOW),
    (ai.ModelAuthenticationError, FailureKind.UNAUTHORIZED),
    (ai.ModelNotFoundError, FailureKind.NO_SUCH_MODEL),
    (ai.ContentFilterError, FailureKind.REFUSED),
    (ai.OutputTokenLimitExceeded, FailureKind.TOO_LONG),
    (ai.UnexpectedModelBehavior, FailureKind.MALFORMED),
    (TimeoutError, FailureKind.STALLED),
    (ai.UserError, FailureKind.UNSUPPORTED),
)
"""The first row that fits counts; connections and rejected requests are looked at more closely."""


def classified(error: Exception, choice: ModelChoice, key: str = "") -> HostError:
    """The failure as the engine knows it, with what to do; `key` is taken out of the provider's words."""
    kind = kind_of(error)
    words = " ".join(_words(error).split())
    if key:
        words = words.replace(key, "[key]")
    message = f"{choice.name}: {words[:MAX_WORDS]}"
    retry_after_s = error.retry_after if isinstance(error, ai.ModelAPIError) else None
    return HostError(kind, message, hint=_hint(kind, choice), retry_after_s=retry_after_s)


def kind_of(error: Exception) -> FailureKind:
    """The class of a failure; `unknown` is a class too."""
    for known, kind in _CLASSES:
        if isinstance(error, known):
            return kind
    if isinstance(error, ai.ModelConnectionError):
        return FailureKind.CUT_OFF if _had_connection(error) else FailureKind.UNAVAILABLE
    if isinstance(error, ai.ModelRequestRejectedError):
        return FailureKind.BAD_HISTORY if _ABOUT_HISTORY.search(_words(error)) else FailureKind.UNSUPPORTED
    return FailureKind.UNKNOWN


def _had_connection(error: ai.ModelConnectionError) -> bool:
    return error.phase in {"read", "write"} or error.in_stream


def _words(error: Exception) -> str:
    """What the provider itself says, where it says something."""
    body = getattr(error, "body", None)
    while isinstance(body, dict):
        inner: object = body.get("error") or body.get("message")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - a provider's JSON
        if inner is None:
            break
        body = inner  # pyright: ignore[reportUnknownVariableType] - as above
    said = str(body) if body else str(error)  # pyright: ignore[reportUnknownArgumentType] - as above
    status = getattr(error, "status_code", None)
    named = said or type(error).__name__
    return f"{named} (status {status})" if status else named


def _hint(kind: FailureKind, choice: ModelChoice) -> str:
    where = choice.provider.base_url or f"{choice.provider.kind}'s own address"
    match kind:
        case FailureKind.UNAUTHORIZED:
            place = choice.provider.key or "no key is configured"
            whose = f"provider {choice.provider_name!r} ({place})"
            return f"check the key of {whose}; orchestrator doctor --providers tests it"
        case FailureKind.NO_SUCH_MODEL:
            return (
                f"check the model's name and base_url ({where}); orchestrator doctor --providers lists what it serves"
            )
        case FailureKind.UNAVAILABLE:
            return f"nothing answers at {where}: start the server there, or correct base_url"
        case FailureKind.QUOTA_EXHAUSTED:
            return "top up the account, or add another model to the chain in `models`"
        case FailureKind.UNSUPPORTED | FailureKind.MALFORMED:
            return f"check that {where} speaks {choice.provider.kind}'s protocol and that the model can call tools"
        case FailureKind.CONTEXT_OVERFLOW:
            return f"set context_tokens of provider {choice.provider_name!r} to what the model can take"
        case _:
            return ""
