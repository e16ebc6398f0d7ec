"""Whether a value was drawn at random, or written by a person or a program for people."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

_UUID = re.compile(rb"\{?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}?")
_DIGEST = re.compile(rb"(?:sha\d{1,3}|md5|blake2[bs]?|h1)[-:=].*|[0-9a-f]+|[0-9A-F]+", re.DOTALL)
_LOWER, _UPPER, _DIGIT, _OTHER = 0, 1, 2, 3
_CLASS = bytes(
    _DIGIT if 48 <= c <= 57 else _UPPER if 65 <= c <= 90 else _LOWER if 97 <= c <= 122 else _OTHER for c in range(256)
)
MIN_BITS = 3.0
"""Bits a byte that a random value of 16 bytes or more has: such a hex value has 3.2 on average."""


def bits_a_byte(value: bytes) -> float:
    """Shannon's entropy of the bytes of a value, in bits a byte (at most log2 of its length)."""
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values()) if size else 0.0


def class_count(value: bytes) -> int:
    """How many of the four classes small letter, capital letter, digit, other occur."""
    return len(set(value.translate(_CLASS)))


def is_identifier_of_content(value: bytes) -> bool:
    """Whether it has the form of a UUID or of a digest: such values name things, and are no secrets by themselves."""
    return bool(_UUID.fullmatch(value) or _DIGEST.fullmatch(value))


def looks_random(value: bytes) -> bool:
    """Whether a value of 16 bytes or more looks drawn: many symbols, and letters and digits mixed without words.

    In words letters stand beside letters of the same case and digits come at the end; in random values the class
    changes at about every second byte.
    """
    if len(value) < 16 or bits_a_byte(value) < MIN_BITS:
        return False
    classes = value.translate(_CLASS)
    digits = classes.count(_DIGIT)
    others = classes.count(_OTHER)
    if digits == len(value) or others > len(value) // 4:
        return False
    changes = sum(1 for one, other in pairwise(classes) if one != other)
    # A long value can lack digits by chance; then only its cases can tell.
    if digits >= 2:
        return changes >= len(value) * 0.2 or (len(value) >= 32 and bits_a_byte(value) >= 4)
    return len(value) >= 20 and changes >= len(value) * (0.3 if digits else 0.38)
