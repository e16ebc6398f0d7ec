"""Whether structure pays: the same tasks by one session and by the orchestrator, judged by tests that neither saw.

`python tests/structure/run.py` simulates models of several competences and writes docs/structure.md and its plot;
`--provider URL --model NAME --key-env VARIABLE` asks a real model instead and prints the table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from comparing import SEED, compare, line, missions, one_shots
from corpus import tasks
from experiment import Model, suffices
from fetch import CACHE, fetch
from judge import Judge
from report import DOCS, Line, page, plot, table

LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=40)
    parser.add_argument("--p", type=float, nargs="+", default=LEVELS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--lanes", type=int, default=3)
    parser.add_argument("--provider", default="", help="base URL of an OpenAI-compatible provider")
    parser.add_argument("--model", default="")
    parser.add_argument("--key-env", default="", help="variable that holds the provider's key")
    parser.add_argument("--write", action="store_true", help="write docs/structure.md and its plot")
    return parser.parse_args()


def main() -> None:
    """Run what the arguments ask for and print the table."""
    options = _parsed()
    chosen = tasks(fetch(), options.seed)[: options.tasks]
    with Judge() as judge:
        if options.provider:
            model = Model(options.provider, options.model, options.key_env)
            single = one_shots(chosen, model, options.lanes)
            lines = [line(chosen, None, single, missions(chosen, model, options.lanes), judge)]
        else:
            lines = []
            for p in sorted(options.p):
                lines.append(compare(chosen, p, options.seed, options.lanes, judge))
                keep(lines, frozenset())
                print(table(lines, frozenset()).splitlines()[-1], flush=True)
        enough = frozenset(task.skill.name for task in chosen if suffices(task, judge))
    keep(lines, enough)
    print(table(lines, enough))
    if options.write:
        DOCS.joinpath("structure.md").write_text(page(lines, enough, options.seed))
        DOCS.joinpath("structure.svg").write_text(plot(lines))


def keep(lines: Sequence[Line], enough: AbstractSet[str]) -> None:
    """Every verdict, in build/structure/results.json."""
    rows = [item.as_json() for item in lines]
    CACHE.joinpath("results.json").write_text(json.dumps({"enough": sorted(enough), "lines": rows}, indent=1))


if __name__ == "__main__":
    main()
