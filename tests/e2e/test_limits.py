"""Limits that the configuration sets hold for missions of the shell, and a person who refuses more is asked once."""

from __future__ import annotations

import json
from pathlib import Path

from harness import Plan, orchestrator


def test_a_configured_limit_is_asked_about_once(checked: Path, tmp_path: Path) -> None:
    settings = checked / ".opencode" / "orchestrator.jsonc"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "budget": {"tool_calls": 1}}))
    writes = [{"write": {"path": "one.py", "content": f"A = {number}\n"}} for number in range(4)]
    host = Plan().task("one", "one.py", work={"actions": writes}).save(tmp_path)

    waiting = orchestrator("run", "write a module", "-w", checked, "--host", host, "--json")
    assert waiting.code == 3
    assert waiting.status["status"] == "waiting"
    assert "allows 1 tool calls" in waiting.one("question.asked")["question"]["text"]

    assert orchestrator("answer", "-w", checked, "deny").code == 0
    done = orchestrator("watch", "-w", checked, "--json")
    assert done.status["status"] == "failed"
    assert [call["code"] for call in done.of("tool.called")].count("") == 1
    assert len(done.of("question.asked")) == 1
    assert "allows 1 tool calls" in done.one("mission.ended")["reason"]
