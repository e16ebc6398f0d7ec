"""Commands as judges, by the real launcher: clean, failed, flaky, not checked; red bases; receipts and outputs."""

from __future__ import annotations

import hashlib
import json

import anyio
import pytest

from orchestrator.config.places import CONFIG_NAME
from orchestrator.domain.words import Sensitivity, Stage, Verdict
from orchestrator.ports.gates import GateError
from orchestrator.sandbox.launcher import NativeLauncher

pytestmark = pytest.mark.anyio

CODE = "def add(a, b):\n    return a + b\n"
TEST = "from calc import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
OLD_RED = "def test_old():\n    assert False\n"
PYTEST = "python -m pytest -q -p no:cacheprovider"


def config(command: str, setup: list[str] | None = None, **more: object) -> dict[str, str]:
    check = {"name": "unit", "command": command} | more
    return {CONFIG_NAME: json.dumps({"checks": [check], "setup": setup or []})}


def project(command: str = PYTEST) -> dict[str, str]:
    return {"calc.py": CODE, "tests/test_calc.py": TEST, "conftest.py": ""} | config(command)


async def test_a_passing_check_holds_a_receipt_for_this_tree(court) -> None:
    choice, base = await court.begin(project())
    assert [(check.name, check.is_declared, check.source) for check in choice.checks] == [("unit", True, CONFIG_NAME)]
    assert base["check:unit"].verdict is Verdict.CLEAN
    root = court.change({"calc.py": CODE + "\n\ndef sub(a, b):\n    return a - b\n"})
    report = (await court.judge_tree(root, ["calc.py"], Stage.MERGE))["check:unit"]
    assert report.verdict is Verdict.CLEAN
    (receipt,) = report.receipts
    assert (receipt.tree, receipt.exit_code, receipt.stage) == (court.worktree(root).tree, 0, Stage.MERGE)
    assert (receipt.verdict, receipt.sensitivity) == (Verdict.CLEAN, Sensitivity.NOT_PROBED)
    assert receipt.level
    output = (court.places.outputs / receipt.output_digest).read_bytes()
    assert hashlib.sha256(output).hexdigest() == receipt.output_digest
    assert (len(output), b"1 passed" in output) == (receipt.output_size_bytes, True)


async def test_a_new_failing_test_is_a_finding_with_its_place(court) -> None:
    await court.begin(project())
    report = (await court.judge({"calc.py": CODE.replace("+", "-")}))["check:unit"]
    assert report.verdict is Verdict.FAILED
    (finding,) = report.findings
    assert (finding.rule, finding.path, finding.start_line) == ("test-failed", "tests/test_calc.py", 4)
    assert "tests/test_calc.py::test_add" in finding.message
    assert "assert -1 == 3" in finding.message
    assert [receipt.exit_code for receipt in report.receipts] == [1, 1]


async def test_tests_red_on_the_base_do_not_count_but_new_ones_do(court) -> None:
    _, base = await court.begin(project() | {"tests/test_old.py": OLD_RED})
    assert base["check:unit"].verdict is Verdict.NOT_CHECKED
    same = (await court.judge({"calc.py": CODE + "\nX = 1\n"}, Stage.SEAL))["check:unit"]
    assert same.verdict is Verdict.CLEAN
    assert "1 failed on the base already" in same.detail
    assert same.receipts[0].sensitivity is Sensitivity.SENSITIVE
    worse = (await court.judge({"calc.py": CODE.replace("+", "-")}))["check:unit"]
    assert worse.verdict is Verdict.FAILED
    assert [finding.path for finding in worse.findings] == ["tests/test_calc.py"]
    better = (await court.judge({"tests/test_old.py": "def test_old():\n    assert 1 + 1 == 2\n"}))["check:unit"]
    assert better.verdict is Verdict.CLEAN


async def test_a_tool_that_compares_whole_seconds_notices_the_planted_error(court) -> None:
    """The compiler skips a file whose compiled form has the same size and second of modification, else not."""
    await court.begin({"calc.py": CODE} | config("python -m compileall -q ."))
    report = (await court.judge({"calc.py": CODE + "\n\nX = 1\n"}, Stage.SEAL))["check:unit"]
    assert report.receipts[0].sensitivity is Sensitivity.SENSITIVE


async def test_tests_that_no_longer_run_at_all_are_worse_than_a_red_base(court) -> None:
    await court.begin(project() | {"tests/test_old.py": OLD_RED})
    report = (await court.judge({"conftest.py": "raise SystemExit(4)\n"}))["check:unit"]
    assert report.verdict is Verdict.FAILED


async def test_a_command_without_tests_red_on_the_base(court) -> None:
    _, base = await court.begin({"calc.py": CODE, "flag": "0"} | config("grep -q 1 flag"))
    assert base["check:unit"].verdict is Verdict.NOT_CHECKED
    same = (await court.judge({"calc.py": CODE + "\n"}))["check:unit"]
    assert same.verdict is Verdict.NOT_CHECKED
    assert "red on the base already" in same.detail
    assert (await court.judge({"flag": "1"}))["check:unit"].verdict is Verdict.CLEAN


async def test_a_failing_command_shows_the_end_of_its_output(court) -> None:
    script = "test -f ok || { seq 1 3000; echo the end; exit 3; }"
    await court.begin({"ok": ""} | config(script))
    report = (await court.judge({"ok": None}))["check:unit"]
    (finding,) = report.findings
    assert (finding.rule, "exit code 3" in finding.message) == ("check-failed", True)
    assert finding.message.endswith("the end")
    assert "cut" in finding.message
    assert len(finding.message) < 2_300


async def test_a_check_that_disagrees_with_itself_is_flaky(court) -> None:
    switch = court.places.state / "home" / "switch"
    script = f"test -f calm || {{ test -f {switch} && rm {switch} || {{ touch {switch}; exit 1; }}; }}"
    await court.begin({"calm": ""} | config(script))
    report = (await court.judge({"calm": None}))["check:unit"]
    assert report.verdict is Verdict.FLAKY
    assert report.findings == ()
    assert [(r.exit_code, r.verdict) for r in report.receipts] == [(1, Verdict.FLAKY), (0, Verdict.FLAKY)]


async def test_a_deadline_is_a_finding(court) -> None:
    await court.begin({"quick": ""} | config("test -f quick || sleep 30", timeout_s=1.0))
    report = (await court.judge({"quick": None}))["check:unit"]
    assert report.verdict is Verdict.FAILED
    (finding,) = report.findings
    assert (finding.rule, "deadline of 1 s" in finding.message) == ("deadline", True)
    assert [receipt.exit_code for receipt in report.receipts] == [None]


async def test_a_command_that_does_not_exist(court) -> None:
    _, base = await court.begin({"calc.py": CODE} | config("no-such-program --now"))
    assert base["check:unit"].verdict is Verdict.NOT_CHECKED
    assert "not found" in base["check:unit"].detail
    report = (await court.judge({"calc.py": CODE + "\n"}))["check:unit"]
    assert report.verdict is Verdict.NOT_CHECKED
    assert "not found" in report.detail


async def test_a_command_that_a_change_took_away_fails(court) -> None:
    await court.begin({"tool.sh": "exit 0\n"} | config("test -f tool.sh && sh tool.sh || exit 127"))
    report = (await court.judge({"tool.sh": None}))["check:unit"]
    assert report.verdict is Verdict.FAILED
    assert report.findings[0].rule == "command-not-found"


async def test_which_checks_run_at_which_stage(court) -> None:
    checks = [{"name": name, "command": "true", "when": name} for name in ("attempt", "merge", "seal")]
    await court.begin({"calc.py": CODE, CONFIG_NAME: json.dumps({"checks": checks})})
    ran = {}
    for stage in (Stage.ATTEMPT, Stage.MERGE, Stage.SEAL):
        reports = await court.judge({"calc.py": CODE + "\n"}, stage)
        ran[stage.value] = [gate.removeprefix("check:") for gate in reports if gate.startswith("check:")]
    assert ran == {"attempt": ["attempt"], "merge": ["attempt", "merge"], "seal": ["attempt", "merge", "seal"]}


async def test_found_commands_wait_for_trust(court) -> None:
    files = {"pyproject.toml": "[tool.pytest.ini_options]\n", "calc.py": CODE, "tests/test_calc.py": TEST}
    held, _ = await court.begin(files, is_trusted=False)
    assert (held.checks, held.held_back) == ((), ("python -m pytest -q",))
    trusted = await court.room.choose(court.worktree(court.base), is_trusted=True)
    assert [(check.command, check.is_declared) for check in trusted.checks] == [("python -m pytest -q", False)]


async def test_setup_runs_once_a_worktree_and_before_the_checks(court) -> None:
    await court.begin({"calc.py": CODE} | config("test -f made", setup=["touch made"]))
    root = court.change({"calc.py": CODE + "\n"})
    (root / "made").unlink()
    reports = await court.room.judge(Stage.MERGE, court.worktree(root), ["calc.py"])
    assert reports[-1].verdict is Verdict.CLEAN
    await court.room.judge(Stage.MERGE, court.worktree(root), ["calc.py"])
    assert len(court.prepared) == 2


async def test_setup_that_fails_on_the_base_is_an_error_and_later_a_finding(court) -> None:
    with pytest.raises(GateError) as caught:
        await court.begin({"calc.py": CODE} | config("true", setup=["echo no wheel; exit 9"]))
    assert caught.value.code == "setup_failed"
    assert "no wheel" in caught.value.message
    await court.begin({"calc.py": CODE, "package.json": "{}"} | config("true", setup=["test -f package.json"]))
    report = (await court.judge({"package.json": None}))["check:unit"]
    assert (report.verdict, report.findings[0].rule) == (Verdict.FAILED, "setup-failed")


async def test_a_wrong_configuration_is_an_error(court) -> None:
    with pytest.raises(GateError) as caught:
        await court.begin({CONFIG_NAME: '{"chekcs": []}'})
    assert (caught.value.code, "'checks'" in caught.value.hint) == ("wrong_configuration", True)


async def test_a_base_that_was_green_is_remembered_and_a_red_one_is_not(court) -> None:
    count = court.places.state / "home" / "count"
    script = f"echo x >> {count}; grep -q add calc.py"
    await court.begin({"calc.py": CODE} | config(script))
    await court.begin({})
    assert count.read_text().count("x") == 1
    await court.begin({"calc.py": "\n"})
    await court.begin({})
    assert count.read_text().count("x") == 5


async def test_bytecode_is_not_written_and_the_results_leave_no_trace(court) -> None:
    await court.begin(project())
    root = court.change({"calc.py": CODE + "\n"})
    await court.judge_tree(root, ["calc.py"], Stage.MERGE)
    assert not list(root.rglob("__pycache__"))
    assert not list((court.places.state / "check-runs").iterdir())
    assert not [entry for entry in court.places.outputs.iterdir() if entry.name.startswith(".")]


async def test_a_launcher_that_is_not_there_means_not_checked(court, tmp_path) -> None:
    court.launcher = NativeLauncher(tmp_path / "state", program=tmp_path / "no-launcher")
    court.room = court.new_room()
    _, base = await court.begin({"calc.py": CODE} | config("true"))
    assert base["check:unit"].verdict is Verdict.NOT_CHECKED
    report = (await court.judge({"calc.py": CODE + "\n"}))["check:unit"]
    assert (report.verdict, report.receipts) == (Verdict.NOT_CHECKED, ())
    assert "could not be started" in report.detail


async def test_a_check_may_write_its_tree_and_nothing_else_of_ours(court) -> None:
    await court.begin({"calc.py": CODE} | config(f"echo x > built; ! touch {court.places.state}/forged 2>/dev/null"))
    if "landlock" not in court.launcher.level:
        pytest.skip("this machine confines no writes")
    report = (await court.judge({"calc.py": CODE + "\n", "built": "x\n"}))["check:unit"]
    assert report.verdict is Verdict.CLEAN
    assert not (court.places.state / "forged").exists()


async def test_many_trees_are_judged_at_once(court) -> None:
    await court.begin({"calc.py": CODE} | config("grep -q return calc.py"))
    found: dict[int, Verdict] = {}

    async def one(number: int) -> None:
        text = CODE + f"\nX = {number}\n" if number % 2 else "X = 1\n"
        found[number] = (await court.judge({"calc.py": text}))["check:unit"].verdict

    async with anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(one, number)
    assert found == {number: Verdict.CLEAN if number % 2 else Verdict.FAILED for number in range(8)}
