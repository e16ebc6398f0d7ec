"""The server that editors start, over stdio, with the real engine and the real guardian."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from wire import Wire, note

SERVE = [sys.executable, "-m", "orchestrator", "serve"]
SOURCE = 'def missing(name, names):\n    return "✓" if not name in names else None\n'


def test_diagnostics_and_a_quick_fix_of_the_real_guardian(start: Callable[..., Wire], tmp_path: Path) -> None:
    wire = start(argv=SERVE)
    assert "result" in wire.initialize(tmp_path)
    uri = (tmp_path / "names.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": SOURCE}
    wire.send(note("textDocument/didOpen", {"textDocument": document}))
    shown = wire.matching(lambda frame: frame.get("method") == "textDocument/publishDiagnostics", 30.0)
    (diagnostic,) = shown["params"]["diagnostics"]
    assert (diagnostic["code"], diagnostic["source"]) == ("py-negated-in", "orchestrator")
    line = diagnostic["range"]["start"]["line"]
    whole = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 40}}
    params = {"textDocument": {"uri": uri}, "range": whole, "context": {"diagnostics": [diagnostic]}}
    actions = wire.call("a", "textDocument/codeAction", params)["result"]
    edits = actions[0]["edit"]
    changes = edits.get("documentChanges", [{}])[0].get("edits") or edits["changes"][uri]
    assert [edit["newText"] for edit in changes] == ["name not in names"]


def test_a_mission_from_words_to_its_end(start: Callable[..., Wire], tmp_path: Path) -> None:
    (tmp_path / "names.py").write_text(SOURCE)
    wire = start(argv=SERVE)
    assert "result" in wire.initialize(tmp_path)
    started = wire.call(1, "mission/start", {"text": "fix all style findings"})["result"]
    ended = wire.matching(
        lambda frame: frame.get("method") == "mission/event" and frame["params"]["type"] == "mission.ended", 60.0
    )
    assert ended["params"]["data"]["status"] == "unverified"  # no check is declared
    diff = wire.call(2, "mission/diff", {"missionId": started["missionId"]})["result"]["diff"]
    assert '+    return "✓" if name not in names else None' in diff
    assert (tmp_path / "names.py").read_text() == SOURCE
