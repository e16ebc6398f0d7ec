"""How many mutations of real code the cross-file checks catch.

Each mutant is one changed file of an installed package, and breaks something by the rule of `mutations.py`. It is
caught when the gates for imports and cross-file checks have a finding that the package as it is does not have.

    python tests/mutants/mutants.py [--limit N] [--seed N] [PACKAGE…]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import mutations
import python_packages

from orchestrator.review.imports import ImportJudge
from orchestrator.review.sources import Source

GOAL = 0.95
PACKAGES = (
    "rich",
    "anyio",
    "pygls",
    "attrs",
    "cattrs",
    "click",
    "packaging",
    "pluggy",
    "pytest",
    "markdown-it-py",
    "tomlkit",
    "import-linter",
    "hatchling",
    "pathspec",
    "pygments",
    "tenacity",
    "platformdirs",
    "hypothesis",
)
PER_KIND = 12


def caught(
    package: python_packages.Package, limit: int, seed: int, left_out: Counter[str]
) -> dict[str, list[tuple[mutations.Mutant, bool]]]:
    """The mutants of one package by kind, at most `limit` of each, and whether a gate noticed."""
    results: dict[str, list[tuple[mutations.Mutant, bool]]] = defaultdict(list)
    paths = list(package.paths)
    modules = mutations.load(python_packages.SITE, paths, left_out)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path in paths:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(python_packages.SITE / path, root / path)
        base = python_packages.index(root, paths, package.tops)
        before = Counter((one.rule, one.path, one.text) for one in base.check())
        for mutant in mutations.mutants(modules, seed, left_out):
            if len(results[mutant.kind]) >= limit:
                if all(len(results[kind]) >= limit for kind in mutations.KINDS):
                    left_out["packages: not read to the end, the limit was reached for all kinds"] += 1
                    break
                left_out[f"mutants: {mutant.kind} beyond the limit of {limit}"] += 1
                continue
            place = root / mutant.path
            original = place.read_bytes()
            place.write_text(mutant.source, "utf-8")
            index = python_packages.index(root, paths, package.tops, base)
            after = Counter((one.rule, one.path, one.text) for one in index.check(base) if one.severity == "error")
            is_caught = bool(after - before) or _unresolved(root, paths, mutant)
            results[mutant.kind].append((mutant, is_caught))
            place.write_bytes(original)
    return results


def _unresolved(root: Path, paths: list[str], mutant: mutations.Mutant) -> bool:
    """Whether the imports gate has a finding in the mutated file; asked only for a misspelt import."""
    if mutant.kind != "misspell-import":
        return False
    judge = ImportJudge(str(root), paths, str(root), {"PATH": str(Path(sys.executable).parent)})
    before, _ = judge.missing([Source(mutant.path, (python_packages.SITE / mutant.path).read_bytes())])
    found, _ = judge.missing([Source(mutant.path, mutant.source.encode())])
    return bool({gap.key for gap in found} - {gap.key for gap in before})


def run(
    names: Iterable[str], limit: int, seed: int, left_out: Counter[str]
) -> dict[str, list[tuple[mutations.Mutant, bool]]]:
    """All packages together; `left_out` counts what was no subject, by its reason."""
    total: dict[str, list[tuple[mutations.Mutant, bool]]] = defaultdict(list)
    for package in python_packages.packages():
        if package.name in names:
            for kind, results in caught(package, limit, seed, left_out).items():
                total[kind] += results
    return total


def main() -> int:
    """Print each kind's rate and every mutant that was missed; 1 when the goal is not met."""
    parser = argparse.ArgumentParser(description="How many mutations of real code the cross-file checks catch.")
    parser.add_argument("packages", nargs="*", default=list(PACKAGES))
    parser.add_argument("--limit", type=int, default=PER_KIND, help="mutants of each kind and package")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    left_out = Counter[str]()
    total = run(chosen.packages, chosen.limit, chosen.seed, left_out)
    for kind in mutations.KINDS:
        print(_rate(kind, total[kind]))
    everything = [result for results in total.values() for result in results]
    print(_rate("all", everything), f"(goal: at least {GOAL:.0%}; seed {chosen.seed})")
    for mutant, is_caught in everything:
        if not is_caught:
            print(f"    missed: {mutant.kind} {mutant.path}: {mutant.what}")
    print("not counted, by reason:")
    for reason, count in sorted(left_out.items()):
        print(f"    {reason}: {count}")
    is_met = sum(is_caught for _, is_caught in everything) >= GOAL * len(everything)
    return 0 if everything and is_met else 1


def _rate(name: str, results: list[tuple[mutations.Mutant, bool]]) -> str:
    count = sum(is_caught for _, is_caught in results)
    return f"{name}: {count} of {len(results)} caught, {100 * count / max(1, len(results)):.1f} %"


if __name__ == "__main__":
    sys.exit(main())
