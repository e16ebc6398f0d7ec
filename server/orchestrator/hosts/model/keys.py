"""Finding a provider's key: in the environment or in a keyring, never in a file of ours."""

from __future__ import annotations

import importlib
import os

from orchestrator.domain.words import FailureKind
from orchestrator.hosts.model.chain import ModelChoice
from orchestrator.ports.host import HostError

_SERVICE = "opencode-orchestrator"


def find_key(choice: ModelChoice) -> str:
    """The key of a model's provider, "" where it is configured without one.

    Raises HostError `unauthorized` when the place that is configured holds no key. Messages name the place, not a key.
    """
    place = choice.provider.key
    if place is None:
        return ""
    kind, _, name = place.partition(":")
    key = os.environ.get(name, "") if kind == "env" else _from_keyring(choice, name)
    if not key.strip():
        raise _missing(choice, place)
    return key.strip()


def _from_keyring(choice: ModelChoice, name: str) -> str:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError as error:
        raise HostError(
            FailureKind.UNAUTHORIZED,
            f"the key of provider {choice.provider_name!r} is in a keyring, and the package keyring is not installed",
            hint="pip install keyring, or name an environment variable: env:VARIABLE",
        ) from error
    try:
        return str(keyring.get_password(_SERVICE, name) or "")
    except Exception as error:
        what = f"the keyring can't be read for provider {choice.provider_name!r}: {type(error).__name__}"
        hint = "unlock it, or name an environment variable: env:VARIABLE"
        raise HostError(FailureKind.UNAUTHORIZED, what, hint=hint) from error


def _missing(choice: ModelChoice, place: str) -> HostError:
    kind, _, name = place.partition(":")
    if kind == "env":
        what = f"the environment variable {name}, which holds the key of provider {choice.provider_name!r}, is not set"
        hint = f"export {name}=…, then end the server that runs (it keeps the environment that it was started with)"
    else:
        what = f"the keyring has no entry {name!r} for {_SERVICE} (provider {choice.provider_name!r})"
        hint = f"keyring set {_SERVICE} {name}"
    return HostError(FailureKind.UNAUTHORIZED, what, hint=hint)
