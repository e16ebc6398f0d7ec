"""What is kept of the base of a mission, so that later trees can be judged against it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator import native
from orchestrator.domain.finding import Finding
from orchestrator.review.conventions import learn
from orchestrator.review.guardian import guardian_findings
from orchestrator.review.imports import ImportJudge
from orchestrator.review.judges import marks, pins_of
from orchestrator.review.kinds import has_inline_tests, is_check_config, is_runner, is_test, plantable_language
from orchestrator.review.sources import Looked, Source, all_paths, read_sources
from orchestrator.review.syntax import syntax_findings
from orchestrator.review.verdicts import BaseRun

MAX_KEPT_BYTES = 64_000_000
_BATCH = 200
_WORD = re.compile(r"[A-Za-z_]\w*")
_DEFINED = re.compile(
    r"\b(?:def|class|function\*?|fn|func|const|let|var|type|interface|enum|struct|trait|mod|module)\s+([A-Za-z_]\w*)"
    r"|\b([A-Za-z_]\w*)\s*(?::[^=\n()]{1,80})?=(?![=>])"
    r"|^[ \t]*(?:(?:async|static|public|private|protected|get|set)\s+)*([A-Za-z_]\w*)\s*"
    r"\([^()\n]*\)[^\n]{0,80}\{[ \t]*$",
    re.MULTILINE,
)


@dataclass(slots=True)
class Base:
    """The base of a mission.

    `kept` holds the bytes of what judges (tests, configuration of checks, scripts that run them), as long as they fit;
    `too_much` the paths of those that did not, `executable` the paths of those with that mode. `pins` are the lines of
    each manifest that name a test runner, `marks` what the judges gate found. `defined` are the
    names that the code defines, tests apart.
    """

    tree: str
    paths: frozenset[str]
    syntax: dict[str, tuple[Finding, ...]] = field(default_factory=dict[str, tuple[Finding, ...]])
    guardian: dict[str, tuple[Finding, ...]] = field(default_factory=dict[str, tuple[Finding, ...]])
    missing: set[str] = field(default_factory=set[str])
    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])
    too_much: set[str] = field(default_factory=set[str])
    executable: set[str] = field(default_factory=set[str])
    pins: dict[str, frozenset[bytes]] = field(default_factory=dict[str, frozenset[bytes]])
    marks: dict[str, tuple[Finding, ...]] = field(default_factory=dict[str, tuple[Finding, ...]])
    defined: set[str] = field(default_factory=set[str])
    runs: dict[str, BaseRun] = field(default_factory=dict[str, BaseRun])
    looked: dict[str, Looked] = field(default_factory=dict[str, Looked])
    conventions: native.Conventions | None = None


def words_of(content: bytes) -> set[str]:
    """The identifiers of a text."""
    return set(_WORD.findall(content.decode("utf-8", "replace")))


def defined_names(content: bytes) -> set[str]:
    """The names that a text of code seems to define: after a word such as `def`, before `=`, or as a method's head."""
    return {name for found in _DEFINED.findall(content.decode("utf-8", "replace")) for name in found if name}


def scan_base(root: str, tree: str, rules: native.RuleSet, workspace: str, environment: Mapping[str, str]) -> Base:
    """Look at every file of the base once. Takes some milliseconds a file; call it in a thread."""
    paths = all_paths(root)
    base = Base(tree, frozenset(paths))
    judge = ImportJudge(root, paths, workspace, environment)
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]

    def scan(batch: list[str]) -> tuple[list[Source], _Part]:
        return _scan(root, batch, rules, judge)

    size_bytes = 0
    totals: dict[str, list[Looked]] = defaultdict(list)
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for sources, parts in pool.map(scan, batches):
            size_bytes = _keep(base, root, sources, size_bytes)
            for gate, looked in parts.looked.items():
                totals[gate].append(looked)
            base.syntax |= by_path(parts.syntax)
            base.guardian |= by_path(parts.guardian)
            base.missing |= parts.missing
            base.marks |= by_path(parts.marks)
    for gate, looked in totals.items():
        skipped = {path: reason for part in looked for path, reason in part.skipped.items()}
        base.looked[gate] = Looked(sum(part.checked_count for part in looked), skipped)
    base.conventions = learn(root)
    return base


@dataclass(frozen=True, slots=True)
class _Part:
    syntax: list[Finding]
    guardian: list[Finding]
    missing: set[str]
    marks: list[Finding]
    looked: dict[str, Looked]


def _scan(root: str, batch: list[str], rules: native.RuleSet, judge: ImportJudge) -> tuple[list[Source], _Part]:
    sources = read_sources(root, batch)
    syntax, syntax_looked = syntax_findings(sources)
    guardian, guardian_looked = guardian_findings(rules, sources)
    missing, imports_looked = judge.missing(sources)
    looked = {"syntax": syntax_looked, "guardian": guardian_looked, "imports": imports_looked}
    return sources, _Part(syntax, guardian, {gap.key for gap in missing}, marks(sources), looked)


def _keep(base: Base, root: str, sources: list[Source], size_bytes: int) -> int:
    """Keep what judges among the sources; the new sum of what is kept."""
    for source in sources:
        if pins := pins_of(source.path, source.content):
            base.pins[source.path] = pins
        if _is_judge(source):
            if Path(root, source.path).stat().st_mode & 0o100:
                base.executable.add(source.path)
            if size_bytes + len(source.content) > MAX_KEPT_BYTES:
                base.too_much.add(source.path)
                continue
            base.kept[source.path] = source.content
            size_bytes += len(source.content)
        if plantable_language(source.path):
            base.defined |= defined_names(source.content)
    return size_bytes


def _is_judge(source: Source) -> bool:
    path = source.path
    return is_test(path) or is_check_config(path) or is_runner(path) or has_inline_tests(path, source.content)


def by_path(findings: Iterable[Finding]) -> dict[str, tuple[Finding, ...]]:
    """The findings of each file."""
    sorted_out: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        sorted_out[finding.path].append(finding)
    return {path: tuple(found) for path, found in sorted_out.items()}
