"""How often the cross-file checks accuse real code: findings per 1,000 files.

The judge: a package that installs and imports is right, so every finding in it that would refuse a change counts as a
false alarm, even one that is a true defect. Beside the count stand how many of them ruff reports too (F821, undefined
names, the same line), and how many findings only inform. The bound is the upper end of the 95 % Wilson interval, each
file taken as one trial; findings of one package come together, so it is a little too low. The tables:

- installed Python distributions, each one workspace with the others as its installed dependencies;
- releases that the rules were mended by, and releases that they had never seen (`releases.py`), all without their
  dependencies;
- what a mission would be refused for: the findings of the newer release that the gates do not excuse with the older one
  as the base, per 1,000 changed files;
- npm packages with their sources.

    python tests/mutants/false_alarms.py [--only tuning|held-out] [PACKAGE…]
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import node_packages
import python_packages
import releases

from orchestrator.domain.finding import Finding
from orchestrator.review.imports import ImportJudge
from orchestrator.review.sources import read_sources
from orchestrator.review.sync import SyncGate

GOAL_PER_1000 = 1.0
_Z = 1.96
SETS = {"tuning": releases.TUNING, "held-out": releases.HELD_OUT}
GATES = ("sync", "imports")
ENVIRONMENT = {"PATH": str(Path(sys.executable).parent)}
_DEVELOPMENT = re.compile(r"(^|/)(tests?|benchmarks?)/|(^|/)(test_|conftest)")


@dataclass(frozen=True)
class Counted:
    """The files of one kind of code, and what was found in them.

    An alarm, one line each, would be refused; ruff finds the confirmed ones too; the told ones only inform.
    """

    kind: str
    file_count: int
    alarms: tuple[str, ...]
    confirmed_count: int = 0
    told_count: int = 0

    @property
    def per_1000(self) -> float:
        """Alarms per 1,000 files, confirmed ones too."""
        return 1000 * len(self.alarms) / max(1, self.file_count)

    @property
    def bound_per_1000(self) -> float:
        """The upper end of the 95 % Wilson interval of the rate."""
        count, share = max(1, self.file_count), min(1.0, len(self.alarms) / max(1, self.file_count))
        spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
        return 1000 * (share + _Z**2 / (2 * count) + spread) / (1 + _Z**2 / count)

    @property
    def is_met(self) -> bool:
        """Whether the rate is below the goal."""
        return self.per_1000 < GOAL_PER_1000


def python(kind: str, chosen: Iterable[python_packages.Package]) -> list[Counted]:
    """Both gates over Python packages, each unpacked as a workspace with its manifest.

    The imports of a package's own tests and benchmarks are left out: no wheel says what they need.
    """
    counts, alarms, confirmed = Counter[str](), defaultdict[str, list[str]](list), Counter[str]()
    told = Counter[str]()
    for package in chosen:
        with tempfile.TemporaryDirectory() as folder:
            paths = python_packages.unpack(package, Path(folder))
            index = python_packages.index(Path(folder), paths, package.tops)
            counts["sync"] += len(index)
            found = index.check()
            undefined = _undefined(folder) if found else frozenset[tuple[str, int]]()
            confirmed["sync"] += sum((one.path, one.start_line + 1) in undefined for one in found)
            alarms["sync"] += [f"{one.path}:{one.start_line + 1}: {one.message} [{one.rule}]" for one in found]
            missing, checked_count = _missing(folder, paths, paths)
            counts["imports"] += checked_count
            _sort([finding for _, finding in missing], "imports", alarms, told)
    return [
        Counted(f"{gate}, {kind}", counts[gate], tuple(alarms[gate]), confirmed[gate], told[gate]) for gate in GATES
    ]


def upgraded(kind: str, pairs: Iterable[releases.Upgrade]) -> list[Counted]:
    """Both gates as a mission hears them: the older release is the base, the newer one the work."""
    count, alarms, told = 0, defaultdict[str, list[str]](list), Counter[str]()
    for pair in pairs:
        with tempfile.TemporaryDirectory() as folder:
            paths = python_packages.unpack(pair.old, Path(folder))
            base = SyncGate(folder, folder, ENVIRONMENT)
            known = {key for key, _ in _missing(folder, paths, paths)[0]}
            changed = pair.apply(Path(folder))
            count += len(changed)
            _sort(base.judge(folder, changed)[0], "sync", alarms, told)
            present = [path for path in changed if path in pair.new.paths]
            missing, _ = _missing(folder, [*pair.new.paths, "pyproject.toml"], present)
            _sort([finding for key, finding in missing if key not in known], "imports", alarms, told)
    return [Counted(f"{gate}, {kind}", count, tuple(alarms[gate]), told_count=told[gate]) for gate in GATES]


def _sort(found: Iterable[Finding], gate: str, alarms: dict[str, list[str]], told: Counter[str]) -> None:
    """Findings that refuse to the alarms, the others to the count of those that inform."""
    for finding in found:
        if finding.severity == "info":
            told[gate] += 1
        else:
            alarms[gate].append(_line(finding))


def scripts(root: Path) -> Counted:
    """The sync gate over npm packages below a node_modules folder."""
    count, alarms = 0, list[str]()
    for package in node_packages.packages(root):
        index = node_packages.index(package)
        count += len(index)
        alarms += [
            f"{package.name}/{one.path}:{one.start_line + 1}: {one.message} [{one.rule}]" for one in index.check()
        ]
    return Counted("sync, npm packages", count, tuple(alarms))


def _missing(folder: str, paths: list[str], judged: Iterable[str]) -> tuple[list[tuple[str, Finding]], int]:
    """What the imports gate misses, by its key, and how many files it looked at."""
    judge = ImportJudge(folder, paths, folder, ENVIRONMENT)
    found, looked = judge.missing(read_sources(folder, [path for path in judged if not _DEVELOPMENT.search(path)]))
    return [(gap.key, gap.finding) for gap in found], looked.checked_count


def _undefined(folder: str) -> frozenset[tuple[str, int]]:
    """Path and line of each undefined name that ruff reports below a folder."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    command = [ruff, "check", "--isolated", "--no-cache", "--select", "F821", "--output-format", "json", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
    root = Path(folder).resolve()
    return frozenset(
        (Path(one["filename"]).resolve().relative_to(root).as_posix(), one["location"]["row"])
        for one in json.loads(done.stdout)
    )


def _line(finding: Finding) -> str:
    return f"{finding.path}:{finding.start_line + 1}: {finding.message} [{finding.rule}]"


def main() -> int:
    """Print the tables and every alarm; 1 when a goal is not met."""
    parser = argparse.ArgumentParser(description="How often the cross-file checks accuse real code.")
    parser.add_argument("packages", nargs="*", help="installed packages, by default everything")
    parser.add_argument("--only", choices=("tuning", "held-out"), help="one set of releases and nothing else")
    chosen = parser.parse_args()
    counted = [] if chosen.only else _installed(chosen.packages)
    if not chosen.packages:
        counted += [table for kind in SETS if chosen.only in {None, kind} for table in _released(kind)]
        root = None if chosen.only else node_packages.installed()
        counted += [scripts(root)] if root is not None else []
    for one in counted:
        verdict = "met" if one.is_met else "NOT MET"
        print(f"{one.kind}: {len(one.alarms)} alarms in {one.file_count} files, {one.per_1000:.2f} per 1,000", end="")
        print(f" (95 % bound {one.bound_per_1000:.2f}, {verdict})", end="")
        print(f"; {one.confirmed_count} of them ruff reports too" if one.confirmed_count else "", end="")
        print(f"; {one.told_count} more only inform" if one.told_count else "")
        for alarm in one.alarms:
            print(f"    {alarm}")
    return 0 if all(one.is_met for one in counted) else 1


def _installed(names: list[str]) -> list[Counted]:
    chosen = [package for package in python_packages.packages() if not names or package.name in names]
    known = python_packages.importable({top for package in chosen for top in package.tops})
    chosen = [package for package in chosen if package.tops & known]
    print(f"{len(chosen)} importable Python packages", flush=True)
    return python("installed Python packages", chosen)


def _released(kind: str) -> list[Counted]:
    pairs = releases.upgrades(SETS[kind])
    return [
        *python(f"{kind} releases", [pair.new for pair in pairs]),
        *upgraded(f"changed files of {kind} releases", pairs),
    ]


if __name__ == "__main__":
    sys.exit(main())
