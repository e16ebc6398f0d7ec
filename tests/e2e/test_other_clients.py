"""The configuration in docs/clients.md starts a server that serves such an editor: findings, progress, commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import check, declare, until

PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()
LIMIT_S = 90.0
SOURCE = "def missing(name, names):\n    return not name in names\n"
Json = dict[str, Any]

HELIX = {
    "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {"applyEdit": True, "executeCommand": {"dynamicRegistration": False}},
}
ZED = {
    "general": {"positionEncodings": ["utf-16"]},
    "window": {"workDoneProgress": True, "showMessage": {"messageActionItem": {"additionalPropertiesSupport": True}}},
    "experimental": {"serverStatusNotification": True, "localDocs": True},
    "textDocument": {"diagnostic": {"dynamicRegistration": True}, "publishDiagnostics": {"versionSupport": True}},
}
EGLOT = {
    "general": {"positionEncodings": ["utf-32", "utf-8", "utf-16"]},
    "window": {"showDocument": {"support": True}, "workDoneProgress": True},
    "experimental": {},
}
SUBLIME = {
    "general": {"positionEncodings": ["utf-16"], "markdown": {"parser": "Python-Markdown"}},
    "window": {"workDoneProgress": True},
    "workspace": {"executeCommand": {}, "configuration": True, "diagnostics": {"refreshSupport": True}},
}


def block(editor: str, language: str) -> str:
    """The first block of a language in an editor's section of the page."""
    section = re.split(rf"^## {editor}$", PAGE, flags=re.MULTILINE)[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found, f"{editor} has no {language}"
    return found[1]


def helix() -> list[str]:
    """The command in Helix's configuration."""
    server = tomllib.loads(block("Helix", "toml"))["language-server"]["orchestrator"]
    return [server["command"], *server["args"]]


def zed() -> list[str]:
    """The command in Zed's settings."""
    binary = json.loads(block("Zed", "jsonc"))["lsp"]["ruff"]["binary"]
    return [binary["path"], *binary["arguments"]]


def emacs() -> list[str]:
    """The command in Emacs's start file."""
    found = re.search(r'\. \(("[^)]*")\)\)', block("Emacs", "elisp"))
    assert found
    return re.findall(r'"([^"]+)"', found[1])


def sublime() -> list[str]:
    """The command in the settings of Sublime's package."""
    return list(json.loads(block("Sublime Text", "jsonc"))["clients"]["orchestrator"]["command"])


class Client:
    """A plain LSP client."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.heard: list[Json] = []
        self._count = 0

    def send(self, message: Json) -> None:
        """One frame."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def read(self) -> Json:
        """The next message; requests of the server are answered with null."""
        assert self.process.stdout
        length = 0
        while line := self.process.stdout.readline().strip():
            length = int(line.split(b":")[1])
        message: Json = json.loads(self.process.stdout.read(length))
        self.heard.append(message)
        if "id" in message and "method" in message:
            self.send({"id": message["id"], "result": None})
        return message

    def ask(self, method: str, params: Json) -> Any:
        """A request's result."""
        self._count += 1
        self.send({"id": self._count, "method": method, "params": params})
        while (message := self.read()).get("id") != self._count or "method" in message:
            pass
        return message["result"]

    def wait(self, method: str, part: str) -> None:
        """Until a notification of this method holds this text."""
        deadline = time.monotonic() + LIMIT_S
        while not any(one.get("method") == method and part in json.dumps(one) for one in self.heard):
            assert time.monotonic() < deadline, (method, part, self.heard)
            self.read()


@contextmanager
def connected(command: list[str], workspace: Path, capabilities: Json) -> Iterator[tuple[Client, Json]]:
    """A server as an editor starts it, and its answer to `initialize`."""
    with subprocess.Popen(command, cwd=workspace, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        client = Client(process)
        hello = {
            "processId": None,
            "rootUri": workspace.as_uri(),
            "rootPath": str(workspace),
            "capabilities": capabilities,
        }
        folders = [{"uri": workspace.as_uri(), "name": workspace.name}]
        try:
            answer = client.ask(
                "initialize", {**hello, "workspaceFolders": folders, "clientInfo": {"name": "an editor"}}
            )
            client.send({"method": "initialized", "params": {}})
            yield client, answer["capabilities"]
            client.ask("shutdown", {})
            client.send({"method": "exit"})
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("command", "capabilities"),
    [(helix, HELIX), (zed, ZED), (emacs, EGLOT), (sublime, SUBLIME)],
    ids=["helix", "zed", "emacs", "sublime"],
)
def test_an_editor_gets_findings_progress_and_commands(
    command: Any, capabilities: Json, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    (workspace / "names.py").write_text(SOURCE)
    declare(workspace, check(command="python -B -c 'import names; assert names.missing(1, [])'"))
    uri = (workspace / "names.py").as_uri()
    with connected(command(), workspace, capabilities) as (client, offered):
        assert offered["positionEncoding"] in capabilities["general"]["positionEncodings"]
        assert "orchestrator.mission.start" in offered["executeCommandProvider"]["commands"]
        text = {"uri": uri, "languageId": "python", "version": 1, "text": SOURCE}
        client.send({"method": "textDocument/didOpen", "params": {"textDocument": text}})
        client.wait("textDocument/publishDiagnostics", '"source": "orchestrator"')
        mission = {"command": "orchestrator.mission.start", "arguments": [{"text": "fix all style findings"}]}
        assert client.ask("workspace/executeCommand", mission)["missionId"]
        client.wait("$/progress", '"kind": "begin"')
        client.wait("$/progress", '"kind": "end"')
        until(lambda: "name not in names" in (workspace / "names.py").read_text(), "the work is delivered", LIMIT_S)
