"""The bases of all wire models: strict types, camelCase names, frozen values."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Params(BaseModel):
    """Parameters of a request or a notification. Unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


class Result(BaseModel):
    """A result, or a part of one. Unknown fields are kept for forward compatibility, nothing is coerced."""

    model_config = ConfigDict(
        strict=True, extra="allow", frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


ResultT = TypeVar("ResultT", bound=Result)


class RequestParams(Params, Generic[ResultT]):
    """Parameters of a request; the type argument is its result, so that a client's calls are typed."""
