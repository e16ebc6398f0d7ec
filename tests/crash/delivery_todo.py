"""The story of `todo.md`: a person saves it while the server writes it, and a crash cuts that off anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from delivery import Problems, Story, note

from orchestrator.workspace.todo_file import WorkspaceTodo


class Todo(Story):
    """Three rounds of reading, taking a person's lines and writing. In each the person saves at some moment."""

    name = "todo.md"
    is_for_power = False
    is_first_theirs = False
    """Whether the workspace has a `todo.md` that the server never wrote."""

    def prepare(self) -> None:
        self.world.lay_out()
        self.world.places.state.mkdir()
        (self.world.user / ".opencode").mkdir()
        if self.is_first_theirs:
            self._save("line 0")
        else:
            self._sync(self._file())

    def act(self) -> None:
        file = self._file()
        self._person(file, "_refuse_unless_plain", "before the swap")
        self._person(file, "_swap", "at the swap")
        for number in range(3):
            if number == 1:
                self._save(f"line {number} between")
            self._sync(file)

    def examine(self) -> Problems:
        file = self._file()
        for _ in range(2):
            self._sync(file)
        said = self._lines("said")
        kept = "".join(path.read_text() for path in (self.world.places.state / "todo-kept").glob("*.md"))
        lost = [line for line in said if line not in self._lines("taken") and line not in kept]
        strays = [p.name for p in (self.world.user / ".opencode").iterdir() if p.name != "todo.md"]
        return [f"lost: {line}" for line in lost] + [f"a stray file: {name}" for name in strays]

    def _file(self) -> WorkspaceTodo:
        return WorkspaceTodo(self.world.user, self.world.places.state)

    def _sync(self, file: WorkspaceTodo) -> None:
        """As the engine does it; `taken` stands for the journal."""
        pair = file.read()
        for _ in range(5):
            known = self._lines("taken")
            for line in (pair.now or "").splitlines() if pair.base is not None else ():
                if line.startswith("line ") and line not in known:
                    note(self.fact("taken"), f"{line}\n")
            text = "\n".join(["# written by the server", f"round {len(known)}", *self._lines("taken"), ""])
            saved = file.write(text, pair.now) if text != pair.now else None
            if saved is None:
                file.settle(text)
                return
            pair = type(pair)(saved, pair.base)

    def _person(self, file: Any, method: str, when: str) -> None:
        """Have a person save once at a call of a method, in each round."""
        real: Callable[..., Any] = getattr(file, method)
        count = 0

        def called(*args: Any) -> Any:
            nonlocal count
            count += 1
            if count % 2:
                self._save(f"line {count} {when}")
            return real(*args)

        setattr(file, method, called)

    def _save(self, line: str) -> None:
        """The person's editor: the file with one more line, through a file of its own and a rename."""
        path = self.world.user / ".opencode" / "todo.md"
        before = path.read_text() if path.exists() else ""
        fresh = self.world.place / "editor"
        with open(fresh, "w") as file:  # noqa: PTH123 - `Path.open` is counted
            file.write(f"{before}{line}\n")
        _rename(fresh, path)
        note(self.fact("said"), f"{line}\n")

    def _lines(self, name: str) -> list[str]:
        return self.fact(name).read_text().splitlines() if self.fact(name).exists() else []


class TheirTodo(Todo):
    """The same, beginning with a file that is all the person's."""

    name = "todo.md of theirs"
    is_first_theirs = True


_rename = os.replace
"""As it was before the fault layer: a person's editor does not die with the server."""
