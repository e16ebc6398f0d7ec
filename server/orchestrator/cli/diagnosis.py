"""Looking at an installation and a workspace: facts, and what is wrong with them."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orchestrator import __version__, native
from orchestrator.client.plain import plain_running
from orchestrator.config.layers import load
from orchestrator.config.places import Places, log_file
from orchestrator.daemon.card import read_card
from orchestrator.daemon.filesystem import refuse_network
from orchestrator.errors import OrchestratorError
from orchestrator.install.loading import loading, opencode_program
from orchestrator.install.opencode import installed_entry
from orchestrator.reading import existing_places, lone_owner

_CORE = "opencode-orchestrator-core"
_MEGABYTE = 1_000_000
_LOW_DISK_BYTES = 1_000 * _MEGABYTE
_MAX_COUNTED = 200_000
"""Most files of the state folder that are looked at."""
_WORDS = {
    "pidns": "a process that hides can outlive a launcher that is killed",
    "private": "commands can read your keys and change modes, owners and times of your files",
    "landlock": "commands that are run can write outside their worktree",
}
"""Words of a level of confinement, and what happens without each."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is missing or wrong, what it costs, how to fix it; `is_fatal`: no mission can run."""

    what: str
    costs: str
    fix: str
    is_fatal: bool = False


@dataclass(slots=True)
class Diagnosis:
    """Facts by name, as JSON data, and problems."""

    facts: dict[str, object] = field(default_factory=dict[str, object])
    problems: list[Problem] = field(default_factory=list[Problem])


def diagnose(workspace: Path) -> Diagnosis:
    """Look at everything; starts nothing but an OpenCode that has the plugin. Raises for a missing folder."""
    where = existing_places(workspace)
    found = Diagnosis()
    _installation(found)
    _confinement(found, where)
    _state(found, where)
    _server(found, where)
    _checks(found, where)
    _opencode(found)
    return found


def _opencode(found: Diagnosis) -> None:
    """Whether OpenCode is here, has the plugin, and loads it; that starts OpenCode once where both are here."""
    try:
        path, entry = installed_entry()
    except OrchestratorError as error:
        found.facts["opencode"] = "its configuration can't be read"
        found.problems.append(Problem(error.message, "OpenCode may not start", error.hint))
        return
    if entry is None:
        found.facts["opencode"] = "no plugin" if opencode_program() else "not found"
        return
    checked = loading()
    found.facts["opencode"] = {"clean": f"plugin loaded, by {path}", "failed": "plugin not loaded"}.get(
        checked.verdict, f"plugin in {path}; not checked: {checked.detail}"
    )
    if checked.verdict == "failed":
        what = f"OpenCode does not load the plugin that stands in {path}: {checked.detail}"
        found.problems.append(Problem(what, "there is no /task in OpenCode", "orchestrator install opencode"))


def _installation(found: Diagnosis) -> None:
    try:
        core = version(_CORE)
    except PackageNotFoundError:
        core = "unknown"
    found.facts |= {
        "version": __version__,
        "native core": core,
        "python": sys.version.split()[0],
        "rules": len(native.RuleSet.builtin()),
    }
    if core != __version__:
        what = f"the native core is {core}, the orchestrator {__version__}"
        found.problems.append(Problem(what, "rules and searches may fail or differ", "install both in one version"))


def _confinement(found: Diagnosis, where: Places) -> None:
    from orchestrator.sandbox.launcher import NativeLauncher  # noqa: PLC0415 - a room that most commands do without

    try:
        level = NativeLauncher(where.programs).level
    except (OrchestratorError, OSError) as error:
        found.facts["confinement"] = None
        hint = error.hint if isinstance(error, OrchestratorError) else "check the state directory"
        found.problems.append(Problem(f"commands can't be run: {error}", "no check can run", hint, is_fatal=True))
        return
    found.facts["confinement"] = level
    for word, costs in _WORDS.items():
        if word not in level:
            fix = "see Confinement in docs/checks.md: it needs a newer kernel, or user namespaces that are allowed"
            found.problems.append(Problem(f"this machine offers no {word}", costs, fix))


def _state(found: Diagnosis, where: Places) -> None:
    size_bytes, is_whole = _size(where.state)
    disk = where.state
    while not disk.exists():
        disk = disk.parent
    free_bytes = shutil.disk_usage(disk).free
    found.facts |= {
        "workspace": str(where.root),
        "state": str(where.state),
        "state size": f"{'' if is_whole else 'more than '}{size_bytes / _MEGABYTE:.1f} MB",
        "disk free": f"{free_bytes / _MEGABYTE:.0f} MB",
        "log": str(log_file()),
    }
    if free_bytes < _LOW_DISK_BYTES:
        what = f"the disk of the state directory has {free_bytes / _MEGABYTE:.0f} MB left"
        found.problems.append(Problem(what, "missions stop when it is full", "free some space"))
    if not os.access(disk, os.W_OK):
        fix = "correct its permissions, or set ORCHESTRATOR_STATE_DIR"
        found.problems.append(Problem(f"{disk} can't be written", "no server can start", fix, is_fatal=True))
    try:
        refuse_network(where.state)
    except OrchestratorError as error:
        found.problems.append(Problem(error.message, "no server starts there", error.hint, is_fatal=True))


def _size(folder: Path) -> tuple[int, bool]:
    """Bytes of all files below a folder, and whether all were counted."""
    size_bytes = count = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            count += 1
            if count > _MAX_COUNTED:
                return size_bytes, False
            try:
                size_bytes += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - many, and quickly
            except OSError:
                continue  # gone meanwhile
    return size_bytes, True


def _server(found: Diagnosis, where: Places) -> None:
    try:
        with plain_running(where) as client:
            health = client.ask("server/health", {}) if client else None
    except OrchestratorError as error:
        found.facts["server"] = None
        what = f"the server can't be reached: {error.message}"
        found.problems.append(Problem(what, "nothing can be asked or steered", error.hint, is_fatal=True))
        return
    if health is None:
        owner_pid = lone_owner(where)
        found.facts["server"] = f"process {owner_pid}, for one client alone" if owner_pid else None
        return
    card = read_card(where.state / "server.json")
    found.facts["server"] = {
        "pid": health["pid"],
        "version": health["version"],
        "up (s)": round(health["uptimeS"]),
        "memory (MB)": round((health["memoryBytes"] or 0) / _MEGABYTE, 1),
        "clients": len(health["clients"]) - 1,
        "socket": card.socket if card else "",
    }
    if health["version"] != __version__:
        what = f"the server that runs is {health['version']}, you have {__version__}"
        fix = "let its missions end and its clients leave; the next start replaces it"
        found.problems.append(Problem(what, "it does not know what is new", fix))


def _checks(found: Diagnosis, where: Places) -> None:
    from orchestrator.review.discover import discover  # noqa: PLC0415 - as the launcher

    layered = load(where.root)
    commands = [check.command for check in discover(str(where.root))]
    is_trusted = where.trust.exists()
    setting = layered.settings.get(("checks",))
    declared = bool(setting and setting.value)
    found.facts |= {"trusted": is_trusted, "found commands": commands, "declared checks": declared}
    found.problems += [
        Problem(problem.message, "no mission starts with it", problem.hint, is_fatal=True)
        for problem in layered.problems
    ]
    costs = "no check proves the work: missions end unverified"
    if commands and not declared and not is_trusted:
        fix = "declare them under `checks` in .opencode/orchestrator.jsonc, or: orchestrator run … --trust"
        found.problems.append(Problem("the commands that were found may not run yet", costs, fix))
    if not commands and not declared:
        fix = "declare `checks` in .opencode/orchestrator.jsonc"
        found.problems.append(Problem("no command to check the work with was found or declared", costs, fix))
