"""Every setting, in one model: what it means, its default, its bounds, and what a project may do with it.

Keys are snake_case as they stand in the files. A mark of `narrowing` on each field says who may set it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from orchestrator.config.narrowing import ANYWHERE, FORBID, LOWER, PROJECT, SUBSET, SUPERSET, USER_ONLY, towards

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._/-]*$", max_length=60)]
HostName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*(:.+)?$", max_length=4_096)]
ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*/\S+$", max_length=200)]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
ToolName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
RoleName = Literal["planner", "searcher", "worker", "fixer", "reviewer"]
Confinement = Literal["pidns", "subreaper", "scoped", "private", "landlock", "nonet"]
"""The words of a level of confinement; docs/checks.md says what each guarantees."""
Positive = Annotated[int, Field(ge=1, le=10**15)]
_KEY = r"^(env:[A-Za-z_][A-Za-z0-9_]*|keyring:[A-Za-z0-9._@/-]+)$"


def _no_literal_key(value: object) -> object:
    """Refuse a key itself, without showing it."""
    if isinstance(value, str) and not value.startswith(("env:", "keyring:")):
        raise PydanticCustomError("literal_key", "a key itself must never stand in a file")
    return value


class _Section(BaseModel):
    """Strict types, unknown keys refused; the strings below attributes are their docs."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True)


class CheckConfig(_Section):
    """A command that judges a tree: a shell line that runs in the root of a worktree, from the stage `when` on."""

    name: Name
    """Unique; receipts show it."""
    command: Text
    """A shell line, run by `sh -c`."""
    when: Literal["attempt", "merge", "seal"] = "merge"
    """The first stage at which it runs; it runs at all later ones too."""
    timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 600
    """Seconds after which it is ended and counts as failed."""


class CommandLimits(_Section):
    """What any one command may use. null leaves what the server itself runs under."""

    processes: Annotated[int | None, Field(ge=1, le=10**6)] = 4_096
    """Processes and threads alive at once in the whole subtree."""
    file_size_bytes: Annotated[int | None, Field(ge=1, le=2**62)] = 4 << 30
    """Size of any one file that it writes."""
    open_files: Annotated[int | None, Field(ge=16, le=10**6)] = 4_096
    """Open files of each process."""
    address_space_bytes: Annotated[int | None, Field(ge=1 << 20, le=2**62)] = None
    """Address space of each process."""


class Limits(_Section):
    """How far a mission may go."""

    slots: Annotated[int, Field(ge=1, le=50), LOWER] = 50
    """Sessions side by side."""
    max_iterations: Annotated[int, Field(ge=1, le=100), LOWER] = 20
    """Rounds of work and review."""
    session_timeout_s: Annotated[float, Field(gt=0, le=86_400), LOWER] = 1_800
    """Seconds for one session."""
    state_size_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 60), USER_ONLY] = 20 << 30
    """Disk space of the shadow repository and the worktrees of a workspace; no new worktree is made beyond it."""
    commands: Annotated[CommandLimits, USER_ONLY] = CommandLimits()
    """What any one command may use."""


class Budget(_Section):
    """What one mission may spend; null is no bound. At 80 % clients are told, at 100 % the mission waits for you."""

    tokens: Annotated[Positive | None, LOWER] = None
    """Tokens, read and written."""
    money_usd: Annotated[Annotated[float, Field(gt=0, le=10**9)] | None, LOWER] = None
    """US dollars."""
    wall_time_s: Annotated[Annotated[float, Field(gt=0, le=10**8)] | None, LOWER] = None
    """Seconds from start to end."""
    turns: Annotated[Positive | None, LOWER] = None
    """Exchanges with a model."""
    tool_calls: Annotated[Positive | None, LOWER] = None
    """Calls of tools."""


class Price(_Section):
    """What a model costs, in US dollars for a million tokens."""

    input_usd: Annotated[float, Field(ge=0, le=10**6)]
    """Read."""
    output_usd: Annotated[float, Field(ge=0, le=10**6)]
    """Written."""


class Provider(_Section):
    """Where models are served."""

    kind: Literal["openai", "anthropic", "google"] = "openai"
    """The protocol: `openai` stands for every server that speaks OpenAI's."""
    base_url: Annotated[str, Field(pattern=r"^https?://[^@\s?#]+$", max_length=2_000)] | None = None
    """Where it answers, such as http://localhost:11434/v1; null is the vendor's own."""
    key: Annotated[str, Field(pattern=_KEY, max_length=200), BeforeValidator(_no_literal_key)] | None = None
    """Where the key is found: env:VARIABLE or keyring:NAME; never the key itself."""
    context_tokens: Annotated[int, Field(ge=4_000, le=100_000_000)] = 100_000
    """How much its models can read at once; a longer conversation is shortened before."""
    max_output_tokens: Annotated[int, Field(ge=256, le=10_000_000)] = 8_192
    """The longest answer; the worst case that is reserved before a call."""
    silence_timeout_s: Annotated[float, Field(gt=0, le=3_600)] = 120
    """Seconds without a word after which an answer counts as stalled."""
    answer_timeout_s: Annotated[float, Field(gt=0, le=86_400)] = 900
    """Seconds for one whole answer."""
    prices: Annotated[dict[str, Price], Field(max_length=200)] = Field(default_factory=dict[str, Price])
    """Prices by the model's name; those of the vendors themselves are known."""


class Models(_Section):
    """Models by role, each a list: the first is used, the others when it fails. `default` serves the other roles."""

    default: Annotated[list[ModelName], Field(min_length=1, max_length=8)] | None = None
    """PROVIDER/MODEL names."""
    planner: Annotated[list[ModelName], Field(min_length=1, max_length=8)] | None = None
    """For planning."""
    searcher: Annotated[list[ModelName], Field(min_length=1, max_length=8)] | None = None
    """For searching."""
    worker: Annotated[list[ModelName], Field(min_length=1, max_length=8)] | None = None
    """For work."""
    fixer: Annotated[list[ModelName], Field(min_length=1, max_length=8)] | None = None
    """For mending refused work."""
    reviewer: Annotated[list[ModelName], Field(min_length=1, max_length=8)] | None = None
    """For review."""


class Tools(_Section):
    """Tools by role. null allows all that the role can have; a list allows those of them that it names."""

    planner: Annotated[list[ToolName] | None, SUBSET] = None
    """What a planner may call."""
    searcher: Annotated[list[ToolName] | None, SUBSET] = None
    """What a searcher may call."""
    worker: Annotated[list[ToolName] | None, SUBSET] = None
    """What a worker may call."""
    fixer: Annotated[list[ToolName] | None, SUBSET] = None
    """What a fixer may call."""
    reviewer: Annotated[list[ToolName] | None, SUBSET] = None
    """What a reviewer may call."""


class Web(_Section):
    """Pages of the web."""

    fetch: Annotated[bool, FORBID] = False
    """Whether planners and searchers may read pages of the public web; a running server takes it at its next start."""


class Sandbox(_Section):
    """How commands are confined."""

    required: Annotated[list[Confinement], SUPERSET] = Field(default_factory=list[Confinement])
    """Words that the level of confinement must hold; where one is missing, no command runs."""
    network: Annotated[bool, FORBID] = True
    """Whether commands may use the network beyond loopback."""


class Hook(_Section):
    """A command of yours that runs when something has happened."""

    name: Name
    """Unique."""
    on: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$", max_length=60)]
    """The type of the event that it reacts to, such as attempt.committed."""
    command: Text
    """A shell line; the event is JSON on its standard input."""
    phase: Literal["early", "normal", "late"] = "normal"
    """Early ones run before normal ones, late ones after."""
    after: list[Name] = Field(default_factory=list[str])
    """Hooks of the same phase that must have run before."""
    timeout_s: Annotated[float, Field(gt=0, le=3_600)] = 30
    """Seconds after which it is ended."""


class JournalConfig(_Section):
    """How long ended missions are kept at hand."""

    archive_after_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    """Days after which an ended mission is put into a compressed archive."""
    archive_size_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 50)] = 512 << 20
    """Size of all archives; the oldest go first."""
    work_size_bytes: Annotated[int, Field(ge=1 << 20, le=1 << 50)] = 4 << 30
    """Size of the snapshots and work of ended missions, which `undo` and `diff` need; the oldest go first."""


class Log(_Section):
    """The server's log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important messages that are kept."""


class Config(_Section):
    """All settings. Each stands in the files under its own name."""

    schema_address: Annotated[str | None, Field(alias="$schema", max_length=2_000), ANYWHERE] = None
    """The address of this schema, for editors; ignored."""
    checks: Annotated[list[CheckConfig] | None, Field(max_length=100), PROJECT] = None
    """What proves that the project works; null looks for commands in the manifests."""
    setup: Annotated[list[Text], Field(max_length=100), PROJECT] = Field(default_factory=list[str])
    """Shell lines that make a worktree ready, such as installing dependencies."""
    limits: Limits = Limits()
    """How far a mission may go."""
    budget: Budget = Budget()
    """What one mission may spend."""
    approval: Annotated[Literal["never", "plan"], towards("never", "plan")] = "never"
    """When a mission waits for your word: never, or once its plan is made."""
    delivery: Annotated[Literal["apply", "branch", "patch"], towards("apply", "branch", "patch")] = "apply"
    """How finished work reaches you: into your files, onto a branch, as a patch file."""
    tools: Tools = Tools()
    """Which tools a role may call."""
    review: Annotated[Literal["never", "mission", "attempt"], towards("never", "mission", "attempt")] = "mission"
    """What a reviewer looks at before the seal: nothing; the whole work, where the plan has several tasks; or that and
    every attempt, also of a single task."""
    web: Web = Web()
    """Pages of the web."""
    sandbox: Sandbox = Sandbox()
    """How commands are confined."""
    host: Annotated[HostName, USER_ONLY] = "builtin"
    """Where sessions run when a mission does not say."""
    models: Annotated[Models, USER_ONLY] = Models()
    """Models by role, with what follows when one fails."""
    providers: Annotated[dict[ProviderName, Provider], Field(max_length=100), USER_ONLY] = Field(
        default_factory=dict[str, Provider]
    )
    """Where models are served, by a name of your own."""
    hooks: Annotated[list[Hook], Field(max_length=100), USER_ONLY] = Field(default_factory=list[Hook])
    """Commands of yours that run when something has happened."""
    journal: Annotated[JournalConfig, USER_ONLY] = JournalConfig()
    """How long ended missions are kept at hand."""
    log: Annotated[Log, USER_ONLY] = Log()
    """The server's log."""
