"""Which model serves a role, and which follow when it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.config.model import Config, Provider
from orchestrator.domain.words import Role
from orchestrator.errors import OrchestratorError

_HINT = "docs/models.md shows how: `providers` and `models` in your own configuration"


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model at one provider."""

    provider_name: str
    provider: Provider
    model: str

    @property
    def name(self) -> str:
        """As people write it: PROVIDER/MODEL."""
        return f"{self.provider_name}/{self.model}"


@dataclass(frozen=True, slots=True)
class ModelChains:
    """The models of every role. `by_role` holds "" for the roles without a list of their own."""

    providers: Mapping[str, Provider]
    by_role: Mapping[str, Sequence[str]]

    def of(self, role: Role, wanted: str = "") -> tuple[ModelChoice, ...]:
        """The chain of a role, with `wanted` (PROVIDER/MODEL) before it.

        Raises OrchestratorError `no_model` when there is none, `no_provider` for an unknown provider.
        """
        first = [wanted] if wanted else []
        names: list[str] = list(dict.fromkeys([*first, *(self.by_role.get(role.value) or self.by_role[""])]))
        if not names:
            raise OrchestratorError("no_model", f"no model is configured for a {role.value}", _HINT)
        return tuple(self._choice(name) for name in names)

    def all(self) -> tuple[ModelChoice, ...]:
        """Every model that is configured, once each."""
        names = dict.fromkeys(name for chain in self.by_role.values() for name in chain)
        return tuple(self._choice(name) for name in names)

    def _choice(self, name: str) -> ModelChoice:
        provider_name, _, model = name.partition("/")
        provider = self.providers.get(provider_name)
        if provider is None or not model:
            known = ", ".join(self.providers) or "none"
            raise OrchestratorError(
                "no_provider",
                f"model {name!r} names no provider that is configured (configured: {known})",
                f"write PROVIDER/MODEL; {_HINT}",
            )
        return ModelChoice(provider_name, provider, model)


def chains_of(config: Config) -> ModelChains:
    """The chains as the user configured them. Raises OrchestratorError `no_model` when there are none at all."""
    rows = {role.value: getattr(config.models, role.value) or () for role in Role}
    chains = ModelChains(config.providers, {**rows, "": config.models.default or ()})
    if not any(chains.by_role.values()):
        raise OrchestratorError("no_model", "no model is configured", _HINT)
    return chains
