"""Diagnostics, quick fixes and incremental sync, as an editor sees them, in both position encodings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from wire import Wire, note

COUNT = count(1)


def size(text: str, encoding: str) -> int:
    return len(text.encode("utf-16-le")) // 2 if encoding == "utf-16" else len(text.encode())


class Editor:
    """Keeps texts in step with the server by incremental edits, in a folder of its own."""

    def __init__(self, wire: Wire, root: Path, encoding: str) -> None:
        self.wire = wire
        self.root = root
        self.encoding = encoding
        self.version = 0

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, name: str, text: str) -> None:
        item = {"uri": self.uri(name), "languageId": "python", "version": 0, "text": text}
        self.wire.send(note("textDocument/didOpen", {"textDocument": item}))

    def change(self, name: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        self.version += 1
        edit = {"range": self.range(start, end), "text": text}
        document = {"uri": self.uri(name), "version": self.version}
        self.wire.send(note("textDocument/didChange", {"textDocument": document, "contentChanges": [edit]}))

    @staticmethod
    def range(start: tuple[int, int], end: tuple[int, int]) -> dict:
        return {
            "start": {"line": start[0], "character": start[1]},
            "end": {"line": end[0], "character": end[1]},
        }

    def shown(self, name: str, version: int | None = None) -> list[dict]:
        frame = self.wire.matching(
            lambda m: (
                m.get("method") == "textDocument/publishDiagnostics"
                and m["params"]["uri"] == self.uri(name)
                and (version is None or m["params"].get("version") == version)
            )
        )
        return frame["params"]["diagnostics"]

    def actions(self, name: str, start=(0, 0), end=(1_000, 0), only: list[str] | None = None) -> list[dict]:
        context: dict = {"diagnostics": []} | ({"only": only} if only else {})
        params = {"textDocument": {"uri": self.uri(name)}, "range": self.range(start, end), "context": context}
        reply = self.wire.call(f"{self.root.name}-{next(COUNT)}", "textDocument/codeAction", params)
        assert "result" in reply, reply
        return reply["result"]


@pytest.fixture(scope="module")
def editors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Editor]]:
    """Editors by encoding and capabilities; those that are alike share a server."""
    root = tmp_path_factory.mktemp("texts")
    wires: dict[str, Wire] = {}

    def editor(encoding: str, **capabilities: object) -> Editor:
        key = f"{encoding} {capabilities}"
        if key not in wires:
            wires[key] = Wire()
            wanted = {"general": {"positionEncodings": [encoding]}, **capabilities}
            reply = wires[key].initialize(root, capabilities=wanted)
            assert reply["result"]["capabilities"]["positionEncoding"] == encoding
        return Editor(wires[key], root / f"t{next(COUNT)}", encoding)

    yield editor
    for wire in wires.values():
        wire.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_editing_session(editors, encoding) -> None:
    editor = editors(encoding)
    line = "x = '🙂é' # BAD"
    editor.open("a.py", f"one\n{line}\nODD\n")
    column = size(line[: line.index("BAD")], encoding)
    first, second = editor.shown("a.py", 0)
    assert first == {
        "range": editor.range((1, column), (1, column + 3)),
        "severity": 2,
        "code": "word-bad",
        "source": "orchestrator",
        "message": "BAD is not good",
    }
    assert second["range"] == editor.range((2, 0), (2, 3))

    fixes = editor.actions("a.py", (1, column), (1, column))
    quick = next(a for a in fixes if a["kind"] == "quickfix")
    assert quick["isPreferred"] is True
    assert quick["edit"]["changes"][editor.uri("a.py")] == [
        {"range": editor.range((1, column), (1, column + 3)), "newText": "GOOD"}
    ]

    after_emoji = size("x = '🙂", encoding)
    editor.change("a.py", (1, after_emoji), (1, after_emoji + size("é", encoding)), "")
    moved = column - size("é", encoding)
    assert editor.shown("a.py", 1)[0]["range"] == editor.range((1, moved), (1, moved + 3))

    editor.change("a.py", (1, moved), (1, moved + 3), "GOOD")
    assert [d["code"] for d in editor.shown("a.py", 2)] == ["word-odd"]
    editor.wire.send(note("textDocument/didClose", {"textDocument": {"uri": editor.uri("a.py")}}))
    assert editor.shown("a.py") == []


def test_line_ends_and_form_feeds_keep_positions(editors) -> None:
    editor = editors("utf-16")
    editor.open("a.py", "one\r\n\x0ctwo\u2028 BAD\r\nBAD\r\n")
    ranges = [d["range"]["start"] for d in editor.shown("a.py", 0)]
    assert ranges == [{"line": 1, "character": 6}, {"line": 2, "character": 0}]
    editor.change("a.py", (2, 0), (2, 3), "fine")
    assert len(editor.shown("a.py", 1)) == 1
    editor.change("a.py", (9, 9), (9, 9), "BAD")
    assert editor.shown("a.py", 2)[1]["range"]["start"] == {"line": 3, "character": 0}


def test_fix_all_that_is_safe(editors) -> None:
    workspace = {"workspaceEdit": {"documentChanges": True}}
    editor = editors("utf-16", workspace=workspace)
    editor.open("a.py", "BAD ODD\nBAD\n")
    (fix_all,) = editor.actions("a.py", only=["source.fixAll"])
    (change,) = fix_all["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": editor.uri("a.py"), "version": 0}
    assert [e["newText"] for e in change["edits"]] == ["GOOD", "GOOD"]
    assert {a["kind"] for a in editor.actions("a.py", only=["quickfix"])} == {"quickfix"}
    assert editor.actions("a.py", only=["refactor"]) == []
    assert [a["kind"] for a in editor.actions("a.py", only=["source"])] == ["source.fixAll"]


def test_typing_fast_ends_with_the_last_text(editors) -> None:
    editor = editors("utf-16")
    editor.open("a.py", "\n")
    assert editor.shown("a.py", 0) == []
    for _ in range(50):
        editor.change("a.py", (0, 0), (0, 0), "BAD ")
    assert len(editor.shown("a.py", 50)) == 50
    time.sleep(0.3)
    assert "error" in editor.wire.call("x", "no/such")
    versions = [
        m["params"].get("version") for m in editor.wire._kept if m.get("method") == "textDocument/publishDiagnostics"
    ]
    assert versions == sorted(versions)
    assert 50 not in versions


def test_actions_see_the_text_as_it_is_now(editors) -> None:
    editor = editors("utf-16")
    editor.open("a.py", "ODD\n")
    editor.change("a.py", (0, 0), (0, 3), "  BAD")
    (quick, whole, fix_all) = editor.actions("a.py")
    assert whole["command"] == {
        "title": "Fix all of word-bad in the workspace",
        "command": "orchestrator.fixRule",
        "arguments": ["word-bad"],
    }
    assert quick["diagnostics"][0]["range"] == editor.range((0, 2), (0, 5))
    assert fix_all["kind"] == "source.fixAll"


def test_not_checked_is_said(editors) -> None:
    editor = editors("utf-16")
    editor.open("notes.txt", "BAD")
    said = editor.wire.matching(lambda m: m.get("method") == "window/logMessage")
    assert "not checked" in said["params"]["message"]
    assert editor.shown("notes.txt", 0) == []


def test_texts_that_are_not_open(editors) -> None:
    editor = editors("utf-16")
    editor.change("a.py", (0, 0), (0, 0), "BAD")
    assert editor.actions("a.py") == []
    assert "result" in editor.wire.call("lives", "mission/list")
