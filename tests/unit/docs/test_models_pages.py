"""The examples of the pages about models are valid, and the tables are whole."""

from __future__ import annotations

import re
from pathlib import Path

import json5
import pytest

from orchestrator.agents.results import RESULT_TOOLS
from orchestrator.config.consistency import inconsistencies
from orchestrator.config.model import Config
from orchestrator.domain.words import Role
from orchestrator.hosts.model.chain import chains_of
from orchestrator.testing.provider import FAULTS, ProviderScript, serving
from orchestrator.testing.provider.script import Rule

DOCS = Path(__file__).resolve().parents[3] / "docs"


def examples(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)


def test_the_configuration_is_valid_and_gives_chains() -> None:
    (text,) = examples("models.md", "jsonc")
    config = Config.model_validate(json5.loads(text))
    assert not list(inconsistencies(config))
    chains = chains_of(config)
    assert next(choice.name for choice in chains.of(Role.PLANNER)).startswith("cloud/")
    assert [choice.model for choice in chains.of(Role.WORKER)] == ["qwen3-coder", "vendor/coder"]


def test_the_script_is_valid() -> None:
    (text,) = examples("fake-provider.md", "jsonc")
    assert len(ProviderScript.model_validate(json5.loads(text)).rules) == 4


def test_the_policies_run(capsys: pytest.CaptureFixture[str]) -> None:
    own, known = examples("fake-provider.md", "python")
    exec(compile(own, "fake-provider.md", "exec"), {})  # noqa: S102 - the page's own example
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1 0\n", capsys.readouterr().out)
    exec(compile(known, "fake-provider.md", "exec"), {})  # noqa: S102 - as above
    assert re.fullmatch(r"`first` in pkg/find\.py .* http://127\.0\.0\.1:\d+/v1\n", capsys.readouterr().out)
    assert serving


def test_every_fault_and_field_is_described() -> None:
    page = (DOCS / "fake-provider.md").read_text("utf-8")
    assert {name for name in FAULTS if f"`{name}`" not in page} == set()
    fields = {*ProviderScript.model_fields, *Rule.model_fields} - {"rules"}
    assert {name for name in fields if f"`{name}`" not in page} == set()


def test_every_role_is_in_the_table() -> None:
    page = (DOCS / "roles.md").read_text("utf-8")
    for role in Role:
        assert re.search(rf"\| `{role.value}` \|.*`{RESULT_TOOLS[role].name}`", page)
