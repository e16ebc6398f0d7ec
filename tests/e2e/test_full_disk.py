"""A disk that takes no more events ends the server with the reason; what was acknowledged stays, and work goes on."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Plan, is_intact, orchestrator, user_files, write

LIMIT_BYTES = 300_000


@pytest.mark.timeout(300)
def test_a_journal_that_can_not_grow_is_told_and_the_next_server_goes_on(workspace: Path, tmp_path: Path) -> None:
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
        timeout=240,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, LIMIT_BYTES)),
    )
    told = done.stdout + done.stderr
    assert "can't go on: can't write the journal" in told, "the reason is told"
    assert "taken up again" in told, "a new server found room: what waits in front of the database is small then"
    assert done.returncode == 3, told
    assert user_files(workspace) == before
    assert is_intact(workspace)
    diff = orchestrator("diff", "-w", workspace).out
    missing = [number for number in range(40) if f"f{number}.txt" not in diff]
    assert not missing, f"nothing that was merged is lost\n{told}"
    assert "unverified" in orchestrator("status", "-w", workspace).out
