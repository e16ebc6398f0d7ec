"""A sample of the comparison with the ast-grep program: no difference."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

import orchestrator_core as core

HERE = Path(__file__).parent
FILES_OF_A_TREE = 30
CONSTRUCTS = """
    pattern: kind: regex: nthChild: range: inside: has: precedes: follows: all: any: not: matches: stopBy:
    field: context: selector: strictness: utils: constraints: transform: fix: expandStart: expandEnd:
    rewriters: files: ignores: severity: note: labels: url: message: arguments: ofRule: reverse:
    caseInsensitive: substring: replace( convert: rewrite: joinBy: separatedBy: template: title:
    languageGlobs: languageInjections: utilDirs: ruleDirs:
"""


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    """The module beside this file, which is also a program."""
    spec = importlib.util.spec_from_file_location("parity_compare", HERE / "compare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_sample_has_no_difference(compare: ModuleType, tmp_path: Path) -> None:
    if compare.program() is None:
        pytest.skip("the ast-grep program (ast-grep-cli) is not installed")
    sources = compare.trees()
    assert set(compare.PYTHON_PACKAGES) <= set(sources)
    outcome = compare.compare(tmp_path, compare.build(tmp_path, sources, FILES_OF_A_TREE))
    assert (outcome.only_ours, outcome.only_theirs) == (set(), set())
    assert outcome.finding_count > 1_000
    assert len(outcome.rules) > 40
    if set(compare.NPM_PACKAGES) <= set(sources):
        assert len(outcome.rules) > 60


def test_the_rules_use_every_construct() -> None:
    text = "\n".join(file.read_text() for file in sorted((HERE / "project").rglob("*.yml")))
    words = CONSTRUCTS.split()
    assert [word for word in words if word not in text] == []
    rules = core.RuleSet.from_config(str(HERE / "project" / "sgconfig.yml"))
    assert rules.problems == []
    assert len(rules) >= 60
