"""The same rules over the same real tree: this core and the ast-grep program must agree."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

import orchestrator_core as core

RULES = """
{id: assert-only, language: Python, rule: {kind: assert_statement}}
---
{id: negation, language: Python, rule: {pattern: not $A}, fix: falsy($A)}
---
{id: is-none, language: Python, rule: {pattern: $A is None}, fix: 'is_none($A)'}
---
{id: if-isinstance, language: Python, rule: {pattern: 'isinstance($A, $B)', inside: {kind: if_statement, stopBy: end}}}
---
{id: len-call, language: Python, severity: error, message: 'len of $A', rule: {pattern: len($A)}}
---
{id: self-return, language: Python, rule: {kind: function_definition, has: {pattern: return self, stopBy: end}}}
---
id: drop-default
language: Python
rule: {kind: default_parameter, has: {field: value, regex: ^None$}}
fix: {template: '', expandEnd: {regex: ','}}
---
{id: first-argument, language: Python, rule: {kind: identifier, nthChild: 1, inside: {kind: argument_list}}}
---
{id: long-string, language: Python, rule: {kind: string, regex: '.{60,}'}, ignores: ['**/_*.py']}
---
{id: append, language: Python, rule: {pattern: $L.append($$$A)}, fix: 'push($L, $$$A)', files: ['**/*.py']}
---
id: upper-raise
language: Python
rule: {pattern: raise $E($$$A)}
transform: {N: {convert: {source: $E, toCase: snakeCase}}}
fix: fail("$N", $$$A)
"""

Row = tuple[str, str, int, int, str | None, int | None, int | None]


def rows_of_program(program: str, root: Path) -> set[Row]:
    """What the ast-grep program finds."""
    ended = subprocess.run(
        [program, "scan", "--json=stream", "--config", "sgconfig.yml", "tree"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    rows: set[Row] = set()
    for line in ended.stdout.splitlines():
        found = json.loads(line)
        span, fix = found["range"]["byteOffset"], found.get("replacementOffsets") or {}
        rows.add((
            found["ruleId"], found["file"], span["start"], span["end"],
            found.get("replacement"), fix.get("start"), fix.get("end"),
        ))  # fmt: skip
    return {row for row in rows if row[0] != "unused-suppression"}


def test_the_core_and_the_ast_grep_program_agree(tmp_path: Path) -> None:
    program = shutil.which("ast-grep", path=sysconfig.get_path("scripts"))
    if program is None:
        pytest.skip("the ast-grep program (ast-grep-cli) is not installed")
    spec = importlib.util.find_spec("_pytest")
    assert spec is not None
    assert spec.origin is not None
    shutil.copytree(Path(spec.origin).parent, tmp_path / "tree", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.yml").write_text(RULES)
    (tmp_path / "sgconfig.yml").write_text("ruleDirs: [rules]\n")
    rules = core.RuleSet.from_config(str(tmp_path / "sgconfig.yml"))
    report = core.lint_paths(rules, str(tmp_path), ["tree"])
    ours = {
        (f.rule_id, f.path, f.start_byte, f.end_byte, f.replacement, f.fix_start_byte, f.fix_end_byte)
        for f in report.findings
    }
    theirs = rows_of_program(program, tmp_path)
    assert len(theirs) > 1000
    assert {row[0] for row in theirs} == {rule.rule_id for rule in rules.rules()}
    assert ours == theirs
    assert len(report.findings) == len(ours)
