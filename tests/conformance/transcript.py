"""Records one mission as three clients see it: `python tests/conformance/transcript.py` writes it into docs/server.md.

A speaks through `orchestrator serve` as an editor does, B over the server's socket, C is the command `orchestrator
approve`, run as it is, with its frames noted. All frames are real; what differs from run to run (ids, times, paths,
numbers of events that are left out) is replaced, and what is long is cut to `…`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from wire import PROXY, Wire, note, request

from orchestrator.config.places import STATE_VARIABLE

PAGE = Path(__file__).parents[2] / "docs/server.md"
Json = dict[str, Any]
SOURCE = "def missing(name, names):\n    return not name in names\n"
_APPROVES: Json = {"experimental": {"orchestrator": {"protocolVersion": 1, "approve": {"plans": True}}}}
_KEPT = {
    "protocolVersion",
    "pid",
    "isShared",
    "status",
    "reason",
    "id",
    "kind",
    "by",
    "answer",
    "questionId",
    "code",
    "approve",
    "plans",
}
"""Fields that are shown below the second level; others are cut."""
_NOTING_COMMAND = """
import json, sys
from orchestrator.client import plain
send, receive = plain.PlainClient._send, plain.PlainClient._receive
def note(mark, frame):
    sys.stderr.write(json.dumps([mark, frame]) + "\\n")
def sending(self, fields):
    note(">", {"jsonrpc": "2.0", **fields})
    send(self, fields)
def receiving(self):
    frame = receive(self)
    note("<", frame)
    return frame
plain.PlainClient._send, plain.PlainClient._receive = sending, receiving
from orchestrator.cli import main
main()
"""


class Recording:
    """Lines of the transcript, in the order of what happened; `known` are words that stand for others."""

    def __init__(self, known: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._known = known
        self._seqs: dict[int, int] = {}

    def add(self, who: str, mark: str, frame: Json) -> None:
        """One frame that `who` sent (">") or received ("<")."""
        params = frame.get("params")
        if isinstance(params, dict) and "seq" in params:
            params["seq"] = self._seqs.setdefault(params["seq"], len(self._seqs) + 1)
        text = json.dumps(_cut(frame), separators=(",", ":"), ensure_ascii=False)
        for word, stands_for in self._known.items():
            text = text.replace(word, stands_for)
        text = re.sub(r"\bm-[0-9a-f]{12}", "m-da245f3ebd25", text)
        text = re.sub(r"\bq-[0-9a-f]{12}", "q-1c22d0a94f0b", text)
        text = text.replace('"…":"…"', "…").replace('"…"', "…")
        self.lines.append(f"{who} {mark} {text}")


def record(root: Path, state: Path) -> list[str]:
    """Play the mission in a fresh workspace; the lines."""
    (root / "names.py").write_text(SOURCE)
    env = {STATE_VARIABLE: str(state), "ORCHESTRATOR_IDLE_TIMEOUT_S": "5"}
    a, b = Wire(argv=PROXY, env=env), Wire(argv=PROXY, env=env)
    try:
        seen = Recording({str(root): "/home/me/shop"})
        for who, wire, capabilities in (("A", a, {}), ("B", b, _APPROVES)):
            for mark, frame in _asked(wire, 1, "initialize", {"rootUri": root.as_uri(), "capabilities": capabilities}):
                seen.add(who, mark, frame)
            wire.send(note("initialized", {}))
        mission = {"text": "fix all style findings", "approval": "plan"}
        for mark, frame in _asked(a, 2, "mission/start", mission):
            seen.add("A", mark, frame)
        for who, wire in (("A", a), ("B", b)):
            seen.add(who, "<", _event(wire, "mission.accepted"))
        for who, wire in (("A", a), ("B", b)):
            seen.add(who, "<", _event(wire, "question.asked"))
        seen.add("B", "<", b.matching(lambda frame: frame.get("method") == "permission/request", 60))
        for mark, frame in _command(root, env, "approve", "--yes"):
            seen.add("C", mark, frame)
        for kind in ("question.answered", "mission.ended"):
            for who, wire in (("A", a), ("B", b)):
                seen.add(who, "<", _event(wire, kind))
    finally:
        a.close()
        b.close()
    return seen.lines


def _asked(wire: Wire, number: int, method: str, params: Json) -> Iterator[tuple[str, Json]]:
    yield ">", request(number, method, params)
    wire.send(request(number, method, params))
    yield "<", wire.reply(number, 60)


def _event(wire: Wire, kind: str) -> Json:
    return wire.matching(
        lambda frame: frame.get("method") == "mission/event" and frame["params"]["type"] == kind, timeout_s=60
    )


def _command(root: Path, env: dict[str, str], *words: str) -> list[tuple[str, Json]]:
    """The frames of a command, without its farewell."""
    done = subprocess.run(
        [sys.executable, "-c", _NOTING_COMMAND, *words, "--workspace", str(root)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    frames = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
    last = next(n for n, (_, frame) in enumerate(frames) if frame.get("method") == "shutdown")
    return [(mark, frame) for mark, frame in frames[:last] if frame.get("method") != "initialized"]


def _cut(frame: Json) -> Json:
    return {key: _short(value, 1) if key in {"params", "result"} else value for key, value in frame.items()}


def _short(value: Any, depth: int) -> Any:
    """What a reader needs to follow: plain values, and of deeper objects the fields of `_KEPT`."""
    if isinstance(value, list):
        return [_short(value[0], depth + 1), "…"] if value and isinstance(value[0], dict) else value and ["…"]
    if not isinstance(value, dict):
        return value
    shown: Json = {}
    for key, item in value.items():
        is_plain = not isinstance(item, dict | list)
        if key in {"at", "clientInfo", "processId"}:
            shown["…"] = "…"
        elif is_plain and (depth == 1 or key in _KEPT):
            shown[key] = 4263 if key == "pid" else item
        elif not is_plain and _holds_kept(item):
            shown[key] = _short(item, depth + 1)
        else:
            shown["…"] = "…"
    return shown


def _holds_kept(value: Any) -> bool:
    if isinstance(value, dict):
        return not value or any(key in _KEPT or _holds_kept(item) for key, item in value.items())
    return isinstance(value, list) and any(_holds_kept(item) for item in value)


def shown(page: str) -> list[str]:
    """The lines of the transcript that a page shows."""
    return re.findall(r"^    ([ABC] [<>] .*)$", page, re.MULTILINE)


def main() -> None:
    """Write the lines in place of those of the page."""
    with tempfile.TemporaryDirectory() as folder:
        root, state = Path(folder).resolve() / "shop", Path(folder) / "state"
        root.mkdir()
        lines = record(root, state)
    page = PAGE.read_text(encoding="utf-8")
    before, after = (page.index(f"    {line}\n") for line in (shown(page)[0], shown(page)[-1]))
    rest = page[after:].partition("\n")[2]
    PAGE.write_text(page[:before] + "".join(f"    {line}\n" for line in lines) + rest, encoding="utf-8")


if __name__ == "__main__":
    main()
