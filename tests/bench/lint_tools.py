"""What `bench_guardian` measures with: sets of rules, an editor that types, memory of a program, a peer in process."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "rust" / "crates" / "guardian" / "rules"
OXLINT = "1.14.0"

ORDINARY = """
{id: no-print, language: Python, rule: {pattern: print($$$A)}}
---
{id: bare-except, language: Python, rule: {kind: except_clause, not: {has: {kind: identifier}}}}
---
{id: eq-none, language: Python, rule: {pattern: $A == None}, fix: $A is None}
---
id: mutable-default
language: Python
rule: {kind: default_parameter, has: {field: value, any: [{kind: list}, {kind: dictionary}]}}
---
{id: eval-call, language: Python, rule: {pattern: eval($$$A)}}
---
{id: assert-tuple, language: Python, rule: {kind: assert_statement, has: {kind: tuple}}}
---
{id: open-not-with, language: Python, rule: {pattern: open($$$A), not: {inside: {kind: with_item, stopBy: end}}}}
---
{id: no-console, language: TypeScript, rule: {pattern: console.log($$$A)}}
---
{id: js-loose, language: JavaScript, rule: {pattern: $A == $B}}
---
{id: ts-any, language: TypeScript, rule: {kind: predefined_type, regex: ^any$}}
"""
RARE = """
{id: popen, language: Python, rule: {pattern: os.popen($$$A)}}
---
{id: unpickle, language: Python, rule: {pattern: pickle.loads($$$A)}}
---
{id: ts-eval, language: TypeScript, rule: {pattern: eval($$$A)}}
---
{id: js-write, language: JavaScript, rule: {pattern: document.write($$$A)}}
"""


def rule_texts(name: str) -> str:
    """YAML of "ordinary", "rare", "pack" (all built-in rules) or "hundred" (100 of these for the corpus' languages)."""
    if name not in {"pack", "hundred"}:
        return {"ordinary": ORDINARY, "rare": RARE}[name]
    documents: list[str] = []
    for file in sorted(PACK.rglob("*.yml")):
        if not file.name.endswith("-test.yml"):
            documents += [part for part in re.split(r"(?m)^---\s*$", file.read_text()) if part.strip()]
    fitting = [text for text in documents if re.search(r"(?m)^language: (Python|JavaScript|TypeScript)$", text)]
    chosen = documents if name == "pack" else fitting[-100:]  # all of Python, and of the others as many as it takes
    # ast-grep wants each id once; the pack has one id for each language.
    named = [re.sub(r"(?m)^id: (.*)$", rf"id: \1-{number}", text) for number, text in enumerate(chosen)]
    return "\n---\n".join(named)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run of a program took: seconds of wall time and of CPU, MiB at its largest."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def usage(command: list[str]) -> Usage:
    """Run a program to its end. Raises RuntimeError when it fails (findings are no failure)."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.perf_counter() - started
        errors.seek(0)
        said = errors.read()
    if process.returncode not in {0, 1} or b"Traceback" in said:
        raise RuntimeError(said.decode()[-500:])
    return Usage(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def editors(root: Path, scratch: Path, tool: str) -> dict[str, list[str] | str]:
    """Language servers by name: how to start each, or why it can't be."""
    binaries = Path(sys.executable).parent
    found: dict[str, list[str] | str] = {
        "orchestrator": [str(binaries / "orchestrator"), "serve"],
        "ruff server": [str(binaries / "ruff"), "server"],
    }
    config = scratch / "sgconfig.yml"
    (scratch / "rules").mkdir(exist_ok=True)
    (scratch / "rules" / "all.yml").write_text(rule_texts("pack"))
    config.write_text("ruleDirs: []\n")
    grep_config = scratch / "ast-grep.yml"
    grep_config.write_text("ruleDirs: [rules]\n")
    found["ast-grep lsp"] = [tool, "lsp", "--config", str(grep_config)]
    found["oxlint"] = _oxlint(root / "build" / "npm")
    return found


def _oxlint(folder: Path) -> list[str] | str:
    program = folder / "node_modules" / ".bin" / "oxc_language_server"
    if not program.exists() and (npm := shutil.which("npm")):
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"oxlint@{OXLINT}"
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), wanted]
        subprocess.run(command, capture_output=True, timeout=120, check=False)
    return [str(program)] if program.exists() else "not installable (npm)"


class EditSession:
    """Types into one text of a server and waits for the diagnostics of each version."""

    def __init__(self, command: list[str], root: Path, size_kb: int) -> None:
        """`root` becomes the workspace."""
        is_script = "oxc" in command[0]
        self._uri = (root / ("typed.ts" if is_script else "typed.py")).as_uri()
        self._language = "typescript" if is_script else "python"
        self._text = _script_text(size_kb) if is_script else _python_text(size_kb)
        self._bad = "debugger;\n" if is_script else "x_1 == None\nimport os, sys\nprint(1)\n"
        environment = os.environ | {"ORCHESTRATOR_STATE_DIR": str(root / "state")}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=root
        )
        self._frames: Queue[dict[str, Any]] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._root = root
        self._version = 0
        self._fine_count = 0
        self._is_incremental = False

    def begin(self) -> None:
        """Open the text. Raises TimeoutError when nothing is said of it."""
        root = self._root.as_uri()
        hello = {
            "processId": os.getpid(),
            "rootUri": root,
            "capabilities": {"textDocument": {"publishDiagnostics": {}}},
        }
        hello["workspaceFolders"] = [{"uri": root, "name": "bench"}]
        self._send({"id": 1, "method": "initialize", "params": hello})
        answer = self._wait(lambda frame: frame.get("id") == 1)
        sync = answer["result"]["capabilities"].get("textDocumentSync")
        self._is_incremental = (sync.get("change") if isinstance(sync, dict) else sync) == 2
        self._send({"method": "initialized", "params": {}})
        document = {"uri": self._uri, "languageId": self._language, "version": 0, "text": self._text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        self._wait(self._is_shown)

    def edit(self) -> float:
        """Type wrong lines, or take them away again: seconds from the change on the wire to its diagnostics.

        Raises TimeoutError when none come, ValueError when they do not tell of the lines.
        """
        while not self._frames.empty():
            self._frames.get()
        self._version += 1
        is_bad = self._version % 2 == 1
        change = self._change(is_bad=is_bad)
        document = {"uri": self._uri, "version": self._version}
        started = time.perf_counter()
        self._send(
            {"method": "textDocument/didChange", "params": {"textDocument": document, "contentChanges": [change]}}
        )
        shown = self._wait(lambda frame: self._is_shown(frame, self._version))
        took_s = time.perf_counter() - started
        count = len(shown["params"]["diagnostics"])
        if not is_bad:
            self._fine_count = count
        elif count <= self._fine_count and self._version > 1:
            raise ValueError("the wrong lines were not told")
        return took_s

    def close(self) -> None:
        """End the server."""
        self._process.kill()
        self._process.wait()

    def _change(self, *, is_bad: bool) -> dict[str, Any]:
        lines = self._text.split("\n")
        middle = len(lines) // 2
        middle -= middle % 10
        if not self._is_incremental:
            added = self._bad.rstrip("\n").split("\n") if is_bad else []
            return {"text": "\n".join([*lines[:middle], *added, *lines[middle:]])}
        end = middle if is_bad else middle + self._bad.count("\n")
        span = {"start": {"line": middle, "character": 0}, "end": {"line": end, "character": 0}}
        return {"range": span, "text": self._bad if is_bad else ""}

    def _is_shown(self, frame: dict[str, Any], version: int = 0) -> bool:
        """Whether these are diagnostics of our text, of this version where the server names one."""
        if frame.get("method") != "textDocument/publishDiagnostics" or frame["params"]["uri"] != self._uri:
            return False
        return frame["params"].get("version", version) == version

    def _wait(self, is_it: Any) -> dict[str, Any]:
        end = time.monotonic() + 20
        while True:
            try:
                frame = self._frames.get(timeout=max(0.01, end - time.monotonic()))
            except Empty:
                raise TimeoutError("no answer within 20 s") from None
            if is_it(frame):
                return frame
            if "id" in frame and "method" in frame:
                self._send({"id": frame["id"], "result": _reply(frame)})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while header := stream.readline():
            size = int(header.split(b":")[1])
            while stream.readline().strip():
                pass
            self._frames.put(json.loads(stream.read(size)))


def _reply(frame: dict[str, Any]) -> Any:
    items = frame.get("params", {}).get("items", []) if frame["method"] == "workspace/configuration" else []
    return [None for _ in items] if items else None


def _python_text(size_kb: int) -> str:
    block = (
        "def function_{n}(first, second=None):\n    total = 0\n    for item in first:\n        if item is not None:\n"
        "            total += len(item) * {n}\n    try:\n        value = str(total)\n    except ValueError as error:\n"
        "        raise KeyError(second) from error\n    return value\n"
    )
    return "".join(block.format(n=number) for number in range(size_kb * 1024 // len(block)))


def _script_text(size_kb: int) -> str:
    block = (
        "export function named{n}(first: string[], second?: number): number {{\n  let total = 0;\n"
        "  for (const item of first) {{\n    if (item !== null) {{\n      total += item.length * {n};\n    }}\n  }}\n"
        "  const value = total + (second ?? 0);\n  return value;\n}}\n"
    )
    return "".join(block.format(n=number) for number in range(size_kb * 1024 // len(block)))


def _lint_with_peer(corpus: str, name: str) -> None:
    """The rules over the corpus by the peer that runs in a Python program."""
    peer = importlib.import_module("ast_grep_py")
    yaml = importlib.import_module("yaml")
    languages = {".py": "python", ".ts": "typescript", ".js": "javascript"}
    rules = [rule for rule in yaml.safe_load_all(rule_texts(name)) if rule]
    for file in sorted(Path(corpus).rglob("*.*")):
        language = languages.get(file.suffix)
        if language and file.is_file():
            root = peer.SgRoot(file.read_text(errors="replace"), language).root()
            for rule in rules:
                if rule["language"].lower() == language:
                    root.find_all(rule=rule["rule"])


if __name__ == "__main__":
    _lint_with_peer(sys.argv[2], sys.argv[3])
