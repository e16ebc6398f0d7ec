"""The gates for files: syntax, guardian and imports; clean, failed and not checked, against the base."""

from __future__ import annotations

import pytest

from orchestrator.domain.words import Stage, Verdict
from orchestrator.ports.gates import GateError

pytestmark = pytest.mark.anyio

BASE = {
    "app/__init__.py": "",
    "app/core.py": "def add(a, b):\n    return a + b\n",
    "app/old.py": "def bad(x=[]):\n    return x\n",
    "broken.py": "def f(:\n    pass\n",
    "notes.txt": "App\n",
}
CORE = BASE["app/core.py"]


async def test_a_clean_change_is_clean_everywhere(court) -> None:
    await court.begin(BASE)
    reports = await court.judge({"app/core.py": CORE + "\n\ndef sub(a, b):\n    return a - b\n"})
    assert {gate: report.verdict for gate, report in reports.items()} == dict.fromkeys(
        ("syntax", "imports", "sync", "guardian"), Verdict.CLEAN
    )


async def test_text_alone_is_not_checked(court) -> None:
    await court.begin(BASE)
    reports = await court.judge({"notes.txt": "Other\n"})
    assert {report.verdict for report in reports.values()} == {Verdict.NOT_CHECKED}
    assert "not" in reports["syntax"].detail


async def test_a_new_syntax_error_fails_and_skips_the_commands(court) -> None:
    await court.begin(BASE | {".opencode/orchestrator.jsonc": '{"checks": [{"name": "a", "command": "true"}]}'})
    reports = await court.judge({"app/core.py": "def add(a, b:\n    return a + b\n"})
    assert reports["syntax"].verdict is Verdict.FAILED
    assert reports["syntax"].findings[0].path == "app/core.py"
    assert reports["check:a"].verdict is Verdict.NOT_CHECKED
    assert reports["check:a"].detail == "skipped: syntax failed"
    assert reports["check:a"].receipts == ()


async def test_a_syntax_error_of_the_base_is_not_new(court) -> None:
    await court.begin(BASE)
    reports = await court.judge({"broken.py": "X = 1\n\n\n" + BASE["broken.py"]})
    assert reports["syntax"].verdict is Verdict.CLEAN


async def test_the_guardian_refuses_new_findings_only(court) -> None:
    await court.begin(BASE)
    same = await court.judge({"app/old.py": "X = 1\n\n\n" + BASE["app/old.py"]})
    assert same["guardian"].verdict is Verdict.CLEAN
    more = await court.judge({"app/old.py": BASE["app/old.py"] + "\n\ndef worse(y={}):\n    return y\n"})
    assert more["guardian"].verdict is Verdict.FAILED
    assert [finding.rule for finding in more["guardian"].findings] == ["py-mutable-default"]


async def test_hints_are_reported_and_refuse_nothing(court) -> None:
    await court.begin(BASE)
    reports = await court.judge({"app/core.py": CORE + "\n\nclass A(object):\n    x = 1\n"})
    assert reports["guardian"].verdict is Verdict.CLEAN
    assert [finding.severity for finding in reports["guardian"].findings] == ["hint"]


async def test_a_moved_file_brings_its_old_findings(court) -> None:
    await court.begin(BASE)
    reports = await court.judge({"app/old.py": None, "app/moved.py": BASE["app/old.py"]})
    assert reports["guardian"].verdict is Verdict.CLEAN
    worse = BASE["app/old.py"] + "\n\ndef worse(y={}):\n    return y\n"
    reports = await court.judge({"app/old.py": None, "app/moved.py": worse})
    assert len(reports["guardian"].findings) == 1


RULES = """id: no-print
language: Python
severity: error
message: do not print
rule: {pattern: print($$$A)}
"""


async def test_the_rules_of_the_base_judge_and_a_change_cannot_drop_them(court) -> None:
    await court.begin(BASE | {"sgconfig.yml": "ruleDirs: [rules]\n", "rules/no-print.yml": RULES})
    reports = await court.judge({"app/core.py": CORE + "\n\nprint(1)\n", "rules/no-print.yml": None})
    assert [finding.rule for finding in reports["guardian"].findings] == ["no-print"]


async def test_wrong_rules_of_the_base_are_an_error(court) -> None:
    with pytest.raises(GateError) as caught:
        await court.begin(BASE | {"sgconfig.yml": "ruleDirs: [rules]\n", "rules/x.yml": "id: x\nlanguage: Nonsense\n"})
    assert caught.value.code == "wrong_rules"


async def test_a_hallucinated_import_is_caught(court) -> None:
    await court.begin(BASE)
    reports = await court.judge({"app/core.py": "import fastjwt_magic\n" + CORE})
    (finding,) = reports["imports"].findings
    assert reports["imports"].verdict is Verdict.FAILED
    assert (finding.rule, finding.path, finding.start_line) == ("unresolved-import", "app/core.py", 0)
    assert "fastjwt_magic" in finding.message


async def test_a_name_that_a_local_module_lacks_is_caught(court) -> None:
    await court.begin(BASE)
    reports = await court.judge({"app/api.py": "from app.core import add, subtract\nfrom .core import divide\n"})
    assert [finding.rule for finding in reports["sync"].findings] == ["missing-name", "missing-name"]
    assert "'subtract'" in reports["sync"].findings[0].message


async def test_the_seal_looks_at_files_that_a_deletion_broke(court) -> None:
    await court.begin(BASE | {"app/api.py": "from app.core import add\n"})
    merge = await court.judge({"app/core.py": None}, Stage.MERGE)
    assert [finding.path for finding in merge["imports"].findings] == ["app/api.py"]
    seal = await court.judge({"app/core.py": None}, Stage.SEAL)
    assert [finding.path for finding in seal["imports"].findings] == ["app/api.py"]


async def test_an_import_unresolved_on_the_base_is_not_new_anywhere(court) -> None:
    await court.begin(BASE | {"app/api.py": "import generated_stubs\n"})
    reports = await court.judge({"app/more.py": "import generated_stubs\n"})
    assert reports["imports"].verdict is Verdict.CLEAN


async def test_a_link_that_leads_out_is_never_read(court, tmp_path) -> None:
    await court.begin(BASE)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.py").write_text("def f(:\n")
    root = court.change({})
    (root / "link.py").symlink_to(outside / "x.py")
    (root / "dir").symlink_to(outside)
    reports = await court.judge_tree(root, ["link.py", "dir/x.py"], Stage.MERGE)
    assert reports["syntax"].verdict is Verdict.NOT_CHECKED


async def test_judging_needs_the_base(court) -> None:
    with pytest.raises(GateError) as caught:
        await court.room.judge(Stage.MERGE, court.worktree(court.base), [])
    assert caught.value.code == "base_not_judged"


async def test_a_new_comment_that_silences_rules_is_a_finding_of_its_own(court) -> None:
    quiet = "# ast-grep-ignore: py-mutable-default\ndef f(x=[]):\n    return x\n"
    await court.begin(BASE | {"app/quiet.py": quiet})
    silenced = "# ast-grep-ignore\ndef worse(y={}):\n    return y\n"
    reports = await court.judge({"app/core.py": CORE + "\n\n" + silenced, "app/quiet.py": "X = 1\n"})
    assert [finding.rule for finding in reports["guardian"].findings] == ["suppression"]
    kept = await court.judge({"app/quiet.py": "X = 1\n\n\n" + quiet})
    assert kept["guardian"].verdict is Verdict.CLEAN
