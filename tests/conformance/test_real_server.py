"""The server that editors start, over stdio, with the real engine and the real guardian."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from wire import Wire, note, request

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


def test_a_rule_is_fixed_in_the_whole_workspace(start: Callable[..., Wire], tmp_path: Path) -> None:
    (tmp_path / "closed.py").write_text(SOURCE)
    wire = start(argv=SERVE)
    commands = wire.initialize(tmp_path)["result"]["capabilities"]["executeCommandProvider"]["commands"]
    assert {"orchestrator.mission.start", "orchestrator.fixRule"} <= set(commands)
    uri = (tmp_path / "names.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": SOURCE}
    wire.send(note("textDocument/didOpen", {"textDocument": document}))
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
    params = {"textDocument": {"uri": uri}, "range": whole, "context": {"diagnostics": []}}
    wire.send(request("a", "textDocument/codeAction", params))
    actions = wire.reply("a", 60.0)["result"]
    (offered,) = [action["command"] for action in actions if action.get("command")]
    wire.send(
        request("f", "workspace/executeCommand", {"command": offered["command"], "arguments": offered["arguments"]})
    )
    apply = wire.matching(lambda frame: frame.get("method") == "workspace/applyEdit", 60.0)
    assert set(apply["params"]["edit"]["changes"]) == {uri, (tmp_path / "closed.py").as_uri()}
    wire.send({"jsonrpc": "2.0", "id": apply["id"], "result": {"applied": True}})
    assert wire.reply("f", 60.0)["result"] == {"applied": True}
    nothing = wire.call("n", "workspace/executeCommand", {"command": "orchestrator.fixRule", "arguments": ["no-such"]})
    assert nothing["result"]["applied"] is False
