"""Speed and memory of the guardian beside ast-grep, ruff and oxlint, on the same files, in the same run.

Ratios are our time by the peer's, of medians; each round measures all of them one after the other, so that a busy
machine slows both. The corpus, 5,000 files of installed Python and npm packages, is written once into `build/`.
"""

from __future__ import annotations

import importlib.util
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lint_tools import EditSession, editors, peak_mib, rule_texts

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "build" / "lint-corpus"
FILES = 5_000
ROUNDS = 3
SIZES_KB = (4, 20, 100, 370)
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
        ("cold lint, 10 ordinary rules", rule_texts("ordinary"), 0.65),
        ("cold lint, rules with rare literals", rule_texts("rare"), 0.3),
        ("cold lint, 100 rules", rule_texts("hundred"), 0.75),
    ):
        config = _project(scratch / name.replace(" ", "-"), texts)
        theirs = lambda config=config: _run([tool, "scan", "--config", str(config), "--json=stream", str(CORPUS)])  # noqa: E731 - one call
        yield _row(name, _sides(lambda config=config: _run(_ours(config)), theirs), "ast-grep", goal)
    config = scratch / "cold-lint,-10-ordinary-rules" / "sgconfig.yml"
    scan = [tool, "scan", "--config", str(config), "--json=stream", str(CORPUS)]
    yield _in_process(config)
    cached = _ours(config, str(scratch / "cache"))
    _run(cached)
    time.sleep(2.5)  # files must have rested for 2 s before what the file system says of them is trusted
    _run(cached)
    yield _row(
        "lint of an unchanged tree, new process", _sides(lambda: _run(cached), lambda: _run(scan)), "ast-grep", 0.02
    )
    ours, theirs_mib = peak_mib(_ours(config)), peak_mib(scan)
    yield _shape("peak memory, 10 rules", ours, "MiB", "ast-grep", ratio=ours / theirs_mib, goal=1.0)


def _in_process(config: Path) -> Row:
    """Both linters inside a Python program: the peer offers one rule over one parsed text at a time."""
    name = "cold lint in process, 10 rules"
    if importlib.util.find_spec("ast_grep_py") is None:
        return {"name": name, "unit": "s", "peer": "ast-grep-py", "goal": 0.2, "met": False, "problem": "not installed"}
    peer = [sys.executable, str(Path(__file__).parent / "lint_tools.py"), "ast-grep-py", str(CORPUS), "ordinary"]
    return _row(name, _sides(lambda: _run(_ours(config)), lambda: _run(peer), rounds=1), "ast-grep-py", 0.2)


def _search_rows(tool: str) -> list[Row]:
    ours = [sys.executable, "-c", _SEARCH, str(CORPUS)]
    theirs = [tool, "run", "--pattern", "os.path.join($$$A)", "--lang", "python", "--json=stream", str(CORPUS)]
    return [
        _row(
            "AST search, pattern with a literal", _sides(lambda: _run(ours), lambda: _run(theirs)), "ast-grep run", 0.1
        )
    ]


def _editor_rows(scratch: Path, tool: str) -> list[Row]:
    found: list[Row] = []
    for size_kb in SIZES_KB:
        times: dict[str, float] = {}
        problems: list[str] = []
        for name, command in editors(ROOT, scratch, tool).items():
            if isinstance(command, str):
                problems.append(f"{name}: {command}")
                continue
            try:
                times[name] = EditSession(command, scratch, size_kb).median_s()
            except (OSError, TimeoutError, ValueError) as error:
                problems.append(f"{name}: {error}")
        ours = times.pop("orchestrator", None)
        title = f"didChange to diagnostics, {size_kb} KB"
        goal = 0.6 if size_kb >= 100 else 1.0
        if ours is None or not times:
            found.append({"name": title, "met": False, "goal": goal, "problem": "; ".join(problems)})
            continue
        best = min(times, key=lambda name: times[name])
        row = _shape(title, ours * 1000, "ms", best, ratio=ours / times[best], goal=goal)
        found.append(row | ({"problem": "; ".join(problems)} if problems else {}))
    return found


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


def _run(command: list[str]) -> None:
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=600, check=False)
    if ended.returncode not in {0, 1} or b"Traceback" in ended.stderr:
        raise RuntimeError(ended.stderr.decode()[-500:])


def _sides(ours: Callable[[], None], theirs: Callable[[], None], rounds: int = ROUNDS) -> tuple[float, float]:
    mine: list[float] = []
    other: list[float] = []
    for _ in range(rounds):
        for side, times in ((ours, mine), (theirs, other)):
            started = time.perf_counter()
            side()
            times.append(time.perf_counter() - started)
    return statistics.median(mine), statistics.median(other)


def _row(name: str, sides: tuple[float, float], peer: str, goal: float) -> Row:
    return _shape(name, sides[0], "s", peer, ratio=sides[0] / sides[1], goal=goal)


def _shape(name: str, value: float, unit: str, peer: str, *, ratio: float, goal: float) -> Row:
    return {
        "name": name, "value": value, "unit": unit, "peer": peer, "ratio": ratio, "goal": f"<= {goal:g}",
        "met": ratio <= goal,
    }  # fmt: skip
