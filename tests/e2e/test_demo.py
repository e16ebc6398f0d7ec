"""The sample mission: a cheap model's mistakes are healed, and what is sealed is what the user gets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Completed, orchestrator, shadow, tree_files, user_files

HEALINGS = {"syntax", "imports", "check:tests"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_demo_heals_every_mistake_and_seals(tmp_path: Path) -> None:
    # The demo makes its workspace and its state in the temporary folder. The first `python` on PATH is of no use to it.
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "python").write_text("#!/bin/sh\nexit 1\n")
    (programs / "python").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = orchestrator("demo", "--json", env={"TMPDIR": str(tmp_path), "PATH": path}, timeout_s=280.0)
    assert done.code == 0, done.err
    workspace = Path(done.one("mission.accepted")["workspace"])
    assert workspace.is_relative_to(tmp_path)
    state = workspace.parent / "state"

    _every_promised_mistake_happened(done)
    _the_receipt_proves_the_sealed_tree(done)
    tree = done.status["seal"]["tree"]
    assert user_files(workspace) == tree_files(shadow(state), tree)
    _the_delivered_tests_pass(workspace)
    assert "- [ ]" not in (workspace / ".opencode/todo.md").read_text()
    assert "- [x]" in (workspace / ".opencode/todo.md").read_text()
    summary = (workspace / ".opencode/summary.md").read_text()
    assert "python -m pytest -q" in summary
    assert tree in summary
    audit = orchestrator("audit", "-w", workspace, env={"ORCHESTRATOR_STATE_DIR": str(state)})
    assert audit.code == 0
    assert "intact" in audit.out


def _every_promised_mistake_happened(done: Completed) -> None:
    assert any("cycle" in problem for data in done.of("plan.rejected") for problem in data["problems"])
    refused = {finding["gate"]: (data, finding) for data in done.of("attempt.refused") for finding in data["findings"]}
    assert set(refused) == HEALINGS
    assert "stdlib_scrypt_hasher" in refused["imports"][1]["message"]
    assert "combined tree" in refused["check:tests"][0]["reason"]
    failures = {data["failure"] for data in done.of("session.recovering")}
    assert failures == {"rate_limited", "crashed"}
    seal = done.status["seal"]
    assert seal["refusedCount"] == len(done.of("attempt.refused"))
    assert seal["recoveredCount"] == len(done.of("session.recovering"))


def _the_receipt_proves_the_sealed_tree(done: Completed) -> None:
    assert done.status["status"] == "sealed"
    seal = done.status["seal"]
    (receipt,) = seal["receipts"]
    assert receipt["tree"] == seal["tree"] == done.status["tipTree"]
    assert (receipt["exitCode"], receipt["verdict"]) == (0, "clean")
    assert receipt["sensitivity"] == "sensitive"
    assert re.fullmatch(r"[0-9a-f]{64}", receipt["outputDigest"])
    assert done.events[-1]["type"] == "mission.delivered"
    assert done.events[-1]["data"]["keptBack"] == []


def _the_delivered_tests_pass(workspace: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    tests = subprocess.run(command, cwd=workspace, capture_output=True, check=False)
    assert tests.returncode == 0, tests.stdout.decode()
