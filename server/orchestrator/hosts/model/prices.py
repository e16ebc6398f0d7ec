"""What a call costs: prices of the configuration, else those that the package genai-prices knows."""

from __future__ import annotations

import ipaddress
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlsplit

from orchestrator.hosts.model.chain import ModelChoice


def price_microusd(choice: ModelChoice, input_tokens: int, output_tokens: int) -> int:
    """Millionths of a dollar, rounded up; 0 where no price is known (`is_priced` says so)."""
    rates = _rates(choice)
    if rates is None:
        return 0
    # US dollars for a million tokens are millionths of a dollar for one.
    exact = rates[0] * input_tokens + rates[1] * output_tokens
    return int(exact.to_integral_value(rounding="ROUND_CEILING"))


def is_priced(choice: ModelChoice) -> bool:
    """Whether a budget of money can hold this model."""
    return _rates(choice) is not None


def _rates(choice: ModelChoice) -> tuple[Decimal, Decimal] | None:
    """US dollars for a million tokens, read and written."""
    said = choice.provider.prices.get(choice.model)
    if said is not None:
        return Decimal(str(said.input_usd)), Decimal(str(said.output_usd))
    if choice.provider.base_url is None:
        return _known(choice.provider.kind, choice.model)
    return (Decimal(0), Decimal(0)) if _is_local(choice.provider.base_url) else None


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@lru_cache(maxsize=64)
def _known(kind: str, model: str) -> tuple[Decimal, Decimal] | None:
    from genai_prices import Usage, calc_price  # noqa: PLC0415 - a third of a second, once

    try:
        found = calc_price(Usage(input_tokens=1_000_000, output_tokens=1_000_000), model_ref=model, provider_id=kind)
    except LookupError:
        return None
    return Decimal(found.input_price), Decimal(found.output_price)
