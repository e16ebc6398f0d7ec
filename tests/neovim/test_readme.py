"""The section of README.md about Neovim, followed as it stands there, ends in a sealed mission."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from editor import NVIM, PLUGIN, started  # pyright: ignore[reportMissingImports] - beside this file


@pytest.mark.parametrize("name", ["README.md", "docs/neovim.md"])
def test_the_section_of_neovim_ends_in_a_seal(
    name: str, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).resolve().parents[2] / name).read_text()
    line = re.search(r"^ *(vim\.opt\.runtimepath:append\(.*\))$", text, re.MULTILINE)
    assert line
    config = tmp_path / "config" / "nvim"
    config.mkdir(parents=True)
    (config / "init.lua").write_text(line[1].replace("~/opencode-orchestrator/editor-clients/neovim", str(PLUGIN)))
    for part in ("STATE", "CACHE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{part}_HOME", str(tmp_path / part.lower()))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with started([NVIM, "--embed", "--headless", "-n"], workspace) as vim:
        vim.command("edit names.py")
        vim.command("Task fix all style findings")
        vim.until(lambda: vim.status() == "sealed", "the seal")
        vim.until(lambda: "name not in names" in (workspace / "names.py").read_text(), "the file is written")
