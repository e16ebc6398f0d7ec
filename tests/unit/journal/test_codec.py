"""Every event type comes back from its bytes as it was; what can't is refused at the door."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain import events as e
from orchestrator.journal.codec import GENESIS, MAX_BODY_BYTES, decode, encode, link
from orchestrator.ports.journal import JournalError

FINITE = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, FINITE)


def test_every_event_type_has_one_name() -> None:
    assert len(e.EVENT_NAMES) == len(e.EVENT_TYPES)
    assert set(e.EVENT_TYPES.values()) == set(e.Event.__args__)


@pytest.mark.parametrize("name", sorted(e.EVENT_TYPES))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_round_trip(name: str, data: st.DataObject) -> None:
    event = data.draw(st.from_type(e.EVENT_TYPES[name]))
    stored_name, body = encode(event)
    assert stored_name == name
    back = decode(name, body)
    assert back == event
    assert type(back) is type(event)
    for field in dataclasses.fields(event):
        assert type(getattr(back, field.name)) is type(getattr(event, field.name)), field.name


def test_a_path_that_is_no_utf_8_survives() -> None:
    event = e.AttemptCommitted("at-1", "a", "c", "t", ("src/\udcff.py", "src/ü.py"))
    assert decode(*encode(event)) == event


@given(st.text(st.characters(codec=None, categories=("Cs", "L", "Cc")), min_size=1))
def test_paths_that_are_no_utf_8_survive(path: str) -> None:
    event = e.AttemptCommitted("at-1", "a", "c", "t", (path, "src/ü.py"))
    assert decode(*encode(event)) == event


@pytest.mark.parametrize(
    "event",
    [
        e.SessionRecovering("", "", e.FailureKind.CRASHED, "wait", 1, float("nan"), ""),
        e.SessionRecovering("", "", e.FailureKind.CRASHED, "wait", 1, float("inf"), ""),
        e.SnapshotTaken("c", "t", 1, ["a list is no tuple"]),  # pyright: ignore[reportArgumentType] - the point
        e.SnapshotTaken("c", None, 1, ()),  # pyright: ignore[reportArgumentType] - the point
        "no event",
    ],
    ids=["nan", "infinite", "list", "none", "foreign"],
)
def test_what_would_not_come_back_is_refused(event: e.Event) -> None:
    with pytest.raises(JournalError) as caught:
        encode(event)
    assert caught.value.code == "event_unencodable"


def test_an_event_beyond_the_cap_is_refused() -> None:
    with pytest.raises(JournalError) as caught:
        encode(e.SealingStarted("t" * (MAX_BODY_BYTES + 1)))
    assert caught.value.code == "event_too_large"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("no.such", b"{}"),
        ("sealing.started", b"{}"),
        ("sealing.started", b'{"tree":1}'),
        ("sealing.started", b"{"),
        ("sealing.started", b"\xff\xfe"),
        ("mission.ended", b'{"status":"fine","code":"","reason":"","hint":""}'),
    ],
)
def test_foreign_bytes_are_called_corrupt(name: str, body: bytes) -> None:
    with pytest.raises(JournalError) as caught:
        decode(name, body)
    assert caught.value.code == "journal_corrupt"


def test_the_hash_covers_every_part_and_its_borders() -> None:
    base = (1, "m", 5, "sealing.started", b"{}")
    variants = [
        (2, "m", 5, "sealing.started", b"{}"),
        (1, "m5", 5, "sealing.started", b"{}"),
        (1, "m", 6, "sealing.started", b"{}"),
        (1, "m", 5, "sealing.starte", b"d{}"),
        (1, "m", 5, "sealing.started", b"{} "),
    ]
    hashes = {link(GENESIS, facts[:4], facts[4]) for facts in (base, *variants)} | {link(b"\0" * 32, base[:4], base[4])}
    assert len(hashes) == 7
