"""A real OpenCode with a home of its own, a provider on loopback, and our plugin: started, driven, ended."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psutil

from orchestrator.testing.provider import FakeProvider

Json = dict[str, Any]
T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/opencode/node_modules/opencode-linux-x64/bin/opencode"
PLUGIN = ROOT / "server/orchestrator/install/opencode_plugin.js"
SERVE = [sys.executable, "-m", "orchestrator", "serve"]
PATIENCE_S = 300.0
_OFF = (
    "AUTOUPDATE",
    "MODELS_FETCH",
    "LSP_DOWNLOAD",
    "SHARE",
    "DEFAULT_PLUGINS",
    "CLAUDE_CODE",
    "EXTERNAL_SKILLS",
    "PRUNE",
)


def configuration(provider: FakeProvider, *, plugins: list[object] | None = None, **more: object) -> Json:
    """An OpenCode configuration with the fake provider alone."""
    models = {
        "big": {"name": "Big", "tool_call": True, "limit": {"context": 100_000, "output": 8_000}},
        "small": {"name": "Small", "tool_call": True, "limit": {"context": 32_000, "output": 4_000}},
    }
    fake = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Fake",
        "options": {"baseURL": provider.url, "apiKey": "sk-fake"},
        "models": models,
    }
    return {
        "autoupdate": False, "share": "disabled", "enabled_providers": ["fake"], "model": "fake/big",
        "small_model": "fake/small", "permission": "allow", "lsp": False, "formatter": False, "snapshot": False,
        "provider": {"fake": fake}, "plugin": plugins or [], **more,
    }  # fmt: skip


def with_plugin() -> list[object]:
    """The plugin as `orchestrator install opencode` lists it."""
    return [[PLUGIN.as_uri(), {"command": SERVE}]]


def environment(home: Path, **more: str) -> dict[str, str]:
    """An environment in which nothing is fetched and nothing of the person's own is read."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    off = {f"OPENCODE_DISABLE_{name}": "1" for name in _OFF}
    places = {
        "HOME": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "ORCHESTRATOR_STATE_DIR": str(home / "state"),
        "ORCHESTRATOR_IDLE_TIMEOUT_S": "120",
        "npm_config_offline": "true",
        "npm_config_fetch_retries": "0",
    }
    for name in ("run", "state", "tmp", ".config/opencode"):
        (home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    return {**kept, **off, **places, **more}


class OpenCode:
    """`opencode serve` as a child. Its HTTP interface serves any directory; each may have its own configuration."""

    def __init__(self, home: Path, config: Json) -> None:
        """Start it and wait until it listens. The configuration is the person's; that of a directory goes before it."""
        self.home = home
        self._env = environment(home)
        (home / ".config/opencode/opencode.json").write_text(json.dumps(config))
        self.log = home / "opencode.log"
        self._start()

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self._begin = self.log.stat().st_size
            self.process = subprocess.Popen(
                [str(PROGRAM), "serve", "--port", "0", "--hostname", "127.0.0.1", "--print-logs"],
                cwd=self.home, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            self.url = until(self._listening, "OpenCode listens")
        except BaseException:
            self.kill()
            raise

    def _listening(self) -> str | None:
        text = self.log.read_bytes()[self._begin :].decode(errors="replace")
        found = re.search(r"listening on (http://\S+)", text)
        assert self.process.poll() is None, text[-3_000:]
        return found[1] if found else None

    def call(self, method: str, path: str, directory: Path, body: object = None, timeout_s: float = PATIENCE_S) -> Any:
        """One request about a directory. Raises HTTPError."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}{path}", None if body is None else json.dumps(body).encode(), method=method,
            headers={"content-type": "application/json", "x-opencode-directory": str(directory)},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=timeout_s) as reply:  # noqa: S310 - loopback
            text = reply.read().decode()
        return json.loads(text) if text else None

    def session(self, directory: Path) -> str:
        """A new session of the person's."""
        return str(self.call("POST", "/session", directory, {"title": "mine"})["id"])

    def chat(self, directory: Path, session: str, text: str) -> Json:
        """One turn of ordinary chat."""
        return self.call("POST", f"/session/{session}/message", directory, {"parts": [{"type": "text", "text": text}]})

    def command(self, directory: Path, session: str, name: str, arguments: str = "") -> list[str]:
        """Give a slash command; the messages that it left in the session."""
        before = len(self.shown(directory, session))
        try:
            self.call("POST", f"/session/{session}/command", directory, {"command": name, "arguments": arguments})
        except urllib.error.HTTPError as error:
            error.read()
        return self.shown(directory, session)[before:]

    def shown(self, directory: Path, session: str) -> list[str]:
        """What stands in a session that no model is sent."""
        messages = self.call("GET", f"/session/{session}/message", directory)
        parts = [part for message in messages for part in message["parts"]]
        return [part["text"] for part in parts if part["type"] == "text" and part.get("ignored")]

    def children(self, directory: Path, session: str) -> list[Json]:
        """The child sessions."""
        return self.call("GET", f"/session/{session}/children", directory)

    def states(self, directory: Path) -> list[str]:
        """What the sessions do: "busy", "retry"."""
        return [state["type"] for state in self.call("GET", "/session/status", directory).values()]

    def busy(self, directory: Path) -> bool:
        """Whether a session does something."""
        return any(state != "idle" for state in self.states(directory))

    def reload(self, directory: Path) -> None:
        """Forget what is loaded for a directory: the next request reads its configuration anew."""
        self.call("POST", "/instance/dispose", directory)

    @contextmanager
    def toasts(self, directory: Path) -> Iterator[list[str]]:
        """The toasts that appear in a directory, while this lasts."""
        seen: list[str] = []
        request = urllib.request.Request(f"{self.url}/event", headers={"x-opencode-directory": str(directory)})  # noqa: S310 - loopback
        reply = urllib.request.urlopen(request, timeout=PATIENCE_S)  # noqa: S310 - loopback

        def read() -> None:
            with contextlib.suppress(OSError, ValueError, http.client.HTTPException, AttributeError):  # it was closed
                for line in reply:
                    event = json.loads(line[5:]) if line.startswith(b"data:") else {}
                    if event.get("type") == "tui.toast.show":
                        seen.append(event["properties"]["message"])

        listener = threading.Thread(target=read, daemon=True)
        listener.start()
        try:
            yield seen
        finally:
            reply.fp.raw._sock.shutdown(socket.SHUT_RDWR)
            listener.join(10)

    def kill(self) -> None:
        """Kill it with signal 9."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start anew with the same home."""
        self._start()

    def stop(self) -> None:
        """End it in an orderly way."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.home / "tmp", ignore_errors=True)  # what its runtime unpacked

    def server_pids(self, directory: Path | None = None) -> list[int]:
        """The mission servers that run for this home, or for one directory."""
        return mission_servers(self.home, directory)

    def end_servers(self) -> None:
        """End the mission servers of this home."""
        for pid in self.server_pids():
            os.kill(pid, signal.SIGTERM)
        until(lambda: not self.server_pids(), "the mission servers end")


def mission_servers(home: Path, directory: Path | None = None) -> list[int]:
    """The mission servers that run for a home, or for one directory."""
    found: list[int] = []
    for card in (home / "state").glob("w/*/server.json"):
        try:
            pid = int(json.loads(card.read_text())["pid"])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"orchestrator.daemon" in command and (directory is None or str(directory).encode() in command):
                found.append(pid)
        except (OSError, ValueError, KeyError):
            continue
    return found


def running(marker: str) -> list[psutil.Process]:
    """Processes with the marker among their arguments."""
    return [process for process in psutil.process_iter(["cmdline"]) if marker in (process.info["cmdline"] or [])]


def until(look: Callable[[], T | None], what: str | Callable[[], str], patience_s: float = PATIENCE_S) -> T:
    """Look again and again until there is something. Fails after a generous while, with what was waited for."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {patience_s:.0f} s in vain: {what if isinstance(what, str) else what()}")


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Files in a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
