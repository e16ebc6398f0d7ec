"""The sampled forms of `make false-alarms` and `make mutants`."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path

import pytest

MUTANTS = Path(__file__).resolve().parents[2] / "mutants"


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(MUTANTS))
    names = ("python_packages", "false_alarms", "mutants")
    yield [importlib.import_module(name) for name in names]
    for name in (*names, "mutations", "node_packages", "releases"):
        sys.modules.pop(name, None)


def test_real_packages_raise_no_false_alarm(tools) -> None:
    python_packages, false_alarms, _ = tools
    chosen = [one for one in python_packages.packages() if one.name in {"rich", "anyio", "attrs", "pytest", "click"}]
    assert len(chosen) >= 4
    sync, _ = false_alarms.python("installed", chosen)
    assert sync.file_count > 150
    assert sync.alarms == ()


def test_mutations_of_a_real_package_are_caught(tools) -> None:
    _, _, mutants = tools
    left_out = Counter[str]()
    total = mutants.run(["click", "pluggy"], limit=2, seed=2, left_out=left_out)
    results = [(mutant, is_caught) for found in total.values() for mutant, is_caught in found]
    assert len(results) >= 8
    assert left_out.total() > 0
    assert [(mutant.kind, mutant.what) for mutant, is_caught in results if not is_caught] == []
