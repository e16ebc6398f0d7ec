"""The same rules over the same trees with the ast-grep program and with this core: what only one of them finds.

`python tests/parity/compare.py` compares whole trees and prints the numbers; the suite compares a sample. The rules in
`project/` use every construct of the format. Trees: installed Python packages, packages from npm (installed into
`build/npm` where they are missing), and the odd files that `edge_cases` writes.

Where the two differ on purpose, the trees hold no such file: sources larger than 2 MiB, with NUL bytes, not UTF-8, or
nested deeper than 3,000 levels are "not checked" here, while the program checks some of them and says nothing of the
others; hidden files are checked here and not there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orchestrator_core as core

HERE = Path(__file__).parent
NPM = HERE.parents[1] / "build" / "npm"
NPM_PACKAGES = {"rxjs": "7.8.1", "lodash": "4.17.21", "preact": "10.24.3"}
PYTHON_PACKAGES = ("pip", "pydantic", "hypothesis")
ENDS = {".py", ".pyi", ".ts", ".tsx", ".js", ".mjs", ".cjs", ".html", ".css"}
MAX_FILE_BYTES = 1 << 20

Row = tuple[Any, ...]
"""Rule, file, start and end of the finding, its replacement with start and end, and its labels."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many files and findings were compared, the rules that found something, and what only one side found."""

    file_count: int
    finding_count: int
    rules: set[str]
    only_ours: set[Row]
    only_theirs: set[Row]


def program() -> str | None:
    """The ast-grep program of this environment."""
    return shutil.which("ast-grep", path=sysconfig.get_path("scripts"))


def npm_packages() -> dict[str, Path]:
    """The npm packages, installed when they are missing. Empty where npm, or its registry, can't be reached."""
    modules = NPM / "node_modules"
    if not all((modules / name).is_dir() for name in NPM_PACKAGES):
        npm = shutil.which("npm")
        if npm is None:
            return {}
        NPM.mkdir(parents=True, exist_ok=True)
        wanted = [f"{name}@{version}" for name, version in NPM_PACKAGES.items()]
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(NPM), *wanted]
        subprocess.run(command, capture_output=True, timeout=120, check=False)
    return {name: modules / name for name in NPM_PACKAGES if (modules / name).is_dir()}


def trees() -> dict[str, Path]:
    """Names and folders of the real code."""
    found: dict[str, Path] = {}
    for name in PYTHON_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            found[name] = Path(spec.origin).parent
    return found | npm_packages()


def build(target: Path, sources: dict[str, Path], most_files: int | None = None) -> int:
    """Copy rules and sources into `target`; of each tree at most `most_files`, always the same. Answers the number."""
    shutil.copytree(HERE / "project", target, dirs_exist_ok=True)
    count = 0
    for name, folder in sources.items():
        files = [file for file in folder.rglob("*") if _is_wanted(file, folder)]
        files.sort(key=lambda file: hashlib.sha256(str(file.relative_to(folder)).encode()).digest())
        for file in files[:most_files]:
            copy = target / "tree" / name / file.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
            count += 1
    return count + edge_cases(target / "tree" / "edge")


def _is_wanted(file: Path, folder: Path) -> bool:
    if file.suffix not in ENDS or not file.is_file() or file.is_symlink() or file.stat().st_size > MAX_FILE_BYTES:
        return False
    parts = file.relative_to(folder).parts
    return not any(part.startswith(".") or part == "node_modules" for part in parts) and _is_text(file.read_bytes())


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def edge_cases(folder: Path) -> int:
    """Suppressions, injected languages, odd line ends."""
    files = {
        "silenced.py": "assert x  # ast-grep-ignore\n# ast-grep-ignore: py-assert-kind\nassert y\nassert z\n"
        "f(1)  # ast-grep-ignore: py-assert-kind\n# ast-grep-ignore: py-assert-kind, py-negation\nassert not a\n"
        "# prose about ast-grep-ignore\nassert b\ng(\n  1\n)  # ast-grep-ignore\n",
        "whole.py": "# ast-grep-ignore: py-assert-kind\n\nassert x\nassert not y\n",
        "all.py": "# ast-grep-ignore\n\nassert x\n# ast-grep-ignore: nothing\nassert y\n",
        "unused.py": "x = 1  # ast-grep-ignore: py-assert-kind\n",
        "page.html": "<a href='x'>t</a>\n<style>a { color: red; }</style>\n<script>\n"
        "var a = b == null; // ast-grep-ignore\n"
        "var c = d == null;\n</script>\n<script lang='ts'>let q: any = r as any;</script>\n"
        "<script lang='unknown'>var x;</script>\n<!-- ast-grep-ignore -->\n<a href='y'>u</a>\n",
        "styled.js": "const a = css`.x { color: red; }`;\nconst b = other`.x { color: red; }`;\n",
        "styled.ts": "const a = css`.x { color: red; }`;\nconst b = html`<a href='x'>y</a>`;\nconst c = what`x`;\n",
        "sheet.css": "a { color: red; background-color: blue }\n",
        "view.tsx": "export const V = () => <p title='x'>text {value} more</p>;\n",
        "fast.pyx": "assert x\nraise ValueError('a')\n",
        "crlf.py": "assert x\r\nif a:\r\n    return b\r\nraise KeyError(1)\r\n",
        "bom.py": "\ufeffassert x\nnot y\n",
        "empty.py": "",
        "broken.py": "def f(:\n  assert x\nclass\nprint('a', b\n",
        "wide.py": "x = 'äöü🦀' if a is None else raise_(b)\nraise TypeError('🦀', x)\nprint('ä', name)\n",
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return len(files)


def theirs(root: Path) -> set[Row]:
    """What the program finds. Raises RuntimeError when it fails."""
    tool = program()
    assert tool is not None, "the ast-grep program is not installed"
    command = [tool, "scan", "--json=stream", "--config", "sgconfig.yml", "tree"]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=600, check=False)
    if not ended.stdout and ended.stderr:
        raise RuntimeError(ended.stderr)
    return {_their_row(json.loads(line)) for line in ended.stdout.splitlines()}


def _their_row(found: dict[str, Any]) -> Row:
    span, fix = found["range"]["byteOffset"], found.get("replacementOffsets") or {}
    labels: list[tuple[int, int, bool, str | None]] = []
    if found["ruleId"] == "py-has-labels":
        for label in found["labels"]:
            offsets = label["range"]["byteOffset"]
            labels.append((offsets["start"], offsets["end"], label["style"] == "primary", label.get("message")))
    return (
        found["ruleId"], found["file"], found["severity"], span["start"], span["end"],
        found.get("replacement"), fix.get("start"), fix.get("end"), tuple(sorted(labels)),
    )  # fmt: skip


def ours(root: Path) -> list[Row]:
    """What this core finds. Raises RuntimeError for a rule that can't be used and a file that was not checked."""
    rules = core.RuleSet.from_config(str(root / "sgconfig.yml"))
    report = core.lint_paths(rules, str(root), ["tree"], max_findings=10_000_000)
    skipped = [skip for skip in report.skipped if not skip.reason.startswith(("no rules", "unknown language"))]
    if rules.problems or skipped or report.is_truncated:
        raise RuntimeError(f"{rules.problems} {skipped} {report.is_truncated}")
    return [_our_row(finding) for finding in report.findings]


def _our_row(found: core.Finding) -> Row:
    labels = tuple(sorted((one.start_byte, one.end_byte, one.is_primary, one.message) for one in found.labels))
    return (
        found.rule_id, found.path, found.severity, found.start_byte, found.end_byte,
        found.replacement, found.fix_start_byte, found.fix_end_byte, labels,
    )  # fmt: skip


def compare(root: Path, file_count: int) -> Outcome:
    """Run both."""
    our_rows, their_rows = ours(root), theirs(root)
    mine = set(our_rows)
    assert len(mine) == len(our_rows), "a finding is reported twice"
    return Outcome(file_count, len(their_rows), {row[0] for row in their_rows}, mine - their_rows, their_rows - mine)


def main() -> int:
    """Compare the whole trees; 0 when nothing differs."""
    sources = trees()
    with tempfile.TemporaryDirectory() as scratch:
        outcome = compare(Path(scratch), build(Path(scratch), sources))
    rules = core.RuleSet.from_config(str(HERE / "project" / "sgconfig.yml"))
    print(f"trees: {', '.join(sorted(sources))}, edge cases")
    print(f"{outcome.file_count} files, {len(rules)} rules, {outcome.finding_count} findings of ast-grep")
    print(f"rules that found something: {len(outcome.rules)}")
    print(f"only here: {len(outcome.only_ours)}, only there: {len(outcome.only_theirs)}")
    for name, rows in (("only here", outcome.only_ours), ("only there", outcome.only_theirs)):
        for row in sorted(rows, key=str)[:20]:
            print(f"  {name}: {row}")
    return 1 if outcome.only_ours or outcome.only_theirs else 0


if __name__ == "__main__":
    sys.exit(main())
