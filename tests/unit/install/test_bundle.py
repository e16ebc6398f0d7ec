"""The plugin that the wheel ships is the one in the sources, and asks for tools that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.agents.roles import ROLE_TOOLS
from orchestrator.install.opencode import PLUGIN
from orchestrator.tools.catalogue import TOOLS

SOURCES = Path(__file__).resolve().parents[3] / "editor-clients/opencode"


@pytest.mark.skipif(not (SOURCES / "node_modules").exists(), reason="make setup-dev installs what builds the plugin")
def test_the_shipped_plugin_is_up_to_date() -> None:
    node = shutil.which("node")
    assert node is not None
    built = subprocess.run([node, "build.mjs", "--check"], cwd=SOURCES, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr


@pytest.mark.skipif(not (SOURCES / "node_modules").exists(), reason="make setup-dev installs what checks the plugin")
def test_the_sources_fit_their_types() -> None:
    checked = subprocess.run(
        [str(SOURCES / "node_modules/.bin/tsc"), "--noEmit"], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_the_shipped_plugin_needs_nothing_else() -> None:
    text = PLUGIN.read_text(encoding="utf-8")
    wanted = set(re.findall(r'(?:from|require\(|import\()\s*"([^"./][^"]*)"', text))
    assert {name.removeprefix("node:") for name in wanted} <= {
        "child_process", "crypto", "fs", "module", "net", "os", "path", "url", "util",
    }  # fmt: skip


def test_the_tools_that_are_shown_at_once_exist() -> None:
    names = (SOURCES / "src/tools.ts").read_text(encoding="utf-8")
    core = names.split("const CORE")[1].split("};")[0]
    shown = dict(re.findall(r"^  (\w+): \[(.*)\],$", core, re.MULTILINE))
    assert shown.keys() >= {"read_file", "edit_file"}
    for name, arguments in shown.items():
        assert set(re.findall(r'"(\w+)"', arguments)) <= TOOLS[name].arguments.model_fields.keys()
    assert sorted(re.findall(r'"(\w+)"', names.split("ROLES:")[1].split(";")[0])) == sorted(
        role.value for role in ROLE_TOOLS
    )
