"""Output that comes in pieces: a secret cut between two of them is still one."""

from __future__ import annotations

import random

import pytest
from secrets_made import ALNUM, TOKENS, drawn, pem, seeded

from orchestrator.redaction import Redactor, redact_bytes
from orchestrator.redaction.stream import MAX_HELD_BYTES


def streamed(data: bytes, sizes: list[int]) -> tuple[bytes, int]:
    """All that a redactor gives for the data in pieces of these sizes, over and over."""
    redactor = Redactor(())
    given: list[bytes] = []
    position = 0
    while position < len(data):
        size = sizes[len(given) % len(sizes)]
        given.append(redactor.feed(data[position : position + size]))
        position += size
    given.append(redactor.close())
    return b"".join(given), redactor.count


def log(rng: random.Random) -> bytes:
    """Lines of output, some of which hold secrets."""
    makers = [make for group in TOKENS.values() for make in group]
    lines: list[str] = []
    for number in range(40):
        lines.append(f"line {number} {drawn(rng, ALNUM, 10)}")
        if number % 4 == 0:
            lines.append(f"the token is {rng.choice(makers)(rng)} here")
        if number % 16 == 5:
            lines.append(pem(rng))
    return "\n".join(lines).encode()


@pytest.mark.parametrize("sizes", [[1], [2, 3], [7], [64], [100, 1], [4096]], ids=str)
def test_pieces_give_what_the_whole_gives(sizes: list[int]) -> None:
    for seed in range(3):
        data = log(seeded(seed))
        whole = redact_bytes(data, ())
        assert streamed(data, sizes) == (whole.data, whole.count)


def test_an_endless_line_is_given_in_parts_and_its_secrets_are_not() -> None:
    rng = seeded(2)
    tokens = [TOKENS["github-token"][0](rng) for _ in range(400)]
    data = " ".join(f"{drawn(rng, ALNUM, 1000)} {token}" for token in tokens).encode()
    assert len(data) > 4 * MAX_HELD_BYTES
    given, count = streamed(data, [1000])
    assert count == len(tokens)
    assert not [token for token in tokens if token.encode() in given]
    assert len(given) > len(data) // 2


def test_a_key_longer_than_what_is_held_is_taken_out_to_its_end() -> None:
    key = pem(seeded(4), 4_000)
    assert len(key) > 3 * MAX_HELD_BYTES
    given, _ = streamed(f"before\n{key}\nafter\n".encode(), [5_000])
    assert given.startswith(b"before\n")
    assert given.endswith(b"\nafter\n")
    assert not [line for line in key.split("\n") if line.encode() in given]


def test_nothing_is_lost_or_doubled_without_secrets() -> None:
    data = seeded(5).randbytes(300_000)
    assert streamed(data, [4096])[0] == redact_bytes(data, ()).data
