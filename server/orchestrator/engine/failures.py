"""The recovery table in words: what each class of failure means, what is done, how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.domain.words import FailureKind
from orchestrator.engine.recovery import TABLE, Action

MEANINGS: dict[FailureKind, str] = {
    FailureKind.RATE_LIMITED: "the provider wants fewer calls; what it asks to wait is waited, by every session",
    FailureKind.QUOTA_EXHAUSTED: "quota, credit or billing of the account is used up",
    FailureKind.OVERLOADED: "the provider has too much load (529)",
    FailureKind.SERVER_ERROR: "the provider failed (5xx)",
    FailureKind.UNAVAILABLE: "nothing answers, or no client that hosts sessions is there",
    FailureKind.CUT_OFF: "the connection broke in the middle of an answer",
    FailureKind.STALLED: "no word came for `silence_timeout_s`, or no end for `answer_timeout_s`",
    FailureKind.UNAUTHORIZED: "no key, or a key that the provider refuses",
    FailureKind.NO_SUCH_MODEL: "the provider does not know the model, or the address is wrong",
    FailureKind.BAD_HISTORY: "the provider refuses the conversation: thinking blocks, or the order of messages",
    FailureKind.CONTEXT_OVERFLOW: "the conversation is longer than the model can read",
    FailureKind.MALFORMED: "an answer in no form that can be read, or three answers in a row with unusable calls",
    FailureKind.UNKNOWN_TOOL: "three answers in a row that call tools that do not exist",
    FailureKind.TOO_LONG: "an answer without end, or one cut at the longest length",
    FailureKind.EMPTY_ANSWER: "an answer with neither words nor calls",
    FailureKind.REFUSED: "the model will not do it, or a filter will not let it",
    FailureKind.LOOPING: "the same few calls with the same results, five times over",
    FailureKind.TOOL_FAILED: "a tool failed in a way that the session could not answer",
    FailureKind.CRASHED: "the session, or what hosts it, is gone",
    FailureKind.TIMED_OUT: "no answer within `limits.session_timeout_s`",
    FailureKind.UNKNOWN: "a failure that nothing above describes",
    FailureKind.BUDGET_EXHAUSTED: "the budget is used up, and the person who was asked did not raise it",
    FailureKind.UNSUPPORTED: "the host can't do this at all",
    FailureKind.INTERRUPTED: "a person or the server ended it; nobody failed",
}
"""Every class has one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, all in words. `often` is a number of times for one prompt and model; `then` is "" for nothing more."""

    failure: str
    meaning: str
    action: str
    often: int
    then: str


def rows() -> Iterator[Row]:
    """The table, in the order of MEANINGS."""
    for kind, meaning in MEANINGS.items():
        policy = TABLE[kind]
        then = "" if policy.then is Action.GIVE_UP else policy.then.value
        yield Row(kind.value, meaning, policy.action.value, policy.bound, then)


def markdown() -> str:
    """The table as docs/recovery.md holds it."""
    lines = ["| class | what happened | what is done | how often | then |", "|---|---|---|---|---|"]
    lines += [
        f"| `{row.failure}` | {row.meaning} | {row.action} | {row.often or 'never'} | {row.then or 'give up'} |"
        for row in rows()
    ]
    return "\n".join(lines) + "\n"
