"""Finding the one JSON object in an answer that may wrap it in prose or a fence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_FENCE = re.compile(r"```(?:json[c5]?)?[ \t]*\r?\n(.*?)```", re.DOTALL | re.IGNORECASE)
_MAX_TRIED = 200


def find_object(text: str, key: str) -> object:
    """The whole answer, a fenced block, or the first embedded object, preferably one with `key`.

    Raises ValueError when there is none.
    """
    candidates = [text.strip(), *(match.group(1).strip() for match in _FENCE.finditer(text))]
    first_error = ""
    for candidate in candidates:
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError) as error:
            first_error = first_error or str(error)
    objects = list(_embedded(text))
    for found in objects:
        if key in found:
            return found
    if objects:
        return objects[0]
    raise ValueError(f"no JSON object was found in the answer ({first_error})")


def _embedded(text: str) -> Iterator[dict[str, object]]:
    """Top-level JSON objects inside prose, in order; a brace that opens none is skipped (at most 200 are tried)."""
    decoder = json.JSONDecoder()
    at = text.find("{")
    tried = 0
    while at >= 0 and tried < _MAX_TRIED:
        tried += 1
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value
        at = text.find("{", end)
