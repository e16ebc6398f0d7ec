"""The limits that a command line may set, held to the bounds of the protocol before anything is asked."""

from __future__ import annotations

import math
from typing import Any

import click

from orchestrator_protocol.bounds import MAX_COUNT, MAX_USD


class _Usd(click.FloatRange):
    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """A range alone lets "nan" pass. Raises BadParameter."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no amount.", param, ctx)
        return number


TOKENS = click.IntRange(1, MAX_COUNT)
"""Tokens, a whole number."""
USD = _Usd(0, MAX_USD, min_open=True)
"""US dollars."""
