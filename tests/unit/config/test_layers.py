"""The layers of the configuration: which wins, what a project may not do, where each value comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config.layers import Layer, Layered, Sources, load, sources
from orchestrator.config.narrowing import PROJECT, USER_ONLY
from orchestrator.config.places import CONFIG_NAME, user_config_file
from orchestrator.config.problem import ConfigError
from orchestrator.config.reading import read_document
from orchestrator.config.settings import kinds
from orchestrator.errors import OrchestratorError

USER = "/home/me/config.jsonc"


def layered(
    user: str = "", project: str | None = None, environment: dict[str, str] | None = None, **overrides: object
) -> Layered:
    own = Sources(
        read_document(user, USER), environment or {}, {key.replace("__", "."): item for key, item in overrides.items()}
    )
    return own.over(None if project is None else read_document(project, CONFIG_NAME))


def only_problem(outcome: Layered) -> ConfigError:
    (problem,) = outcome.problems
    return problem


def origin(outcome: Layered, key: str) -> tuple[object, Layer, str, int | None]:
    setting = outcome.settings[tuple(key.split("."))]
    return setting.value, setting.layer, setting.source, setting.line


def test_nothing_said_gives_the_defaults_and_no_problem() -> None:
    outcome = layered()
    assert not outcome.problems
    assert {setting.layer for setting in outcome.settings.values()} == {Layer.DEFAULT}
    assert outcome.config.limits.slots == 50


def test_each_layer_wins_over_the_one_before_it() -> None:
    user, project = '{"limits": {"slots": 40}}', '{"limits":\n{"slots": 30}}'
    variable = {"ORCHESTRATOR_LIMITS_SLOTS": "20"}
    assert origin(layered(), "limits.slots") == (50, Layer.DEFAULT, "", None)
    assert origin(layered(user), "limits.slots") == (40, Layer.USER, USER, 1)
    assert origin(layered(user, project), "limits.slots") == (30, Layer.PROJECT, CONFIG_NAME, 2)
    outcome = layered(user, project, variable)
    assert origin(outcome, "limits.slots") == (20, Layer.ENVIRONMENT, "$ORCHESTRATOR_LIMITS_SLOTS", None)
    outcome = layered(user, project, variable, limits__slots=10)
    assert origin(outcome, "limits.slots") == (10, Layer.COMMAND_LINE, "", None)
    assert outcome.config.limits.slots == 10
    assert not outcome.problems


def test_layers_add_up_setting_by_setting() -> None:
    outcome = layered('{"limits": {"slots": 40}, "host": "scripted:x"}', '{"limits": {"max_iterations": 3}}')
    assert (outcome.config.limits.slots, outcome.config.limits.max_iterations) == (40, 3)
    assert outcome.config.host == "scripted:x"


LOOSER = [
    ('{"limits": {"slots": 40}}', '{"limits": {"slots": 41}}', "limits.slots", "41 is looser than 40"),
    ("", '{"limits": {"max_iterations": 21}}', "limits.max_iterations", "21 is looser than 20 (default)"),
    ('{"limits": {"session_timeout_s": 5}}', '{"limits": {"session_timeout_s": 5.5}}', "limits.session_timeout_s", "5"),
    ('{"budget": {"tokens": 10}}', '{"budget": {"tokens": 11}}', "budget.tokens", "11 is looser than 10"),
    ('{"budget": {"money_usd": 1}}', '{"budget": {"money_usd": null}}', "budget.money_usd", "null is looser than 1"),
    ('{"approval": "plan"}', '{"approval": "never"}', "approval", "never is looser than plan"),
    ('{"delivery": "patch"}', '{"delivery": "branch"}', "delivery", "branch is looser than patch"),
    ('{"tools": {"worker": ["grep"]}}', '{"tools": {"worker": ["grep", "glob"]}}', "tools.worker", "grep, glob"),
    ('{"tools": {"worker": ["grep"]}}', '{"tools": {"worker": null}}', "tools.worker", "looser"),
    ('{"sandbox": {"required": ["landlock"]}}', '{"sandbox": {"required": []}}', "sandbox.required", "none is looser"),
    ('{"sandbox": {"network": false}}', '{"sandbox": {"network": true}}', "sandbox.network", "True is looser"),
]


@pytest.mark.parametrize(("user", "project", "key", "why"), LOOSER)
def test_a_project_never_loosens(user: str, project: str, key: str, why: str) -> None:
    outcome = layered(user, project)
    problem = only_problem(outcome)
    assert (problem.key, problem.file) == (key, CONFIG_NAME)
    assert why in problem.message
    assert (USER in problem.message) == bool(user), "both sides are named"
    assert outcome.config == layered(user).config, "what was refused does not hold"
    with pytest.raises(ConfigError):
        outcome.require()


@pytest.mark.parametrize(("user", "project"), [(user, project) for user, project, _, _ in LOOSER if user])
def test_a_project_may_tighten(user: str, project: str) -> None:
    """The other way round, each of them is fine."""
    outcome = layered(project, user)
    assert not outcome.problems
    assert outcome.config == layered(user).config


@pytest.mark.parametrize(
    "project",
    [
        '{"host": "scripted:evil.json"}',
        '{"providers": {"a": {"base_url": "http://evil.invalid/v1"}}}',
        '{"providers": {"a": {"key": "env:HOME"}}}',
        '{"models": {"worker": ["a/b"]}}',
        '{"hooks": [{"name": "a", "on": "mission.ended", "command": "evil"}]}',
        '{"journal": {"archive_after_days": 1}}',
        '{"log": {"level": "debug"}}',
        '{"limits": {"commands": {"processes": 1}}}',
    ],
)
def test_what_only_the_user_may_set(project: str) -> None:
    problem = only_problem(layered("", project))
    assert "only you may set it, never a project" in problem.message
    assert str(user_config_file()) in problem.hint
    assert layered("", project).config == layered().config


def test_every_setting_has_a_rule_and_trust_is_no_setting() -> None:
    """A new setting must be thought about: a project may set only what stands here."""
    free = {kind.key for kind in kinds().values() if kind.rule is not USER_ONLY}
    assert free == {
        "$schema", "checks", "setup", "limits.slots", "limits.max_iterations", "limits.session_timeout_s",
        "budget.tokens", "budget.money_usd", "budget.wall_time_s", "budget.turns", "budget.tool_calls", "approval",
        "delivery", "tools.planner", "tools.searcher", "tools.worker", "tools.fixer", "tools.reviewer",
        "sandbox.required", "sandbox.network", "review", "web.fetch",
    }  # fmt: skip
    assert {kind.key for kind in kinds().values() if kind.rule is PROJECT} == {"checks", "setup"}
    assert "unknown key" in only_problem(layered("", '{"trust": true}')).message


@pytest.mark.parametrize("user", ['{"checks": []}', '{"setup": ["x"]}'])
def test_the_commands_of_a_project_stand_in_its_own_file(user: str) -> None:
    assert CONFIG_NAME in only_problem(layered(user)).hint


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("ORCHESTRATOR_HOST", "scripted:a.json", "host", "scripted:a.json"),
        ("ORCHESTRATOR_BUDGET_MONEY_USD", "2.5", "budget.money_usd", 2.5),
        ("ORCHESTRATOR_BUDGET_TOKENS", "null", "budget.tokens", None),
        ("ORCHESTRATOR_SANDBOX_NETWORK", "false", "sandbox.network", False),
        ("ORCHESTRATOR_SANDBOX_REQUIRED", "pidns, landlock", "sandbox.required", ["pidns", "landlock"]),
        ("ORCHESTRATOR_TOOLS_WORKER", "grep,glob", "tools.worker", ["grep", "glob"]),
        ("ORCHESTRATOR_LIMITS_COMMANDS_OPEN_FILES", "64", "limits.commands.open_files", 64),
        ("ORCHESTRATOR_APPROVAL", "plan", "approval", "plan"),
    ],
)
def test_variables(name: str, text: str, key: str, value: object) -> None:
    outcome = layered(environment={name: text})
    assert not outcome.problems
    assert origin(outcome, key) == (value, Layer.ENVIRONMENT, f"${name}", None)


def test_wrong_variables_are_named() -> None:
    wrong = layered(environment={"ORCHESTRATOR_LIMITS_SLOTS": "many", "ORCHESTRATOR_LIMITS_SLOTZ": "1"}).problems
    assert [problem.file for problem in wrong] == ["ORCHESTRATOR_LIMITS_SLOTS", "ORCHESTRATOR_LIMITS_SLOTZ"]
    assert "whole number" in wrong[0].message or "integer" in wrong[0].message
    assert "ORCHESTRATOR_LIMITS_SLOTS" in wrong[1].hint
    fine = {"ORCHESTRATOR_STATE_DIR": "/x", "ORCHESTRATOR_SOMETHING_ELSE": "1", "ORCHESTRATOR_HOST": ""}
    assert not layered(environment=fine).problems


def test_wrong_overrides_are_named() -> None:
    assert "command line" in only_problem(layered(delivery="pigeon")).message
    with pytest.raises(OrchestratorError, match="no setting"):
        layered(limits__slot=1)


HOOK = '{"hooks": [{"name": "a", "on": "mission.ended", "command": "x", "after":\n["b"]}]}'


@pytest.mark.parametrize(
    ("user", "line", "key", "hint"),
    [
        ('{"models":\n {"worker": ["local/a"]}}', 2, "models.worker[0]", "none"),
        ('{"providers": {"local": {}},\n"models": {"worker": ["local/a",\n"locl/b"]}}', 3, "models.worker[1]", "local"),
        ('{"tools": {"worker": ["grep",\n"grip"]}}', 2, "tools.worker[1]", "'grep'"),
        ('{"tools": {"planner": ["shell"]}}', 1, "tools.planner[0]", "known tools"),
        ('{"hooks": [{"name": "a",\n"on": "mission.endd", "command": "x"}]}', 2, "hooks[0].on", "mission.ended"),
        (HOOK, 2, "hooks[0].after[0]", "hooks of this phase"),
    ],
)  # fmt: skip
def test_names_that_lead_nowhere(user: str, line: int, key: str, hint: str) -> None:
    problem = only_problem(layered(user))
    assert (problem.line, problem.key) == (line, key)
    assert hint in problem.hint


def test_the_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    workspace = tmp_path / "project"
    (workspace / ".opencode").mkdir(parents=True)
    (workspace / CONFIG_NAME).write_text('{"limits": {"slots": 7}}')
    user_config_file().parent.mkdir(parents=True)
    user_config_file().write_text('{"limits": {"slots": 9, "max_iterations": 30}}')
    outcome = load(workspace, environment={})
    assert origin(outcome, "limits.slots") == (7, Layer.PROJECT, CONFIG_NAME, 1)
    assert origin(outcome, "limits.max_iterations") == (30, Layer.USER, str(user_config_file()), 1)


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"{}" + b" " * 300_000])
def test_files_that_are_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    user_config_file().parent.mkdir(parents=True)
    user_config_file().write_bytes(content)
    assert only_problem(sources(environment={}).over(None)).hint
    user_config_file().unlink()
    user_config_file().mkdir()
    assert "can't be read" in only_problem(sources(environment={}).over(None)).message
