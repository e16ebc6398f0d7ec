"""The corpus: ways of doing harm, times places, times the tools that a session has."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hostile_world import World

Kind = Literal["tool", "shell", "job"]


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt. `steps` are tool calls in order; `timeout_s` bounds a command that does not end by itself."""

    group: str
    name: str
    kind: Kind
    steps: tuple[tuple[str, dict[str, object]], ...]
    timeout_s: float = 20.0
    is_network_allowed: bool = False


_WAYS = tomllib.loads(Path(__file__).with_name("hostile_ways.toml").read_text())
"""Shell lines by group and name."""

PATHS = (
    "../other/a.py", "../../server.json", "../../../../../outside/precious.txt", "src/../../other/a.py",
    "./../other/a.py", "src/../../../journal.db", "{root}/outside/precious.txt", "{root}/home/.ssh/id_ed25519",
    "/etc/passwd", "//etc/passwd", "..", "../", "/", "~/.ssh/id_ed25519", ".git/config", ".GIT/config", ".git /config",
    ".git./config", "GIT~1/config", ".gi\u200ct/config", ".git::$INDEX_ALLOCATION/x", "src/.git/hooks/post-commit",
    "out/precious.txt", "out/folder/deep.txt", "up/other/a.py", "file-out", "chain/precious.txt", "a\0b",
    "a\\..\\..\\b",
    "C:/x", "C:\\x", "\\\\server\\share", "dev", "proc/self/" + "root/etc/passwd", "nul-link/x", "loop/x", "fifo",
    "%2e%2e/other/a.py", "..\u2215other", "src//app.py/../../../x", "x/" * 3000 + "y", "n" * 5000,
)  # fmt: skip

LINKS = (
    "ln -s {root}/outside out; ln -s .. up; ln -s {root}/outside/precious.txt file-out; ln -s out chain; "
    "ln -s /dev/zero dev; ln -s /proc proc; ln -s /dev/null nul-link; ln -s loop loop; mkfifo fifo; true"
)

TOOL_CALLS = {
    "write_file": {"content": "harm\n"},
    "edit_file": {"old": "NEEDLE", "new": "harm"},
    "delete_file": {},
    "read_file": {},
    "list_files": {},
}
TOOL_PATHS = {
    "ast_rewrite": {"pattern": "NEEDLE", "rewrite": "harm", "language": "python"},
    "rename_identifier": {"old": "NEEDLE", "new": "harm"},
    "fix_findings": {},
}


def cases(world: World) -> Iterator[Case]:
    """Every case of the corpus, in groups."""
    yield from _commands("write", world.protected(), world)
    yield from _commands("read", world.private(), world)
    yield from _tools(world)
    for group in ("network", "signal", "proc"):
        for name, script in _WAYS[group].items():
            yield _shell(group, name, _filled(script, world))
    for name, script in _WAYS["door"].items():
        yield _shell("door", name, _filled(script, world), is_network_allowed=True)
    for name, script in _WAYS["amount"].items():
        yield _shell("amount", name, _filled(script, world), timeout_s=1.0)
    for name, script in _WAYS["leftover"].items():
        yield _shell("leftover", f"{name}, at the end", script, timeout_s=3.0)
        yield _shell("leftover", f"{name}, at the deadline", f"{script}\nsleep 300", timeout_s=0.7)
        start: dict[str, object] = {"command": f"{script}\nsleep 300"}
        yield Case("leftover", f"{name}, in a job", "job", (("job_start", start),))


def _commands(group: str, places: list[Path], world: World) -> Iterator[Case]:
    for (way, script), place in itertools.product(_WAYS[group].items(), places):
        shown = place.relative_to(world.root)
        yield _shell(group, f"{way}: {shown}", script.replace("{t}", str(place)))


def _tools(world: World) -> Iterator[Case]:
    links: tuple[str, dict[str, object]] = ("shell", {"command": LINKS.replace("{root}", str(world.root))})
    for path in PATHS:
        named = path.replace("{root}", str(world.root))
        shown = ascii(path if len(path) < 60 else f"{path[:20]}… ({len(path)})")
        for tool, rest in TOOL_CALLS.items():
            yield Case("tool", f"{tool} {shown}", "tool", (links, (tool, {"path": named, **rest})))
        for tool, rest in TOOL_PATHS.items():
            yield Case("tool", f"{tool} {shown}", "tool", (links, (tool, {"paths": [named], **rest})))
    for pattern in ("../**", "{root}/**", "out/**", "../../*", "/**", "**/../../**"):
        named = pattern.replace("{root}", str(world.root))
        yield Case("tool", f"glob {pattern}", "tool", (links, ("glob", {"patterns": [named]})))
        yield Case("tool", f"grep {pattern}", "tool", (links, ("grep", {"pattern": "NEEDLE|orc", "globs": [named]})))


def _shell(group: str, name: str, command: str, *, timeout_s: float = 20.0, is_network_allowed: bool = False) -> Case:
    arguments: dict[str, object] = {"command": command, "timeout_s": timeout_s}
    return Case(group, name, "shell", (("shell", arguments),), timeout_s, is_network_allowed)


def _filled(script: str, world: World) -> str:
    values = {
        "tcp": world.tcp_port, "tcp6": world.tcp6_port, "udp": world.udp_port, "abstract": world.abstract,
        "pid": world.bystander.pid, "root": world.root, "state": world.state, "secret": world.secret,
    }  # fmt: skip
    for name, value in values.items():
        script = script.replace("{" + name + "}", str(value))
    return script
