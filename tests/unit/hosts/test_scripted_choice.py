"""Which turn a script plays: pure, deterministic, and as the documentation says."""

from __future__ import annotations

import json
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.words import FailureKind, Role
from orchestrator.hosts.scripted_choice import behaviour, draw
from orchestrator.hosts.scripted_file import parse_script
from orchestrator.hosts.scripted_models import Lognormal, LognormalShape, Script, Uniform, UniformShape
from orchestrator.ports.host import HostError
from orchestrator.testing import make_brief, make_task


def script(**data: object) -> Script:
    return parse_script(json.dumps(data))


def says(played: Script, task_id: str, role: Role = Role.WORKER, turn: int = 1) -> str:
    return behaviour(played, make_brief(role, turn=turn, task=make_task(task_id))).reply


def entry(*words: str, fixer: tuple[str, ...] = ()) -> dict[str, object]:
    return {"worker": [{"say": word} for word in words], "fixer": [{"say": word} for word in fixer]}


def test_the_most_specific_entry_wins() -> None:
    played = script(
        tasks={"*": entry("any"), "api-*": entry("api"), "api-u*": entry("api-u"), "api-users": entry("exact")},
        defaults=entry("default"),
    )
    assert says(played, "api-users") == "exact"
    assert says(played, "api-urls") == "api-u"
    assert says(played, "api-x") == "api"
    assert says(played, "docs") == "any"
    assert says(script(defaults=entry("default")), "docs") == "default"


def test_an_entry_without_turns_for_a_role_makes_way() -> None:
    played = script(tasks={"a": entry("exact"), "*": entry("any", fixer=("mend",))})
    assert says(played, "a") == "exact"
    assert says(played, "a", Role.FIXER) == "mend"


def test_the_last_turn_repeats() -> None:
    played = script(tasks={"a": entry("one", "two")})
    assert [says(played, "a", turn=turn) for turn in (1, 2, 3, 99)] == ["one", "two", "two", "two"]


def test_fixer_tasks_continue_their_task() -> None:
    played = script(tasks={"a": entry("work", fixer=("first", "second")), "a.fix3": entry(fixer=("special",))})
    assert says(played, "a", Role.FIXER, 1) == "first"
    assert says(played, "a", Role.FIXER, 2) == "second"
    assert says(played, "a.fix1", Role.FIXER) == "first"
    assert says(played, "a.fix2", Role.FIXER) == "second"
    assert says(played, "a.fix3", Role.FIXER) == "special"


def test_what_the_script_does_not_know_is_unsupported() -> None:
    for played, role in [
        (script(), Role.PLANNER),
        (script(), Role.WORKER),
        (script(defaults=entry("x")), Role.REVIEWER),
    ]:
        with pytest.raises(HostError) as caught:
            behaviour(played, make_brief(role))
        assert caught.value.kind is FailureKind.UNSUPPORTED
        assert caught.value.hint


def test_faults_strike_in_order_and_as_often_as_they_say() -> None:
    faults = [{"kind": "crashed", "times": 2}, {"kind": "rate_limited", "retry_after_s": 1}]
    played = script(tasks={"a": {"worker": [{"say": "x", "faults": faults}]}})
    brief = make_brief(task=make_task("a"))
    struck = [behaviour(played, brief, struck=count).fault for count in range(5)]
    assert [fault.kind if fault else None for fault in struck] == ["crashed", "crashed", "rate_limited", None, None]


def test_a_planners_turn_with_faults_alone_makes_way() -> None:
    played = script(planner=[{"faults": [{"kind": "unavailable"}]}, {"text": "one"}, {"faults": [{"kind": "crashed"}]}])
    first = behaviour(played, make_brief(Role.PLANNER))
    assert first.fault is not None
    assert first.fault.kind == "unavailable"
    through = behaviour(played, make_brief(Role.PLANNER), struck=1)
    assert (through.fault, through.reply) == (None, "one")
    last = behaviour(played, make_brief(Role.PLANNER, turn=2), struck=100)
    assert last.fault is not None
    assert last.fault.times == "always"


def test_plans_are_answered_as_json() -> None:
    plan = {"tasks": [{"id": "ä"}]}
    assert json.loads(behaviour(script(planner=[{"plan": plan}]), make_brief(Role.PLANNER)).reply) == plan


def test_durations_are_drawn_by_seed_role_task_and_turn() -> None:
    def seconds(seed: int, task_id: str, turn: int = 1, speed: float = 1.0) -> float:
        duration = {"lognormal": {"median": 2, "sigma": 0.5}}
        played = script(seed=seed, speed=speed, defaults={"duration_s": duration, "worker": [{}, {}]})
        return behaviour(played, make_brief(task=make_task(task_id), turn=turn)).duration_s

    assert seconds(1, "a") == seconds(1, "a")
    assert len({seconds(1, "a"), seconds(2, "a"), seconds(1, "b"), seconds(1, "a", 2)}) == 4
    assert seconds(1, "a", speed=4) == pytest.approx(seconds(1, "a") / 4)


def test_distributions_have_their_shape() -> None:
    lognormal = Lognormal(lognormal=LognormalShape(median=3.0, sigma=0.5))
    drawn = [draw(lognormal, str(number)) for number in range(2_000)]
    assert statistics.median(drawn) == pytest.approx(3.0, rel=0.1)
    assert max(drawn) > 6.0
    uniform = Uniform(uniform=UniformShape(low=1.0, high=2.0))
    assert all(1.0 <= draw(uniform, str(number)) <= 2.0 for number in range(200))
    assert draw(0.25, "x") == 0.25


_faults = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["crashed", "rate_limited", "malformed"]), "times": st.integers(1, 3)},
        optional={"at": st.sampled_from(["before", "after"])},
    ),
    max_size=3,
)
_turns = st.lists(st.fixed_dictionaries({"say": st.text(max_size=5), "faults": _faults}), max_size=3)
_entries = st.dictionaries(
    st.sampled_from(["a", "b", "a*", "*", "[ab]", "?", "a.fix1", "["]),
    st.fixed_dictionaries({"worker": _turns, "fixer": _turns}),
    max_size=4,
)


@given(_entries, st.sampled_from(["a", "b", "ab", "a.fix1", "a.fix12"]), st.sampled_from(list(Role)), st.integers(1, 5))
def test_any_script_answers_or_refuses_and_always_the_same(entries, task_id: str, role: Role, turn: int) -> None:
    played = script(tasks=entries, planner=[{"text": "p"}])
    brief = make_brief(role, turn=turn, task=None if role is Role.PLANNER else make_task(task_id))
    try:
        behaviour(played, brief)
    except HostError as error:
        assert error.kind is FailureKind.UNSUPPORTED
        return
    for struck in range(10):
        assert behaviour(played, brief, struck=struck) == behaviour(played, brief, struck=struck)
    assert behaviour(played, brief, struck=9).fault is None
