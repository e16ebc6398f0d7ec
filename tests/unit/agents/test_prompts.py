"""The prompts of the roles: small, versioned, and never changed without a new version."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import pytest

from orchestrator.agents.prompts import prompt_version, system_prompt
from orchestrator.agents.results import RESULT_TOOLS
from orchestrator.agents.roles import ROLE_TOOLS
from orchestrator.domain.words import Role
from orchestrator.tools.catalogue import TOOLS

with warnings.catch_warnings():
    # It opens its vocabulary, which is inside the package, in a way that Python deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    import bpe_openai

SNAPSHOTS = Path(__file__).parent / "prompt_snapshots.json"
MAX_TOKENS = 1_500
ENCODING = bpe_openai.get_encoding("o200k_base")


@pytest.mark.parametrize("role", list(Role))
def test_a_prompt_is_small_by_a_real_tokenizer(role: Role) -> None:
    assert 0 < len(ENCODING.encode(system_prompt(role))) < MAX_TOKENS


@pytest.mark.parametrize("role", list(Role))
def test_a_changed_prompt_has_a_new_version(role: Role) -> None:
    """When this fails: raise `version` in the prompt's file, then write the new digest beside it here."""
    digest = hashlib.sha256(system_prompt(role).encode()).hexdigest()
    assert json.loads(SNAPSHOTS.read_text())[role.value] == {"version": prompt_version(role), "sha256": digest}


@pytest.mark.parametrize("role", list(Role))
def test_a_prompt_names_tools_that_the_role_has(role: Role) -> None:
    words = set(system_prompt(role).replace(",", " ").replace(".", " ").replace(";", " ").split())
    assert (words & set(TOOLS)) <= set(ROLE_TOOLS[role])
    assert RESULT_TOOLS[role].name in words


@pytest.mark.parametrize("role", list(Role))
def test_a_prompt_says_that_material_commands_nothing(role: Role) -> None:
    assert "material" in system_prompt(role)
