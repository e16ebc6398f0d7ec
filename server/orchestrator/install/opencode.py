"""OpenCode's configuration: where it is, and the plugin put in or taken out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import OrchestratorError
from orchestrator.install.config_file import ConfigFile, forget, remember, remembered
from orchestrator.install.diagnostics import with_diagnostics, without_diagnostics
from orchestrator.install.entry import entry_in, has_plugins, with_entry, without_entry

PLUGIN = Path(__file__).with_name("opencode_plugin.js")
_NAMES = ("opencode.jsonc", "opencode.json", "config.json")
"""In the order of what counts: OpenCode reads all, and a later list of plugins stands for an earlier one."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would be done to a file: its bytes before and after (None: no file)."""

    file: ConfigFile
    before: bytes | None
    after: bytes | None

    @property
    def is_needed(self) -> bool:
        """Whether anything would change."""
        return self.before != self.after


def config_folder() -> Path:
    """Where OpenCode looks: `$OPENCODE_CONFIG_DIR`, else `opencode` in `$XDG_CONFIG_HOME` or `~/.config`."""
    own = os.environ.get("OPENCODE_CONFIG_DIR")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "opencode"


def config_file() -> ConfigFile:
    """The file whose list of plugins counts: `$OPENCODE_CONFIG`, else the last that OpenCode reads.

    Of several files the one that lists plugins already; without any, `opencode.json`, to be made. Links are followed.
    """
    named = os.environ.get("OPENCODE_CONFIG")
    if named:
        return ConfigFile(Path(os.path.realpath(Path(named).expanduser())))
    found = [path for name in _NAMES if (path := config_folder() / name).exists()]
    listing = [path for path in found if _lists_plugins(path)]
    chosen = (listing or found or [config_folder() / "opencode.json"])[0]
    return ConfigFile(Path(os.path.realpath(chosen)))


def installation(*, has_diagnostics: bool = False) -> Change:
    """The change that lists the plugin, with this installation's server. Raises OrchestratorError.

    `has_diagnostics`: and the server among OpenCode's language servers.
    """
    file = config_file()
    before = file.read()
    after = with_entry(_text(file, before), entry())
    return Change(file, before, (with_diagnostics(after, server_command()) if has_diagnostics else after).encode())


def removal() -> Change:
    """The change that takes the plugin out of the file; to the byte as it was, if nobody changed it meanwhile."""
    file = config_file()
    before = file.read()
    if before is None or entry_in(_text(file, before)) is None:
        return Change(file, before, before)
    is_untouched, original = remembered(file.path, before)
    if is_untouched:
        return Change(file, before, original)
    was = None if original is None else _text(file, original)
    rest = without_diagnostics(without_entry(_text(file, before), was), was or "")
    return Change(file, before, rest.encode())


def entry() -> list[object]:
    """The plugin with the command that starts this installation's server."""
    return [PLUGIN.as_uri(), {"command": server_command()}]


def server_command() -> list[str]:
    """What starts this installation's server."""
    program = Path(sys.executable).with_name("orchestrator.exe" if os.name == "nt" else "orchestrator")
    return [str(program), "serve"] if program.exists() else [sys.executable, "-m", "orchestrator", "serve"]


def installed_entry() -> tuple[Path, list[object] | None]:
    """The file that counts, and the plugin's entry in it. Raises OrchestratorError."""
    file = config_file()
    data = file.read()
    return file.path, entry_in(_text(file, data)) if data is not None else None


def install(change: Change, check: Callable[[], None]) -> Path | None:
    """Do it; the backup's path. When `check` raises, the file is as it was. Raises OrchestratorError."""
    if change.after is None:
        raise ValueError("an installation writes a file")
    backup = change.file.replace(change.before, change.after)
    try:
        remember(change.file.path, change.before, change.after)
        check()
    except BaseException:
        change.file.write(change.before)
        forget(change.file.path)
        raise
    return backup


def uninstall(change: Change) -> Path | None:
    """Do it; the backup's path. Raises OrchestratorError."""
    backup = change.file.replace(change.before, change.after)
    forget(change.file.path)
    return backup


def _text(file: ConfigFile, data: bytes | None) -> str:
    try:
        return (data or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise OrchestratorError("unreadable_config", f"{file.path} is not UTF-8", "save it as UTF-8") from None


def _lists_plugins(path: Path) -> bool:
    """A file that can't be read is found out when it is its turn."""
    try:
        return has_plugins(path.read_bytes().decode("utf-8"))
    except (OSError, ValueError, OrchestratorError):
        return False
