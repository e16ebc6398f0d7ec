"""`orchestrator lint`: the style guardian over files and folders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from orchestrator import native
from orchestrator.errors import OrchestratorError

_STYLES = {"error": "bold red", "warning": "yellow", "info": "cyan", "hint": "dim"}
_FIX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Linted:
    """Findings with paths as the user would type them, and what could not be looked at."""

    findings: list[native.Finding]
    paths: list[str]
    checked_count: int
    skipped: list[tuple[str, str]]
    is_truncated: bool


@click.command("lint", epilog="Example: orchestrator lint src tests --format json")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="An sgconfig.yml with rules of your own."
)
@click.option("--no-builtin", is_flag=True, help="Without the built-in rules.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--fix", is_flag=True, help="Apply the fixes that can't change behaviour.")
def command(paths: tuple[Path, ...], config: Path | None, no_builtin: bool, form: str, fix: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Check files with the style guardian. Exit code 0: clean, 1: findings, 2: wrong usage or nothing to check."""
    rules = _rules(config, is_builtin=not no_builtin)
    wanted = paths or (Path(),)
    for path in wanted:
        if not path.exists():
            raise OrchestratorError("no_such_path", f"{path} does not exist")
    fixed = _fix(rules, wanted) if fix else 0
    linted = _lint(rules, wanted)
    if not linted.checked_count:
        raise OrchestratorError("nothing_checked", _why_nothing(linted), "name files in a language that has rules")
    if form == "json":
        _print_json(linted)
    else:
        _print_text(linted, fixed)
    sys.exit(1 if linted.findings else 0)


def _rules(config: Path | None, *, is_builtin: bool) -> native.RuleSet:
    try:
        if config is None:
            if not is_builtin:
                raise OrchestratorError("bad_rule", "--no-builtin leaves no rule", "name your own with --config")
            return native.RuleSet.builtin()
        own = native.RuleSet.from_config(str(config))
        return native.RuleSet.builtin().merged(own) if is_builtin else own
    except native.RuleError as error:
        raise OrchestratorError("bad_rule", str(error)) from error


def _lint(rules: native.RuleSet, wanted: Sequence[Path]) -> Linted:
    linted = Linted([], [], 0, [], is_truncated=False)
    for path in wanted:
        root, names = (path, None) if path.is_dir() else (path.parent, [path.name])
        report = native.lint_paths(rules, str(root.resolve()), names)
        linted.findings.extend(report.findings)
        linted.paths.extend(_shown(root, finding.path) for finding in report.findings)
        linted.skipped.extend((_shown(root, skipped.path), skipped.reason) for skipped in report.skipped)
        linted = Linted(
            linted.findings,
            linted.paths,
            linted.checked_count + report.checked_count,
            linted.skipped,
            is_truncated=linted.is_truncated or report.is_truncated,
        )
    return linted


def _fix(rules: native.RuleSet, wanted: Sequence[Path]) -> int:
    """Apply safe fixes until none is left; a fix may uncover another. Answers how many were applied."""
    total = 0
    for _ in range(_FIX_ROUNDS):
        linted = _lint(rules, wanted)
        files: dict[str, list[native.Finding]] = {}
        for path, finding in zip(linted.paths, linted.findings, strict=True):
            if finding.is_safe_fix and finding.replacement is not None:
                files.setdefault(path, []).append(finding)
        applied = sum(_fix_file(Path(path), findings) for path, findings in files.items())
        if not applied:
            break
        total += applied
    return total


def _fix_file(path: Path, findings: list[native.Finding]) -> int:
    source = path.read_bytes()
    fixed, applied, _ = native.apply_fixes(source, findings)
    if native.syntax_errors(path.name, fixed).findings and not native.syntax_errors(path.name, source).findings:
        return 0
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(fixed)
    temporary.chmod(path.stat().st_mode)
    temporary.replace(path)
    return applied


def _why_nothing(linted: Linted) -> str:
    reasons = sorted({reason for _, reason in linted.skipped})
    return f"no file could be checked: {', '.join(reasons[:3]) or 'there is none'}"


def _shown(root: Path, relative: str) -> str:
    return (root / relative).as_posix()


def _print_json(linted: Linted) -> None:
    for path, finding in zip(linted.paths, linted.findings, strict=True):
        row = {
            "rule": finding.rule_id,
            "path": path,
            "range": {
                "start": {"line": finding.start_line, "column": finding.start_column},
                "end": {"line": finding.end_line, "column": finding.end_column},
            },
            "severity": finding.severity,
            "message": finding.message,
            "replacement": finding.replacement,
        }
        click.echo(json.dumps(row, ensure_ascii=False))


def _print_text(linted: Linted, fixed: int) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for path, finding in zip(linted.paths, linted.findings, strict=True):
        line = Text(f"{path}:{finding.start_line + 1}:{finding.start_column + 1}: ")
        line.append(finding.severity, style=_STYLES[finding.severity])
        line.append(f" {finding.message} ")
        line.append(f"[{finding.rule_id}]", style="dim")
        console.print(line)
    unreadable = [f"{path} ({reason})" for path, reason in linted.skipped if reason != "unknown language"]
    parts = [f"{len(linted.findings)} findings in {linted.checked_count} files"]
    if fixed:
        parts.append(f"{fixed} fixed")
    if linted.skipped:
        parts.append(f"{len(linted.skipped)} files not checked")
    if linted.is_truncated:
        parts.append("stopped at the cap on findings")
    console.print(Text(", ".join(parts), style="dim"))
    for line in unreadable[:10]:
        console.print(Text(f"not checked: {line}", style="dim"))
