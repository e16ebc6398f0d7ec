"""Choosing what of a worktree goes into a brief: definitions that the task touches, who calls them, tests, habits."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from orchestrator import native
from orchestrator.domain.plan import TaskSpec
from orchestrator.errors import OrchestratorError
from orchestrator.ports.material import Excerpt, Guidance, Material
from orchestrator.tools.habits import Habits
from orchestrator.tools.index import Symbols
from orchestrator.workspace.confine import ConfinedRoot

MAX_EXCERPT_CHARACTERS: Final = 9_000
"""All excerpts of a brief together."""
MAX_EXCERPT_LINES: Final = 40
MAX_GUIDANCE_CHARACTERS: Final = 6_000
MAX_TESTS: Final = 20
_MAX_NAMES: Final = 60
_MAX_CALLERS: Final = 6
_GUIDES: Final = ("AGENTS.md", "AGENT.md", "CLAUDE.md")
"""The first of these that a folder has."""
_NAME = re.compile(r"\b[A-Za-z_][A-Za-z0-9_]{2,}(?:\.[A-Za-z_][A-Za-z0-9_]*)?\b")


class MaterialRoom:
    """Looks into worktrees."""

    def __init__(self, symbols: Symbols) -> None:
        """Share the index of all tools."""
        self._symbols = symbols
        self._habits = Habits()

    def gather(self, root: str, task: TaskSpec, mission_text: str) -> Material:
        """What a session for this task should see. Blocking; call it in a thread. Raises nothing for odd files."""
        root = os.path.realpath(root)
        paths = [file.path for file in native.walk(root).files]
        index = self._symbols.of(root)
        files = ConfinedRoot(root)
        words = " ".join([task.title, task.instructions, *task.acceptance, mission_text])
        excerpts, left_out = _fitting(_excerpts(index, files, task, words))
        return Material(
            tuple(_guidance(files, task.write_set)),
            excerpts,
            tuple(self._habits.of(root, task.write_set, paths)),
            tuple(_tests(index, task.write_set)),
            left_out,
        )


def _excerpts(index: native.SymbolIndex, files: ConfinedRoot, task: TaskSpec, words: str) -> Iterator[Excerpt]:
    """The most relevant first: what the task names in its own files, then elsewhere, then who calls it."""
    names = list(dict.fromkeys(_NAME.findall(words)))[:_MAX_NAMES]
    found = [definition for name in names for definition in index.definition(name)]
    own = [item for item in found if _is_below(item.path, task.write_set)]
    others = [item for item in found if not _is_below(item.path, task.write_set)]
    for definition in own:
        yield _body(index, files, definition, "the task names it")
    for definition in own:
        for caller in index.callers(definition.name, definition.path)[:_MAX_CALLERS]:
            if not _is_below(caller.path, task.write_set):
                yield _around(files, caller.path, caller.start_line, f"calls {definition.name}")
    for definition in others[:_MAX_CALLERS]:
        yield _body(index, files, definition, "the task names it; it is not yours to change")
    for path in task.write_set:
        outline = "\n".join(
            f"{item.start_line + 1}: {item.kind} {item.name}{item.signature}" for item in index.symbols(path)[:60]
        )
        if outline:
            yield Excerpt(path, 1, outline, "what the file defines, by line")


def _fitting(excerpts: Iterable[Excerpt]) -> tuple[tuple[Excerpt, ...], int]:
    """As many as have room, nothing twice; and how many had none."""
    shown: dict[tuple[str, int], Excerpt] = {}
    left, left_out = MAX_EXCERPT_CHARACTERS, 0
    for excerpt in excerpts:
        key = (excerpt.path, excerpt.line)
        if not excerpt.text or key in shown:
            continue
        if len(excerpt.text) > left:
            left_out += 1
            continue
        left -= len(excerpt.text)
        shown[key] = excerpt
    return tuple(shown.values()), left_out


def _body(index: native.SymbolIndex, files: ConfinedRoot, item: native.Definition, why: str) -> Excerpt:
    """A definition up to the next one of the same file."""
    after = [other.start_line for other in index.symbols(item.path) if other.start_line > item.start_line]
    ends: list[int] = [item.start_line + MAX_EXCERPT_LINES, *([] if item.kind == "class" else after)]
    end = min(ends)
    return Excerpt(item.path, item.start_line + 1, _lines(files, item.path, item.start_line, end), why)


def _around(files: ConfinedRoot, path: str, line: int, why: str) -> Excerpt:
    first = max(line - 2, 0)
    return Excerpt(path, first + 1, _lines(files, path, first, line + 3), why)


def _lines(files: ConfinedRoot, path: str, first: int, end: int) -> str:
    return "\n".join(_text(files, path).splitlines()[first:end]).rstrip()


def _text(files: ConfinedRoot, path: str) -> str:
    """A file's text, "" when it can't be read: what is not shown is no error."""
    try:
        return files.read(path, max_bytes=2_000_000).decode("utf-8", "replace")
    except (OrchestratorError, OSError):
        return ""


def _guidance(files: ConfinedRoot, write_set: Iterable[str]) -> Iterator[Guidance]:
    """The project's own words to agents, nearest folder first, each once, within a cap."""
    folders: dict[PurePosixPath, None] = {}
    for path in write_set:
        place = PurePosixPath(path)
        folders.update(dict.fromkeys([place, *place.parents] if path.endswith("/") else place.parents))
    left = MAX_GUIDANCE_CHARACTERS
    for folder in sorted(folders, key=lambda place: (-len(place.parts), str(place))):
        for name in _GUIDES:
            path = str(folder / name)
            text = _text(files, path).strip() if files.stat(path) is not None else ""
            if text:
                yield Guidance(
                    path, text if len(text) <= left else f"{text[:left]}\n[… cut; read_file shows the rest …]"
                )
                left -= min(len(text), left)
                break
        if left <= 0:
            return


def _tests(index: native.SymbolIndex, write_set: tuple[str, ...]) -> list[str]:
    """Test files that import what the task may change."""
    own = [path for path in index.paths if _is_below(path, write_set)]
    return [path for path in index.dependents(own) if "test" in path.lower()][:MAX_TESTS]


def _is_below(path: str, write_set: Iterable[str]) -> bool:
    return any(path == entry or (entry.endswith("/") and path.startswith(entry)) for entry in write_set)
