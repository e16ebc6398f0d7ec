"""`orchestrator lint`: the style guardian over files and folders."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from orchestrator import native
from orchestrator.cli.lint_report import Linted, place_of, print_json, print_text
from orchestrator.config.places import state_home
from orchestrator.errors import OrchestratorError

_FIX_ROUNDS = 10


@click.command("lint", epilog="Example: orchestrator lint src tests --format json")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="An sgconfig.yml with rules of your own. Default: the nearest one, from here upwards.",
)
@click.option("--no-builtin", is_flag=True, help="Without the built-in rules.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@click.option("--fix", is_flag=True, help="Apply the fixes that can't change behaviour.")
def command(paths: tuple[Path, ...], config: Path | None, no_builtin: bool, form: str, fix: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Check files with the style guardian.

    Exit code 0: clean, 1: findings or a wrong rule, 2: wrong usage or nothing to check.
    """
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
        print_json(linted)
    elif form == "sarif":
        _print_sarif(linted, rules)
    else:
        print_text(linted, fixed)
    sys.exit(0 if linted.is_clean else 1)


def _rules(config: Path | None, *, is_builtin: bool) -> native.RuleSet:
    config = config or _nearest_config(Path.cwd())
    try:
        if config is None:
            if not is_builtin:
                raise OrchestratorError("bad_rule", "--no-builtin leaves no rule", "name your own with --config")
            return native.RuleSet.builtin()
        own = native.RuleSet.from_config(str(config))
        return native.RuleSet.builtin().merged(own) if is_builtin else own
    except native.RuleError as error:
        raise OrchestratorError("bad_rule", str(error)) from error


def _nearest_config(folder: Path) -> Path | None:
    """The `sgconfig.yml` of a folder or of the nearest one above it, as ast-grep finds it."""
    names = (place / name for place in (folder, *folder.parents) for name in ("sgconfig.yml", "sgconfig.yaml"))
    return next((path for path in names if path.is_file()), None)


def _lint(rules: native.RuleSet, wanted: Sequence[Path]) -> Linted:
    problems = tuple(place_of(problem) for problem in rules.problems)
    linted = Linted([], [], 0, [], problems, is_truncated=False)
    for path in wanted:
        root, names = (path, None) if path.is_dir() else (path.parent, [path.name])
        report = native.lint_paths(rules, str(root.resolve()), names, cache=str(state_home() / "lint"))
        if report.cache_problem:
            click.echo(f"the results can't be kept for the next time: {report.cache_problem}", err=True)
        linted.findings.extend(report.findings)
        linted.paths.extend(_shown(root, finding.path) for finding in report.findings)
        linted.skipped.extend((_shown(root, skipped.path), skipped.reason) for skipped in report.skipped)
        linted = Linted(
            linted.findings,
            linted.paths,
            linted.checked_count + report.checked_count,
            linted.skipped,
            problems,
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


def _print_sarif(linted: Linted, rules: native.RuleSet) -> None:
    from orchestrator.cli.sarif import sarif  # noqa: PLC0415 - only who asks for it pays for its imports

    click.echo(json.dumps(sarif(linted, rules), ensure_ascii=False, indent=2))
