"""`workspace/executeCommand`, searching, rules, and what a client that leaves things out gets, over the real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hosting import in_process

from orchestrator.client import RemoteError
from orchestrator_protocol.methods import METHODS, commands

pytestmark = pytest.mark.anyio
REQUESTS = json.loads((Path(__file__).parents[2] / "protocol/conformance/requests.json").read_text(encoding="utf-8"))
SOURCE = "def missing(name, names):\n    print(name)\n    return not name in names\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "names.py").write_text(SOURCE)
    (tmp_path / "other.py").write_text(SOURCE.replace("missing", "absent"))
    return tmp_path


async def refusal(asked: Any) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        await asked
    return caught.value


async def test_a_command_is_its_method(root) -> None:
    async with in_process(root) as come, come() as host:

        async def command(name: str, *arguments: object) -> Any:
            return await host.call("workspace/executeCommand", command=name, arguments=list(arguments))

        assert await host.call("workspace/executeCommand", command="orchestrator.mission.list") == {"missions": []}
        assert await command("orchestrator.mission.list", {}) == await host.call("mission/list")
        assert await command("orchestrator.session.event", {"sessionId": "s", "type": "active"}) is None
        for name, method in commands().items():
            if method.result is None:
                continue
            plain, wrapped = [
                await refusal(host.call(method.name, no_such_field=1)),
                await refusal(command(name, {"no_such_field": 1})),
            ]
            assert (plain.code, plain.message) == (wrapped.code, wrapped.message) == ("invalid_params", plain.message)
        unknown = {"missionId": "m-none"}
        same = [
            await refusal(host.call("mission/stop", **unknown)),
            await refusal(command("orchestrator.mission.stop", unknown)),
        ]
        assert [error.code for error in same] == ["unknown_mission"] * 2
        for bad in ("orchestrator.mission.paint", "", 5):
            assert (await refusal(command(bad))).code == "invalid_params"  # pyright: ignore[reportArgumentType] - wrong on purpose
        assert (await refusal(command("orchestrator.mission.list", {}, {}))).code == "invalid_params"
        assert (await refusal(command("orchestrator.fixRule", {"rule": 1}))).code == "invalid_params"


async def test_unknown_missions_and_tasks_are_told_by_every_method(root) -> None:
    about = {name: m for name, m in METHODS.items() if m.direction == "client_to_server" and m.result is not None}
    asked = {name: {key: value for key, value in REQUESTS[name]["valid"][0].items() if value} for name in about}
    async with in_process(root) as come, come() as host:
        started = await host.call("mission/start", text="write b.py", host="editor", approval="plan", trust=True)
        await host.until(lambda: bool(host.asked))
        missions, tasks = 0, 0
        for name, method in about.items():
            fields = method.params.model_fields
            if "mission_id" in fields:
                error = await refusal(host.call(name, **asked[name] | {"missionId": "m-none"}))
                assert (error.code, "m-none" in error.message) == ("unknown_mission", True), name
                missions += 1
            if "task_id" in fields:
                params = asked[name] | {"missionId": started["missionId"], "taskId": "t-none"}
                error = await refusal(host.call(name, **params))
                assert (error.code, "t-none" in error.message) == ("unknown_task", True), name
                tasks += 1
        assert (missions, tasks) > (15, 5)
        await host.call("mission/stop", missionId=started["missionId"])


async def test_a_start_that_is_sent_again_is_the_same_mission(root) -> None:
    async with in_process(root) as come, come() as host:
        first = await host.call("mission/start", text="write b.py", host="editor", approval="plan", key="once")
        again = await host.call("mission/start", text="something else", key="once")
        assert again["missionId"] == first["missionId"]
        assert len((await host.call("mission/list"))["missions"]) == 1
        await host.call("mission/stop", missionId=first["missionId"])


async def test_the_plan_of_another_version_is_refused_with_the_current_one(root) -> None:
    async with in_process(root) as come, come() as host:
        started = await host.call("mission/start", text="write b.py", host="editor", approval="plan", trust=True)
        mission_id = started["missionId"]
        await host.until(lambda: bool(host.asked))
        edits = [{"kind": "retitle", "taskId": "one", "title": "Write b"}]
        version = (await host.call("plan/get", missionId=mission_id))["version"]
        error = await refusal(host.call("plan/revise", missionId=mission_id, version=version + 5, edits=edits))
        assert (error.code, error.data) == ("plan_conflict", {"version": version})
        revised = await host.call("plan/revise", missionId=mission_id, version=version, edits=edits)
        assert revised == {"version": version + 1}
        await host.call("mission/stop", missionId=mission_id)


async def test_searching(root) -> None:
    async with in_process(root) as come, come() as host:
        found = await host.call("search/grep", patterns=["not name"], isLiteral=True, globs=["names.py"])
        assert found["matches"] == [{"path": "names.py", "line": 2, "text": "    return not name in names"}]
        assert not found["isCut"]
        assert (await host.call("search/grep", patterns=["name"], limit=1))["isCut"]
        assert (await host.call("search/glob", globs=["*.py"])) == {"paths": ["names.py", "other.py"], "isCut": False}
        calls = await host.call("search/ast", pattern="print($A)", language="python")
        assert [(m["path"], m["line"], m["text"]) for m in calls["matches"]] == [
            ("names.py", 1, "print(name)"),
            ("other.py", 1, "print(name)"),
        ]
        one = await host.call("search/ast", pattern="print($A)", language="python", globs=["other.py"])
        assert [m["path"] for m in one["matches"]] == ["other.py"]
        assert (await host.call("search/ast", pattern="print($A)", language="python", globs=["*.js"]))["matches"] == []
        for method, params, code in (
            ("search/grep", {"patterns": ["("]}, "bad_pattern"),
            ("search/glob", {"globs": ["[a"]}, "bad_pattern"),
            ("search/ast", {"pattern": "print(", "language": "klingon"}, "unknown_language"),
            ("search/ast", {"pattern": "if (", "language": "python"}, "bad_pattern"),
        ):
            assert (await refusal(host.call(method, **params))).code == code


async def test_rules(root) -> None:
    async with in_process(root) as come, come() as host:
        rules = (await host.call("rule/list", language="python"))["rules"]
        assert rules == sorted(rules, key=lambda rule: (rule["id"], rule["language"]))
        assert {rule["language"] for rule in rules} == {"Python"}
        assert "py-negated-in" in {rule["id"] for rule in rules}
        told = await host.call("rule/explain", ruleId="py-negated-in")
        assert [rule["id"] for rule in told["rules"]] == ["py-negated-in"]
        assert "id: py-negated-in" in told["definition"]
        error = await refusal(host.call("rule/explain", ruleId="py-negated-inn"))
        assert (error.code, "py-negated-in" in error.hint) == ("unknown_rule", True)
        (root / "sgconfig.yml").write_text("ruleDirs: [5\n")
        assert (await refusal(host.call("rule/list"))).code == "bad_rule"


async def test_what_is_left_out_is_as_configured(root, monkeypatch) -> None:
    (root / ".opencode").mkdir()
    said = {"delivery": "patch", "approval": "plan", "budget": {"tokens": 5_000, "turns": 7}}
    (root / ".opencode/orchestrator.jsonc").write_text(json.dumps(said))
    monkeypatch.setenv("ORCHESTRATOR_HOST", "editor")
    async with in_process(root) as come, come() as host:
        started = await host.call("mission/start", text="write b.py", budget={"turns": 3})
        status = await host.call("mission/status", missionId=started["missionId"])
        assert (status["host"], status["delivery"], status["approval"]) == ("editor", "patch", "plan")
        (accepted,) = [
            e for e in (await host.call("mission/events", afterSeq=0))["events"] if e["type"] == "mission.accepted"
        ]
        limits = {limit["resource"]: limit["amount"] for limit in accepted["data"]["limits"]}
        assert limits == {"tokens": 5_000, "turns": 3}
        await host.call("mission/stop", missionId=started["missionId"])
        own = await host.call("mission/start", text="x", host="builtin", delivery="branch", approval="never")
        status = await host.call("mission/status", missionId=own["missionId"])
        assert (status["host"], status["delivery"], status["approval"]) == ("builtin", "branch", "never")
        await host.call("mission/stop", missionId=own["missionId"])
        (root / ".opencode/orchestrator.jsonc").write_text('{"delivry": "patch"}')
        assert (await refusal(host.call("mission/start", text="x"))).code == "wrong_configuration"
