"""Mutated sources through the parser and all rules: nothing crashes, and the answer is the same each time.

`python tests/parity/fuzz.py 200000 7` tries so many inputs from this seed and prints what became of them.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orchestrator_core as core

HERE = Path(__file__).parent
ENDS = ("py", "ts", "tsx", "js", "html", "css", "rs", "go")
BATCH = 250

SEEDS = {
    "py": b"import os\nclass A(object):\n    def f(self, a=[], *, b=None):\n        try:\n            print(a == None)"
    b"\n        except ValueError as e:\n            raise KeyError(a) from e\n# ast-grep-ignore: x\nassert (a, b)\n",
    "ts": b"import { a } from 'b';\nexport interface X<T> { y?: T }\nconst q = css`a { color: red }`;\n"
    b"export function f(a: any): number { for (const x of a) { console.log(x as any); } return 1; }\n",
    "tsx": b"export const V = (p: P) => <div a={p.x}>text {p.y && <B />} more</div>;\n",
    "js": b"var a = require('b');\nfunction f(){ if (a == null) { return eval(a[0]); } else { throw new E(); } }\n",
    "html": b"<!doctype html><a href='x'>t</a><style>a { color: red }</style><script>var x = y == null;</script>\n",
    "css": b"a:hover, b > c { color: #fff; margin: calc(1px + 2%) }\n@media (x) { d { e: f } }\n",
    "rs": b'fn main() -> Result<(), E> { let x = vec![1]; for i in x { println!("{i}"); } todo!(); Ok(()) }\n',
    "go": b'package a\nimport "fmt"\nfunc f(x int) error { defer g(); if x > 1 { return fmt.Errorf("%d", x) } }\n',
}
WORDS = """( ) [ ] { } ' " ` \\ # // /* <script> $A $$$ ... => class def é 🦀"""
BITS = (
    *(word.encode() for word in WORDS.split()),
    b"# ast-grep-ignore",
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\r\n", b"\n", b"\t", b"\x0c"),
)


def rules() -> core.RuleSet:
    """The built-in rules and those of the comparison with ast-grep: every construct, every language that has rules."""
    return core.RuleSet.builtin().extended(core.RuleSet.from_config(str(HERE / "project" / "sgconfig.yml")))


def mutated(random_: random.Random, source: bytes, other: bytes) -> bytes:
    """A source with some bytes deleted, doubled, replaced, inserted, repeated many times, or joined with another."""
    for _ in range(random_.randint(1, 6)):
        at = random_.randint(0, len(source))
        end = min(len(source), at + random_.choice((1, 2, 8, 40)))
        match random_.randrange(6):
            case 0:
                source = source[:at] + source[end:]
            case 1:
                source = source[:end] + source[at:]
            case 2:
                source = source[:at] + random_.choice(BITS) + source[end:]
            case 3:
                source = source[:at] + random_.choice(BITS) + source[at:]
            case 4:
                source = source[:at] + random_.choice(BITS) * random_.choice((2, 30, 400)) + source[at:]
            case _:
                source = source[:at] + other[random_.randint(0, len(other)) :]
    return source[:20_000]


def batch(checked: core.RuleSet, seed: int, count: int) -> Counter[str]:
    """What became of some inputs: "clean", "findings", or the reason why one was not checked."""
    random_ = random.Random(seed)  # noqa: S311 - the same inputs each time, no secret
    seen: Counter[str] = Counter()
    for number in range(count):
        end = random_.choice(ENDS)
        source = mutated(random_, SEEDS[end], SEEDS[random_.choice(ENDS)])
        path = f"a.{end}"
        report = core.lint_text(checked, path, source)
        core.syntax_errors(path, source)
        for found in report.findings:
            assert 0 <= found.start_byte <= found.end_byte <= len(source), (path, source)
        core.apply_fixes(source, report.findings)
        if number % 10 == 0 and report.status == "checked":
            _edited_is_the_same(checked, random_, path, source.decode())
        seen[report.reason or ("findings" if report.findings else "clean")] += 1
    return seen


def _edited_is_the_same(checked: core.RuleSet, random_: random.Random, path: str, source: str) -> None:
    """A text that came about by an edit has the findings that it has when it is read anew.

    What a parser makes of a broken source may depend on its past; only whole sources are compared.
    """
    text = core.OpenText(path, source, "utf-16")
    text.lint(checked)
    line = random_.randint(0, source.count("\n"))
    text.change([((line, 0, line, random_.randint(0, 9)), random_.choice(("", "x", "\n", "print(1)\n")))])
    edited = text.lint(checked)
    if edited.status == "checked" and not any(found.rule_id == "syntax-error" for found in edited.findings):
        fresh = core.lint_text(checked, path, text.source.encode())
        mine = [(found.rule_id, found.start_byte, found.end_byte) for found in edited.findings]
        assert mine == [(found.rule_id, found.start_byte, found.end_byte) for found in fresh.findings], text.source


def run(count: int, seed: int) -> Counter[str]:
    """So many inputs, on all processors."""
    checked = rules()
    seeds = range(seed * 1_000_003, seed * 1_000_003 + count // BATCH)
    with ThreadPoolExecutor() as pool:
        return sum(pool.map(lambda one: batch(checked, one, BATCH), seeds), Counter())


if __name__ == "__main__":
    outcome = run(int(sys.argv[1]), int(sys.argv[2]))
    print(f"{sum(outcome.values())} inputs: " + ", ".join(f"{name} {number}" for name, number in outcome.most_common()))
