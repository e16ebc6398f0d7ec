"""The same files and lines as ripgrep, on trees made to be hard and on installed packages."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import orchestrator_core as core

RIPGREP = Path(sys.executable).with_name("rg")
FLAGS = ("--no-config", "--hidden", "--no-require-git", "--no-ignore-parent", "--no-ignore-global", "--glob=!.git")
PACKAGES = Path(sysconfig.get_paths()["purelib"])
Lines = set[tuple[str, int]]


def theirs(root: Path, *arguments: str) -> Lines:
    """Path and one-based line of each matching line, by ripgrep."""
    command = [str(RIPGREP), *FLAGS, "--null", "--line-number", "--no-heading", "--color=never", *arguments, "./"]
    done = subprocess.run(command, cwd=root, capture_output=True, timeout=100, check=False)
    assert done.returncode in {0, 1, 2}, done.stderr
    found: Lines = set()
    for line in done.stdout.split(b"\n"):
        path, separator, rest = line.partition(b"\0")
        number = rest.partition(b":")[0]
        if separator and number.isdigit():
            found.add((path.decode().removeprefix("./"), int(number)))
    return found


def ours(root: Path, *patterns: str, **options: object) -> tuple[Lines, set[str]]:
    """The same by the core, and the files that it took for binary."""
    report = core.grep(str(root), patterns, max_matches=1_000_000, **options)  # pyright: ignore[reportArgumentType] - by name
    assert not report.is_truncated
    binary = {one.path for one in report.skipped if one.reason == "binary"}
    return {(match.path, match.line + 1) for match in report.matches}, binary


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree below folders that a program would leave out, full of ignore files and encodings."""
    root = tmp_path_factory.mktemp("x") / "build" / ".hidden" / "target"
    texts = {
        ".gitignore": "*.log\n/build/\n!keep.log\nout\n**/deep/*.tmp\ntrail\\ \n[\n# one hit\nname[0-9].txt\n",
        ".ignore": "*.skip\n!important.log\n",
        ".rgignore": "only_rg.txt\n!again.skip\n",
        "a.txt": "hit one\n\nno\nHIT two\nhit\tthree",
        "crlf.txt": "hit\r\nmiss\r\nhit end\r\n",
        "x.log": "hit\n",
        "important.log": "hit\n",
        "sub/keep.log": "hit\n",
        "again.skip": "hit\n",
        "other.skip": "hit\n",
        "only_rg.txt": "hit\n",
        "name1.txt": "hit\n",
        "namex.txt": "hit\n",
        "build/ignored.txt": "hit\n",
        "sub/build/not_ignored.txt": "hit\n",
        "sub/.gitignore": "!x.log\n/top.txt\n*.md\n",
        "sub/x.log": "hit\n",
        "sub/top.txt": "hit\n",
        "sub/down/top.txt": "hit\n",
        "sub/down/a.md": "hit\n",
        "sub/down/.ignore": "!a.md\n",
        "out/ignored.txt": "hit\n",
        ".hidden_file": "hit\n",
        ".hidden_folder/file": "hit\n",
        "a-b/file": "hit\n",
        "a/file": "hit\n",
        "deep/x.tmp": "hit\n",
        ".git/config": "hit\n",
        ".git/info/exclude": "excluded.txt\n",
        "excluded.txt": "hit\n",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, newline="")
    (root / "bom.txt").write_bytes(b"\xef\xbb\xbfhit\nmiss\n")
    (root / "utf16le.txt").write_bytes("\ufeffmiss\nhit ä\n".encode("utf-16-le"))
    (root / "utf16be.txt").write_bytes("\ufeffmiss\nhit\n".encode("utf-16-be"))
    (root / "latin.txt").write_bytes(b"hit \xe4\n\xff hit\n")
    (root / "binary.bin").write_bytes(b"hit\n\0\nhit\n")
    (root / "late.bin").write_bytes(b"hit\n" + b"x" * 100_000 + b"\0\nhit\n")
    (root / "long.txt").write_bytes(b"x" * 10_000_000 + b"hit\nhit\n")
    (root / "empty").write_bytes(b"")
    (root / "loop").symlink_to(".")
    (root / "sub" / "up").symlink_to("..")
    (root / "link.txt").symlink_to("a.txt")
    (root / "broken").symlink_to("nowhere")
    return root


@pytest.mark.parametrize(
    "pattern", ["hit", "^hit", "hit$", r"\bhit\b", "(?i)hit (one|two)", "t+$", "", r"\r", "ä", "x{5}h"]
)
def test_a_hard_tree(hard: Path, pattern: str) -> None:
    found, binary = ours(hard, pattern)
    expected = {line for line in theirs(hard, "-e", pattern) if line[0] not in binary}
    assert found == expected
    assert binary == {"binary.bin", "late.bin"}


def test_several_patterns_literals_case_globs_and_encodings(hard: Path) -> None:
    assert ours(hard, "hit one", "end", "three")[0] == theirs(hard, "-e", "hit one", "-e", "end", "-e", "three")
    assert ours(hard, "t\t", is_regex=False)[0] == theirs(hard, "-F", "-e", "t\t")
    found, binary = ours(hard, "hit", is_case_sensitive=False, globs=["*.txt", "!sub"])
    expected = theirs(hard, "-i", "-g", "*.txt", "-g", "!sub", "-e", "hit")
    assert (found - expected, binary) == (set(), set())
    # A glob of ripgrep overrules its ignore files, one of ours does not.
    assert {path for path, _ in expected - found} == {"name1.txt", "only_rg.txt", "excluded.txt"}
    assert ("latin.txt", 1) in ours(hard, "hit ä", encoding="latin1")[0]


def test_context_lines(hard: Path) -> None:
    report = core.grep(str(hard), ["no"], globs=["a.txt"], context_lines=1)
    assert [(line.line, line.text) for line in report.context] == [(1, ""), (3, "HIT two")]
    report = core.grep(str(hard), ["hit", "HIT"], globs=["a.txt"], context_lines=9)
    assert [match.line for match in report.matches] == [0, 3, 4]
    assert [line.line for line in report.context] == [1, 2]
    cut = core.grep(str(hard), ["hit", "HIT"], globs=["a.txt"], context_lines=1, max_matches=1)
    assert ([line.line for line in cut.context], cut.is_truncated) == ([1], True)


@pytest.mark.parametrize("package", ["hypothesis", "mypy", "pydantic", "rich", "pip"])
def test_installed_packages(package: str) -> None:
    root = PACKAGES / package
    if not root.is_dir():
        pytest.skip(f"{package} is not installed")
    for pattern in [r"def \w+_\w+\(", "TODO|FIXME", r"import\s+\w+$", "é"]:
        found, binary = ours(root, pattern)
        assert found == {line for line in theirs(root, "-e", pattern) if line[0] not in binary}
    several = ["raise ", "lambda", "async def"]
    found, binary = ours(root, *several)
    wanted = [word for pattern in several for word in ("-e", pattern)]
    assert found == {line for line in theirs(root, *wanted) if line[0] not in binary}


def test_the_same_files_are_listed(hard: Path) -> None:
    command = [str(RIPGREP), *FLAGS, "--files", "--null", "./"]
    done = subprocess.run(command, cwd=hard, capture_output=True, timeout=60, check=True)
    expected = {path.decode().removeprefix("./") for path in done.stdout.split(b"\0") if path}
    report = core.glob(str(hard), ["*"])
    assert {file.path for file in report.files if not file.is_symlink} == expected
    assert [file.path for file in report.files] == sorted(file.path for file in report.files)


@pytest.mark.parametrize(
    "pattern", ["(a{1000}){1000}", "(((x{100}){100}){100})", r"\w{5000}{5000}", "(" * 200 + ")" * 200]
)
def test_a_pattern_of_catastrophic_shape_is_refused_with_a_reason(hard: Path, pattern: str) -> None:
    with pytest.raises(core.CoreError, match="pattern"):
        core.grep(str(hard), [pattern])


def test_patterns_that_backtrack_elsewhere_take_linear_time(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a" * 200_000 + "b\n")
    assert ours(tmp_path, "(a+)+$", "(a|aa)+$", "(x+x+)+y")[0] == set()


def test_wrong_encodings_are_named(tmp_path: Path) -> None:
    with pytest.raises(core.CoreError, match="klingon"):
        core.grep(str(tmp_path), ["x"], encoding="klingon")


def test_unreadable_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hit\n")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1024**3 + 1)
    report = core.grep(str(tmp_path), ["hit"])
    assert [(one.path, one.reason) for one in report.skipped] == [("huge", "too large")]
    assert report.searched_count == 1
