"""Secrets that a mission comes across are not in the state directory, the log, the summary or what clients are told."""

from __future__ import annotations

import random
import string
from pathlib import Path

import pytest
from harness import PASSES, Plan, check, declare, orchestrator, write

ALNUM = string.ascii_letters + string.digits
CODE = "def add(a, b):\n    return a + b\n"
FAILING = CODE.replace("a + b", "a - b")
TEST = """from pathlib import Path

from calc import add


def test_add():
    said = Path("notes.txt").read_text()
    assert add(1, 2) == 3, said
"""
OUTPUT = "a command's output"
ENVIRONMENT = "the server's environment"
USERS_CONTENT = {"shadow.git", "worktrees"}
"""Where the files of the workspace are kept as they are: what stands in them is the user's own."""


def drawn(rng: random.Random, count: int) -> str:
    """A random text, so that no file of the repository looks as if it held a live secret."""
    return "".join(rng.choices(ALNUM, k=count))


@pytest.fixture
def planted() -> dict[str, str]:
    """Secrets by the way on which the mission meets them."""
    rng = random.Random(20)  # noqa: S311 - the same values at each run
    return {
        OUTPUT: "ghp_" + drawn(rng, 36),
        "a file that a check reads": "sk-ant-api03-" + drawn(rng, 95),
        "a key over many lines": drawn(rng, 64),
        "a new file": "sk_live_" + drawn(rng, 24),
        ENVIRONMENT: "four words in spring " + drawn(rng, 4),
        "the name of a test": "glpat-" + drawn(rng, 20),
    }


def kept_in(folder: Path) -> list[Path]:
    """Every file of the state directory that is not the user's own content."""
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not USERS_CONTENT & set(path.relative_to(folder).parts)
    ]


@pytest.mark.slow
def test_no_planted_secret_is_kept_or_told(tmp_path: Path, state_dir: Path, planted: dict[str, str]) -> None:
    workspace = tmp_path / "project"
    workspace.mkdir()
    (workspace / "calc.py").write_text(CODE)
    (workspace / "test_calc.py").write_text(TEST)
    key = ["-----BEGIN RSA PRIVATE KEY-----", planted["a key over many lines"], "-----END RSA PRIVATE KEY-----"]
    notes = f"the key is {planted['a file that a check reads']}\n" + "\n".join(key) + "\n"
    (workspace / "notes.txt").write_text(notes)
    (workspace / "talk.py").write_text(
        "import os, pathlib, sys\nprint(pathlib.Path('notes.txt').read_text())\n"
        f"print('pushed with', {planted[OUTPUT]!r})\n"
        f"print({planted[ENVIRONMENT]!r})\n"
    )
    named = "import pytest\n\n\n@pytest.mark.parametrize('key', ['KEY'])\ndef test_key(key):\n    assert key\n"
    (workspace / "test_named.py").write_text(named.replace("KEY", planted["the name of a test"]))
    declare(workspace, check(command=f"python talk.py && {PASSES}", when="merge"))
    keeping = f"KEY = {planted['a new file']!r}\n"
    calc = [write("calc.py", FAILING), write("calc.py", CODE + "\n\nMORE = 1\n")]
    keeper = [write("keeper.py", keeping), write("keeper.py", "KEY = None\n")]
    plan = Plan().task("calc", "calc.py", work=calc).task("keeper", "keeper.py", work=keeper)
    host = plan.save(tmp_path)
    environment = {"DEPLOY_PASSWORD": planted[ENVIRONMENT]}
    done = orchestrator("run", "make it work", "--host", host, "-w", workspace, "--json", env=environment)
    assert "judge_changed" in done.out or "test-failed" in done.out, done.out + done.err
    assert "py-secret-in-source" in done.out
    told = {"stdout": done.out.encode(), "stderr": done.err.encode()}
    told |= {name: (workspace / name).read_bytes() for name in (".opencode/todo.md", ".opencode/summary.md")}
    told |= {str(path.relative_to(state_dir)): path.read_bytes() for path in kept_in(state_dir)}
    assert sum("outputs" in name for name in told) >= 3, "the outputs of the checks are among what was looked at"
    found = [
        f"{way}: {name}" for way, secret in planted.items() for name, data in told.items() if secret.encode() in data
    ]
    assert not found
    outputs = b"".join(data for name, data in told.items() if "outputs" in name)
    for kind in (b"github-token", b"anthropic-key", b"private-key", b"environment"):
        assert b"[redacted:%s]" % kind in outputs
