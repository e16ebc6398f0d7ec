"""What can be said of the extension without VS Code: its size, its manifest, its types, its diffs."""

from __future__ import annotations

import difflib
import json
import random
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
CLIENT = ROOT / "editor-clients" / "vscode"
MANIFEST: dict[str, Any] = json.loads((CLIENT / "package.json").read_text())
MAX_LINES = 800
MAX_SIZE_BYTES = 300 * 1024


@pytest.fixture(scope="module")
def tools() -> Path:
    """The packages that the extension is built with."""
    folder = CLIENT / "node_modules"
    if not folder.exists():
        pytest.skip("the packages of editor-clients/vscode are not installed: make setup-dev")
    return folder


def node(*args: str | Path, given: str = "") -> str:
    """Run node; what it printed."""
    done = subprocess.run(
        ["node", *map(str, args)], cwd=CLIENT, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_stays_thin() -> None:
    lines = [line.strip() for file in (CLIENT / "src").glob("*.ts") for line in file.read_text().splitlines()]
    code = [line for line in lines if line and not line.startswith(("//", "/*", "*"))]
    assert len(code) < MAX_LINES


def test_types_fit(tools: Path) -> None:
    node(tools / "typescript" / "bin" / "tsc", "--noEmit")


def test_it_is_packed_offline_small_and_the_same_every_time(tools: Path) -> None:
    packed = ROOT / "build" / "vscode" / "opencode-orchestrator.vsix"
    node("build.mjs")
    first = packed.read_bytes()
    assert len(first) < MAX_SIZE_BYTES
    node("build.mjs")
    assert packed.read_bytes() == first
    with zipfile.ZipFile(packed) as files:
        names = set(files.namelist())
        shipped = json.loads(files.read("extension/package.json"))
        licences = files.read("extension/THIRD_PARTY.txt").decode()
    assert {"extension.vsixmanifest", "[Content_Types].xml", f"extension/{shipped['main']}"} <= names
    assert not {"devDependencies", "scripts"} & set(shipped)
    assert "vscode-languageclient" in licences


def test_every_command_has_a_title_and_something_behind_it() -> None:
    contributed = {command["command"] for command in MANIFEST["contributes"]["commands"]}
    made = set(re.findall(r"^    (\w+): ", (CLIENT / "src" / "commands.ts").read_text(), re.MULTILINE))
    assert {name.removeprefix("orchestrator.") for name in contributed} <= made
    menus = [entry["command"] for menu in MANIFEST["contributes"]["menus"].values() for entry in menu]
    assert set(menus) <= contributed
    for title in ("Start Mission", "Stop", "Pause", "Resume", "Approve Plan", "Steer Task", "Undo", "Show Summary"):
        assert any(command["title"] == title for command in MANIFEST["contributes"]["commands"])


def test_every_setting_is_described_and_used() -> None:
    settings = MANIFEST["contributes"]["configuration"]["properties"]
    sources = "".join(file.read_text() for file in (CLIENT / "src").glob("*.ts"))
    page = (ROOT / "docs" / "vscode.md").read_text()
    for name, schema in settings.items():
        assert {"type", "default", "scope"} <= set(schema)
        assert "description" in schema or "markdownDescription" in schema
        assert f'setting("{name.removeprefix("orchestrator.")}"' in sources
        assert f"`{name}`" in page
    assert set(MANIFEST["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]) <= set(settings)


def test_a_diff_becomes_both_texts_whichever_is_on_disk(tools: Path, tmp_path: Path) -> None:
    chance = random.Random(9)  # noqa: S311 - no secret
    cases: list[dict[str, str]] = []
    for _ in range(200):
        before = [f"line {chance.randrange(5)}" for _ in range(chance.randrange(40))]
        after = list(before)
        for _ in range(chance.randrange(1, 5)):
            place = chance.randrange(len(after) + 1)
            after[place : place + chance.randrange(3)] = [f"new {chance.random()}"] * chance.randrange(3)
        diff = difflib.unified_diff(before, after, "a/x.py", "b/x.py", lineterm="")
        if texts := list(diff):
            diff_text = "\n".join(["diff --git a/x.py b/x.py", *texts, ""])
            cases.append({"diff": diff_text, "before": "\n".join([*before, ""]), "after": "\n".join([*after, ""])})
    bundle = tmp_path / "diff.mjs"
    bundling = [tools / "esbuild" / "bin" / "esbuild", "src/diff.ts", "--format=esm", f"--outfile={bundle}"]
    subprocess.run(bundling, cwd=CLIENT, capture_output=True, check=True)  # a script, or after its own setup a program
    script = f"""
        import {{ parse, sides }} from {json.dumps(bundle.as_uri())};
        import {{ readFileSync }} from "node:fs";
        for (const {{ diff, before, after }} of JSON.parse(readFileSync(0, "utf8")))
          for (const [now, side] of [[before, "before"], [after, "after"]]) {{
            const [one, other] = sides(parse(diff)[0], now, side);
            if (one !== before || other !== after) throw new Error(JSON.stringify({{ diff, now, one, other }}));
          }}
        const [file] = parse("diff --git a/x b/x\\n--- a/x\\n+++ b/x\\n@@ -5 +5 @@\\n-a\\n+b\\n");
        const [one, other] = sides(file, "changed since");
        if (one !== "a" || other !== "b") throw new Error(one + other);
    """
    node("--input-type=module", "-e", script, given=json.dumps(cases))
