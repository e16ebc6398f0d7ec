"""A sample of the fuzzing of parser and rules."""

from __future__ import annotations

import importlib.util
from pathlib import Path


def test_mutated_sources_crash_nothing() -> None:
    spec = importlib.util.spec_from_file_location("lint_fuzz", Path(__file__).parent / "fuzz.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    outcome = module.run(1_500, 1)
    assert sum(outcome.values()) == 1_500
    assert {"clean", "findings", "binary", "not utf-8"} <= set(outcome)
