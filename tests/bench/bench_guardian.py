"""Speed and memory of the guardian beside ast-grep, ruff and oxlint, on the same files, in the same run.

Ratios are our time by the peer's, of medians; each round measures all of them one after the other, so that a busy
machine slows both. The corpus, 5,000 files of installed Python and npm packages, is written once into `build/`.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lint_tools import EditSession, Usage, editors, rule_texts, usage

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "build" / "lint-corpus"
FILES = 5_000
ROUNDS = 3
ORDINARY_GOAL = 0.65
SIZES_KB = (4, 20, 100, 370)
EDITS = 30
WARM_EDITS = 4
TYPING_PAUSE_S = 0.05
Row = dict[str, Any]


def rows() -> list[Row]:
    """The rows of this room."""
    tool = shutil.which("ast-grep", path=sysconfig.get_path("scripts"))
    if tool is None:
        return [{"name": "lint", "met": False, "problem": "the ast-grep program is not installed"}]
    _make_corpus()
    with tempfile.TemporaryDirectory() as scratch:
        found = list(_folder_rows(tool, Path(scratch)))
        found += _search_rows(tool)
        found += _editor_rows(Path(scratch), tool)
    return found


def _make_corpus() -> None:
    if CORPUS.is_dir() and sum(1 for _ in CORPUS.rglob("*.*")) >= FILES * 0.9:
        return
    shutil.rmtree(CORPUS, ignore_errors=True)
    count = 0
    for name, folder in _sources():
        for file in sorted(folder.rglob("*")):
            if count == FILES:
                return
            inside = file.relative_to(folder)
            if "site-packages" in inside.parts or file.suffix not in {".py", ".ts", ".js"} or file.is_symlink():
                continue
            if file.is_file() and 100 < file.stat().st_size < 300_000:
                copy = CORPUS / name / inside
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
                count += 1


def _sources() -> list[tuple[str, Path]]:
    npm = ROOT / "build" / "npm" / "node_modules"
    packages = [("packages", Path(sysconfig.get_path("purelib"))), ("stdlib", Path(sysconfig.get_path("stdlib")))]
    return ([("npm", npm)] if npm.is_dir() else []) + packages


def _folder_rows(tool: str, scratch: Path) -> Iterator[Row]:
    for name, texts, goal in (
        ("cold lint, 10 ordinary rules", rule_texts("ordinary"), ORDINARY_GOAL),
        ("cold lint, rules with rare literals", rule_texts("rare"), 0.3),
        ("cold lint, 100 rules", rule_texts("hundred"), 0.75),
    ):
        config = _project(scratch / name.replace(" ", "-"), texts)
        scan = [tool, "scan", "--config", str(config), "--json=stream", str(CORPUS)]
        ours, theirs = _sides(_ours(config), scan)
        yield _row(name, ours, theirs, "ast-grep", goal)
        if goal == ORDINARY_GOAL:
            ratio = ours.peak_mib / theirs.peak_mib
            yield _shape("peak memory, 10 rules", ours.peak_mib, "MiB", "ast-grep", ratio=ratio, goal=1.0)
    config = scratch / "cold-lint,-10-ordinary-rules" / "sgconfig.yml"
    scan = [tool, "scan", "--config", str(config), "--json=stream", str(CORPUS)]
    yield _in_process(config)
    cached = _ours(config, str(scratch / "cache"))
    usage(cached)
    time.sleep(2.5)  # files must have rested for 2 s before what the file system says of them is trusted
    usage(cached)
    yield _row("lint of an unchanged tree, new process", *_sides(cached, scan), "ast-grep", 0.02)


def _in_process(config: Path) -> Row:
    """Both linters inside a Python program: the peer offers one rule over one parsed text at a time."""
    name = "cold lint in process, 10 rules"
    if importlib.util.find_spec("ast_grep_py") is None:
        return {"name": name, "unit": "s", "peer": "ast-grep-py", "goal": 0.2, "met": False, "problem": "not installed"}
    peer = [sys.executable, str(Path(__file__).parent / "lint_tools.py"), "ast-grep-py", str(CORPUS), "ordinary"]
    return _row(name, *_sides(_ours(config), peer, rounds=1), "ast-grep-py", 0.2)


def _search_rows(tool: str) -> list[Row]:
    ours = [sys.executable, "-c", _SEARCH, str(CORPUS)]
    theirs = [tool, "run", "--pattern", "os.path.join($$$A)", "--lang", "python", "--json=stream", str(CORPUS)]
    return [_row("AST search, pattern with a literal", *_sides(ours, theirs), "ast-grep run", 0.1)]


def _editor_rows(scratch: Path, tool: str) -> Iterator[Row]:
    commands = editors(ROOT, scratch, tool)
    for size_kb in SIZES_KB:
        times, problems = _edit_times(commands, scratch, size_kb)
        ours = times.pop("orchestrator", None)
        title = f"didChange to diagnostics, {size_kb} KB"
        goal = 0.6 if size_kb >= 100 else 1.0
        if ours is None or not times:
            yield {"name": title, "met": False, "goal": goal, "problem": "; ".join(problems)}
            continue
        best = min(times, key=lambda name: times[name])
        shown = ", ".join(f"{name} {taken_s * 1000:.1f} ms" for name, taken_s in times.items())
        row = _shape(title, ours * 1000, "ms", shown, ratio=ours / times[best], goal=goal)
        yield row | ({"problem": "; ".join(problems)} if problems else {})


def _edit_times(
    commands: dict[str, list[str] | str], scratch: Path, size_kb: int
) -> tuple[dict[str, float], list[str]]:
    """Medians of all servers, which are asked in turns; and why some were not measured."""
    problems = [f"{name}: {command}" for name, command in commands.items() if isinstance(command, str)]
    sessions: dict[str, EditSession] = {}
    times: dict[str, list[float]] = {}
    try:
        for name, command in commands.items():
            if not isinstance(command, str):
                sessions[name] = EditSession(command, scratch, size_kb)
                times[name] = []
        for step in range(EDITS + 1):
            for name in list(times):
                try:
                    if step == 0:
                        sessions[name].begin()
                    else:
                        times[name].append(sessions[name].edit())
                except (OSError, TimeoutError, ValueError) as error:
                    problems.append(f"{name}: {error}")
                    del times[name]
            time.sleep(TYPING_PAUSE_S)
    finally:
        for session in sessions.values():
            session.close()
    return {name: statistics.median(taken[WARM_EDITS:]) for name, taken in times.items()}, problems


def _project(folder: Path, text: str) -> Path:
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "all.yml").write_text(text)
    (folder / "sgconfig.yml").write_text("ruleDirs: [rules]\n")
    return folder / "sgconfig.yml"


_LINT = """
import sys
import orchestrator_core as core
rules = core.RuleSet.from_config(sys.argv[1])
report = core.lint_paths(rules, sys.argv[2], max_findings=10_000_000, cache=sys.argv[3] or None)
assert report.checked_count > 1000 and not rules.problems
"""
_SEARCH = """
import sys
import orchestrator_core as core
assert core.ast_match(sys.argv[1], "os.path.join($$$A)", "python", max_matches=10_000_000).matches
"""


def _ours(config: Path, cache: str = "") -> list[str]:
    return [sys.executable, "-c", _LINT, str(config), str(CORPUS), cache]


def _sides(ours: list[str], theirs: list[str], rounds: int = ROUNDS) -> tuple[Usage, Usage]:
    """Medians, measured in turns."""
    taken: tuple[list[Usage], list[Usage]] = ([], [])
    for _ in range(rounds):
        for command, found in zip((ours, theirs), taken, strict=True):
            found.append(usage(command))
    return _median(taken[0]), _median(taken[1])


def _median(taken: list[Usage]) -> Usage:
    median = statistics.median
    return Usage(median(t.wall_s for t in taken), median(t.cpu_s for t in taken), median(t.peak_mib for t in taken))


def _row(name: str, ours: Usage, theirs: Usage, peer: str, goal: float) -> Row:
    cpu = f"{peer} {theirs.wall_s:.2f} s; CPU {ours.cpu_s / theirs.cpu_s:.3f} of its {theirs.cpu_s:.2f} s"
    return _shape(name, ours.wall_s, "s", cpu, ratio=ours.wall_s / theirs.wall_s, goal=goal)


def _shape(name: str, value: float, unit: str, peer: str, *, ratio: float, goal: float) -> Row:
    return {
        "name": name, "value": value, "unit": unit, "peer": peer, "ratio": ratio, "goal": f"<= {goal:g}",
        "met": ratio <= goal,
    }  # fmt: skip
