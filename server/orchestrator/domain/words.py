"""The closed vocabularies of the domain, as string enumerations."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a session is for."""

    PLANNER = "planner"
    SEARCHER = "searcher"
    WORKER = "worker"
    FIXER = "fixer"
    REVIEWER = "reviewer"


class MissionStatus(StrEnum):
    """Where a mission stands. `is_terminal` statuses never change again."""

    QUEUED = "queued"
    PLANNING = "planning"
    RUNNING = "running"
    SEALING = "sealing"
    WAITING = "waiting"
    SEALED = "sealed"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_terminal(self) -> bool:
        """Whether the mission has ended."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {
        MissionStatus.SEALED,
        MissionStatus.UNVERIFIED,
        MissionStatus.FAILED,
        MissionStatus.STOPPED,
    }
)


class TaskStatus(StrEnum):
    """Where a task stands. `FIXING` waits for its fixer task; `STRUCK` was taken off the list."""

    OPEN = "open"
    RUNNING = "running"
    FIXING = "fixing"
    DONE = "done"
    FAILED = "failed"
    STRUCK = "struck"


class Stage(StrEnum):
    """At which point of a mission a gate judges."""

    BASE = "base"
    ATTEMPT = "attempt"
    MERGE = "merge"
    SEAL = "seal"


class Verdict(StrEnum):
    """What a gate says. `NOT_CHECKED` is neither good nor bad; `FLAKY` disagreed with itself on a second run."""

    CLEAN = "clean"
    FAILED = "failed"
    FLAKY = "flaky"
    NOT_CHECKED = "not_checked"


class Sensitivity(StrEnum):
    """Whether a check turned red when a syntax error was planted in the code under test."""

    SENSITIVE = "sensitive"
    NOT_SENSITIVE = "not_sensitive"
    NOT_PROBED = "not_probed"


class DeliveryMode(StrEnum):
    """How the work of a mission reaches the user."""

    APPLY = "apply"
    BRANCH = "branch"
    PATCH = "patch"


class FailureKind(StrEnum):
    """Classes of what can go wrong with a session. `INTERRUPTED`: the server or a person ended it, nobody failed.

    Of a provider: `RATE_LIMITED` to `NO_SUCH_MODEL`; of a model's answer: `MALFORMED` to `LOOPING`; of the rest of a
    session: what follows. docs/recovery.md lists them with what is done about each.
    """

    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    CUT_OFF = "cut_off"
    STALLED = "stalled"
    UNAUTHORIZED = "unauthorized"
    NO_SUCH_MODEL = "no_such_model"
    BAD_HISTORY = "bad_history"
    UNKNOWN_TOOL = "unknown_tool"
    TOO_LONG = "too_long"
    EMPTY_ANSWER = "empty_answer"
    REFUSED = "refused"
    LOOPING = "looping"
    BUDGET_EXHAUSTED = "budget_exhausted"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    CONTEXT_OVERFLOW = "context_overflow"
    MALFORMED = "malformed"
    TOOL_FAILED = "tool_failed"
    UNAVAILABLE = "unavailable"
    UNSUPPORTED = "unsupported"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


class ApprovalMode(StrEnum):
    """What a mission asks a person about: nothing, or its plan and changes of the tests that judge it."""

    NEVER = "never"
    PLAN = "plan"


class QuestionKind(StrEnum):
    """What a question to a person is about. `CLARIFICATION`: a session asks for words, not for leave."""

    PLAN = "plan"
    PERMISSION = "permission"
    BUDGET = "budget"
    JUDGE = "judge"
    CLARIFICATION = "clarification"


class Answer(StrEnum):
    """What a person says to a question. `ALWAYS` allows the same for the rest of the mission."""

    ALLOW = "allow"
    ALWAYS = "always"
    DENY = "deny"


class NoteKind(StrEnum):
    """What a note of a session is. `SEARCH` is what a searcher reported."""

    DECISION = "decision"
    FACT = "fact"
    FAILED_APPROACH = "failed_approach"
    SEARCH = "search"


class ReviewMode(StrEnum):
    """What a reviewer looks at: nothing, the whole work of a mission of several tasks, or every attempt as well."""

    NEVER = "never"
    MISSION = "mission"
    ATTEMPT = "attempt"


class ReviewVerdict(StrEnum):
    """What a reviewer says. `NOT_REVIEWED`: there was no verdict that could be read; that is neither yes nor no."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    NOT_REVIEWED = "not_reviewed"


class Cause(StrEnum):
    """Why work does not go on, as the log shows it.

    `SAME_FINDINGS`: fixers end at the same findings; `CYCLE`: they go round in circles; `NEW_FINDINGS`: each try breaks
    something else; `NO_CHANGE`: sessions change nothing; `OUTSIDE_WRITE_SET`: the work needs files that the task may
    not write; `CONFLICT`: it does not merge; `SESSION_FAILED`: its sessions end without a result.
    """

    SAME_FINDINGS = "same_findings"
    CYCLE = "cycle"
    NEW_FINDINGS = "new_findings"
    NO_CHANGE = "no_change"
    OUTSIDE_WRITE_SET = "outside_write_set"
    CONFLICT = "conflict"
    SESSION_FAILED = "session_failed"


class Strategy(StrEnum):
    """What is tried against a cause. `STOP`: nothing is left, and the mission ends with the reason."""

    SEARCH = "search"
    OTHER_MODEL = "other_model"
    SPLIT = "split"
    REPLAN = "replan"
    STOP = "stop"
