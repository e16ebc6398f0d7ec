"""The builtin host on real code: rules alone take a mission from its words to a seal."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from harness import Completed, check, declare, is_intact, orchestrator, shadow, tree_files, user_files
from real_code import copy_package, line_count, meaning


def importing(modules: str) -> dict[str, object]:
    """A check that imports modules from the tree it judges."""
    return check("imports", f'{sys.executable} -c "import {modules}"')


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Paths whose content differs; fails when a file came or went."""
    assert before.keys() == after.keys()
    return [path for path, content in before.items() if after[path] != content]


def assert_sealed(done: Completed, state_dir: Path, workspace: Path) -> None:
    """The mission is sealed by a sensitive check, and the user has exactly the sealed tree."""
    assert done.code == 0, (done.err, done.status["endReason"])
    assert done.status["status"] == "sealed"
    seal = done.status["seal"]
    assert [(row["sensitivity"], row["exitCode"]) for row in seal["receipts"]] == [("sensitive", 0)]
    assert tree_files(shadow(state_dir), seal["tree"]) == user_files(workspace)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_style_fixes_seal_a_large_real_package(tmp_path: Path, state_dir: Path) -> None:
    workspace = tmp_path / "copy"
    package = copy_package("pip", workspace)
    assert line_count(package) > 50_000
    declare(workspace, importing("pip._internal.cli.main, pip._vendor.rich.console, pip._vendor.requests"))
    before = user_files(workspace)

    done = orchestrator("run", "fix all style findings", "-w", workspace, "--json", timeout_s=380)

    assert_sealed(done, state_dir, workspace)
    after = user_files(workspace)
    paths = changed(before, after)
    assert len(paths) > 10
    for path in paths:
        compile(after[path], path, "exec", dont_inherit=True)
        assert meaning(after[path]) == meaning(before[path]), path
    assert is_intact(workspace)

    again = orchestrator("run", "fix all style findings", "-w", workspace, timeout_s=100)
    assert again.code == 1
    assert re.search(r"no finding (here|can be fixed safely)", again.out)
    assert user_files(workspace) == after


def test_replace_rewrites_the_matches_and_nothing_else(tmp_path: Path, state_dir: Path) -> None:
    workspace = tmp_path / "copy"
    copy_package("click", workspace)
    declare(workspace, importing("click.core, click.testing"))
    before = user_files(workspace)

    words = "replace `isinstance($A, str)` with `issubclass(type($A), str)` in python"
    done = orchestrator("run", words, "-w", workspace, "--json")

    assert_sealed(done, state_dir, workspace)
    after = user_files(workspace)
    wanted = re.compile(rb"isinstance\(((?:[^(),]|\([^()]*\))+), str\)")
    expected = {path: wanted.sub(rb"issubclass(type(\1), str)", content) for path, content in before.items()}
    # A text rewrite and the syntactic one agree on a package whose matches are all in code.
    assert changed(before, after) == changed(before, expected)
    assert after == expected


def test_rename_changes_every_file_in_one_task(tmp_path: Path, state_dir: Path) -> None:
    workspace = tmp_path / "copy"
    copy_package("click", workspace)
    declare(workspace, importing("click.core, click.testing"))
    before = user_files(workspace)

    done = orchestrator("run", "rename `make_str` to `text_of_anything`", "-w", workspace, "--json")

    assert_sealed(done, state_dir, workspace)
    after = user_files(workspace)
    paths = changed(before, after)
    assert len(paths) > 1
    assert done.one("plan.accepted")["tasks"][0]["writeSet"] == paths
    for path in paths:
        assert after[path] == re.sub(rb"\bmake_str\b", b"text_of_anything", before[path])


def test_a_name_that_is_taken_is_not_given(checked: Path) -> None:
    (checked / "calc.py").write_text("def add(a, b):\n    return a + b\n\n\ndef plus(a, b):\n    return add(a, b)\n")
    before = user_files(checked)
    done = orchestrator("run", "rename `add` to `plus`", "-w", checked)
    assert done.code == 1
    assert "'plus' exists already in calc.py" in done.out
    assert user_files(checked) == before


def test_a_mission_beyond_rules_names_the_way_on(checked: Path) -> None:
    done = orchestrator("run", "make it faster", "-w", checked)
    assert done.code == 1
    said = " ".join(re.sub(r"[│\n]", " ", done.out).split())
    assert "has no model" in said
    assert "fix all style findings" in said
    assert "--host scripted:FILE" in said


def test_byte_order_marks_line_ends_and_permissions_survive(tmp_path: Path, state_dir: Path) -> None:
    workspace = tmp_path / "odd"
    workspace.mkdir()
    (workspace / "odd.py").write_bytes(b"\xef\xbb\xbfclass A(object):\r\n    '''\xc3\xa9'''\r\n\r\nprint('ok')\r\n")
    (workspace / "odd.py").chmod(0o755)
    declare(workspace, check("runs", f"{sys.executable} odd.py"))
    done = orchestrator("run", "fix all style findings", "-w", workspace, "--json")
    assert_sealed(done, state_dir, workspace)
    assert (workspace / "odd.py").read_bytes() == (b"\xef\xbb\xbfclass A:\r\n    '''\xc3\xa9'''\r\n\r\nprint('ok')\r\n")
    assert (workspace / "odd.py").stat().st_mode & 0o777 == 0o755
    shutil.rmtree(workspace)
