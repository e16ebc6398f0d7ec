"""A disk that takes no more events ends the server with the reason; what was acknowledged stays."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from harness import Plan, is_intact, orchestrator, user_files, write

LIMIT_BYTES = 300_000


def test_a_journal_that_can_not_grow_ends_the_mission_and_says_why(workspace: Path, tmp_path: Path) -> None:
    plan = Plan()
    for number in range(40):
        name = f"f{number}.txt"
        plan.task(f"t{number}", name, work=write(name, "x\n"), depends_on=[f"t{number - 1}"] if number else [])
    host = plan.save(tmp_path)
    before = user_files(workspace)
    command = [sys.executable, "-m", "orchestrator", "run", "x", "-w", str(workspace), "--host", host]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES)),
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "can't go on" in done.stderr
    assert "merged" in done.stdout, "it had begun"
    assert user_files(workspace) == before
    assert is_intact(workspace)
    assert "f0.txt" in orchestrator("diff", "-w", workspace).out, "the next server has what was merged"
    assert "stopped" in orchestrator("status", "-w", workspace).out
