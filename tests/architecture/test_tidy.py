"""The repository keeps its own habits: sizes, docstrings, reasons, no leftovers."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from orchestrator_protocol.methods import METHODS

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 600
CODE = (".py", ".rs", ".ts", ".lua")
STARTERS = re.compile(r"\b(open_process|run_process|create_subprocess|os\.system|os\.exec|subprocess)\b")
TOP_LEVEL = {
    "pyproject.toml", "README.md", "server", "protocol", "rust", "editor-clients", "tests", "docs",
    "Makefile", "LICENSE", "CHANGELOG.md", "requirements",
}  # fmt: skip


def tracked() -> list[Path]:
    """Every file that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def sources(*suffixes: str, below: str = "") -> list[Path]:
    """Tracked source files, the sample workspace left out."""
    demo = ROOT / "server/orchestrator/demo"
    files = [path for path in tracked() if path.suffix in suffixes and path.is_relative_to(ROOT / below)]
    return [path for path in files if not (path.is_relative_to(demo) and path.parent != demo)]


def test_top_level_is_as_designed() -> None:
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_no_file_is_too_long() -> None:
    long = {str(path): count for path in sources(*CODE) if (count := len(path.read_text().splitlines())) > MAX_LINES}
    assert not long


def test_the_median_file_is_short() -> None:
    counts = sorted(len(path.read_text().splitlines()) for path in sources(".py", ".rs"))
    assert counts[len(counts) // 2] < 200


@pytest.mark.parametrize("path", sources(".py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_has_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_suppressions_carry_a_reason() -> None:
    python = re.compile(r"# (?:noqa|type: ignore|pyright: ignore)\b(?!.* - ).*")
    rust = re.compile(r"#!?\[allow\((?:(?!reason)[^\]])*\]")
    bare = [
        f"{path}: {found}"
        for path in sources(".py", ".rs")
        if path != Path(__file__)
        for found in (python if path.suffix == ".py" else rust).findall(path.read_text())
    ]
    assert not bare


def test_processes_start_in_the_sandbox_the_client_and_the_daemon_only() -> None:
    allowed = [ROOT / "server/orchestrator" / name for name in ("sandbox", "client", "daemon", "testing")]
    strays = [
        f"{path}:{number}"
        for path in sources(".py", below="server")
        if not any(path.is_relative_to(folder) for folder in allowed)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if STARTERS.search(line.partition("#")[0]) and '"""' not in line
    ]
    assert not strays


def test_nothing_names_a_registry_host_or_a_machine() -> None:
    checkout = re.escape(str(ROOT)).encode()
    hosts = re.compile(rb"pypi\.org|files\.pythonhosted|registry\.npmjs|static\.crates\.io|/ro{2}t/|" + checkout)
    text = {".py", ".rs", ".toml", ".txt", ".in", ".md", ".json", ".yml", ".ts", ".lua", ".lock", ""}
    named = [
        str(path)
        for path in tracked()
        if path.suffix in text and path != Path(__file__) and hosts.search(path.read_bytes())
    ]
    assert not named


def test_rpc_handlers_are_one_file_a_method() -> None:
    handlers = {path.stem for path in (ROOT / "server/orchestrator/rpc/handlers").glob("*.py")} - {"__init__"}
    served = [method for method in METHODS.values() if method.direction == "client_to_server"]
    assert handlers == {method.name.replace("/", "_") for method in served}
