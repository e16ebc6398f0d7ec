"""Native core: syntax, style guardian, search and the launcher program.

All functions release the GIL while they work. A Rust panic arrives as `CoreError`. Paths in results are relative to
the root that was given, with forward slashes. Lines and columns are zero-based; columns count Unicode code points;
byte offsets are into the UTF-8 source. Nothing here writes a file.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias, final

__all__ = [
    "CoreError",
    "FileReport",
    "Finding",
    "GrepMatch",
    "GrepReport",
    "Import",
    "LintReport",
    "Match",
    "MatchReport",
    "Rename",
    "Rule",
    "RuleError",
    "RuleSet",
    "Severity",
    "Skipped",
    "Status",
    "WalkReport",
    "WalkedFile",
    "__version__",
    "apply_fixes",
    "ast_match",
    "ast_rewrite",
    "glob",
    "grep",
    "imports",
    "language_of",
    "launcher_program",
    "lint_paths",
    "lint_text",
    "rename_identifier",
    "syntax_errors",
    "walk",
]

__version__: str

Severity: TypeAlias = Literal["error", "warning", "info", "hint"]
Status: TypeAlias = Literal["checked", "not_checked"]

class CoreError(Exception):
    """The native core could not do what was asked (bad argument, or a defect: a panic). The message says which."""

class RuleError(CoreError):
    """A rule file is wrong; the message names source, line and column where the YAML parser knows them."""

@final
class Finding:
    """One thing a rule or the parser reports about one file."""

    rule_id: str
    path: str
    severity: Severity
    message: str
    note: str | None
    text: str  # the matched source, at most 400 characters
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    start_byte: int
    end_byte: int
    replacement: str | None  # what the rule's fix puts over [fix_start_byte, fix_end_byte)
    fix_start_byte: int | None
    fix_end_byte: int | None
    is_safe_fix: bool  # the rule says `metadata: {fix: safe}`

@final
class Skipped:
    """A file that was not read or not checked, and why.

    One of the reasons of `FileReport`, "unreadable: …", "symlink", "not a regular file" or "file name is not utf-8".
    """

    path: str
    reason: str

@final
class Rule:
    """What `orchestrator rules` and an editor show of a rule."""

    rule_id: str
    language: str
    severity: Severity
    message: str
    note: str | None
    is_fixable: bool
    is_safe_fix: bool

@final
class RuleSet:
    """Compiled ast-grep rules. Immutable; share it between threads."""

    @staticmethod
    def builtin() -> RuleSet:
        """The pack inside the wheel (compiled once a process)."""
    @staticmethod
    def from_yaml(documents: Sequence[tuple[str, str]]) -> RuleSet:
        """From (source name, YAML text) pairs, several documents a text allowed. RuleError on a wrong rule."""
    @staticmethod
    def from_config(path: str) -> RuleSet:
        """From an `sgconfig.yml`: ruleDirs, utilDirs, languageGlobs. RuleError on a wrong file or rule."""
    def merged(self, other: RuleSet) -> RuleSet:
        """Both sets; on the same id `other` wins."""
    def rules(self) -> list[Rule]: ...
    def __len__(self) -> int: ...

@final
class FileReport:
    """Findings of one file; `status` is "not_checked" with a `reason` when nothing was looked at.

    Reasons: "unknown language", "no rules for Go", "too large", "binary", "not utf-8", "nested too deeply", "took too
    long to parse".
    """

    status: Status
    reason: str | None
    findings: list[Finding]

@final
class LintReport:
    findings: list[Finding]  # ordered by path, then position, then rule
    checked_count: int
    skipped: list[Skipped]
    is_truncated: bool  # a cap was reached: on findings, on findings of one file (10,000) or on files

def language_of(path: str) -> str | None:
    """The ast-grep language name for this path ("Python", "TypeScript", …), None when unknown."""

def lint_text(rules: RuleSet, path: str, source: bytes) -> FileReport: ...
def lint_paths(
    rules: RuleSet, root: str, paths: Sequence[str] | None = None, *, max_findings: int = 100_000
) -> LintReport:
    """Lint files (relative to root) or, with None, all of the walk; folders in `paths` are walked. In parallel.

    The `files` and `ignores` globs of rules see paths relative to root. CoreError when a path leads out of root.
    """

def syntax_errors(path: str, source: bytes) -> FileReport:
    """Parse errors as findings with rule_id "syntax-error" (error and missing nodes, at most 20)."""

def apply_fixes(source: bytes, findings: Sequence[Finding]) -> tuple[bytes, int, int]:
    """Put the replacements in, first come first served from the top.

    Returns (new source, applied, skipped overlaps). CoreError when the findings are not of this source.
    """

@final
class Match:
    path: str
    text: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    start_byte: int
    end_byte: int

@final
class MatchReport:
    matches: list[Match]
    checked_count: int
    skipped: list[Skipped]
    is_truncated: bool

def ast_match(
    root: str, pattern: str, language: str, paths: Sequence[str] | None = None, *, max_matches: int = 10_000
) -> MatchReport:
    """AST search in files of one language. CoreError when language or pattern is wrong."""

def ast_rewrite(path: str, source: bytes, pattern: str, rewrite: str, language: str) -> tuple[bytes, int]:
    """Replace every match (outermost first, no overlaps); returns (new source, number of replacements).

    CoreError when language or pattern is wrong, or the source can't be parsed (see `FileReport.reason`).
    """

@final
class Rename:
    """An identifier's occurrences in one file, and what the file looks like with the new name."""

    source: bytes
    count: int
    has_new_name: bool  # the new name was already an identifier in this file: a rename would merge two names

def rename_identifier(path: str, source: bytes, old: str, new: str) -> Rename | None:
    """Rename identifier nodes that equal `old` (Python: also strings in `__all__`); None when the language is unknown.

    Comments and other strings stay. Keyword-argument names, attributes and imported names are identifiers too.
    CoreError when a name is no identifier or the source can't be parsed.
    """

@final
class Import:
    """One imported module as it is written."""

    module: str  # "a.b", "" for `from . import x`; for JavaScript the specifier
    level: int  # leading dots of a Python relative import
    names: list[str]  # names taken from it; empty for a plain import
    start_line: int
    start_column: int
    end_line: int
    end_column: int
    is_guarded: bool  # inside try/except ImportError, or under `if TYPE_CHECKING`, or dynamic

def imports(path: str, source: bytes) -> list[Import] | None:
    """Imports of a Python, JavaScript or TypeScript file; None for other languages. CoreError when it can't be parsed.

    Ranges: the clause of a plain Python import, else the statement or call. `import type` and `import()` are guarded.
    """

@final
class WalkedFile:
    path: str
    size_bytes: int
    mtime_ns: int
    inode: int
    mode: int  # st_mode
    is_symlink: bool

@final
class WalkReport:
    files: list[WalkedFile]  # sorted by path; symlinks are listed, not followed
    skipped: list[Skipped]
    is_truncated: bool

def walk(
    root: str,
    *,
    is_ignore_aware: bool = True,
    exclude: Sequence[str] = (),
    max_files: int = 1_000_000,
) -> WalkReport:
    """List files below root, hidden ones included, `.git` left out.

    .gitignore, .ignore and .git/info/exclude are respected (also without a repository; the user's global git
    configuration and files in parents of root are not read). `exclude` holds relative paths.
    """

@final
class GrepMatch:
    path: str
    line: int
    column: int
    pattern_index: int
    text: str  # the line, at most 500 characters

@final
class GrepReport:
    matches: list[GrepMatch]
    searched_count: int
    skipped: list[Skipped]
    is_truncated: bool

def grep(
    root: str,
    patterns: Sequence[str],
    *,
    is_regex: bool = True,
    is_case_sensitive: bool = True,
    globs: Sequence[str] = (),
    max_matches: int = 10_000,
) -> GrepReport:
    """All patterns in one pass over the walked files: the first match of each pattern in each line.

    `globs`: a glob without a slash is meant for names at any depth, one that names a folder takes all below it, `!`
    takes away. CoreError on a wrong pattern or glob. Files over 64 MiB are skipped as "too large".
    """

def glob(root: str, patterns: Sequence[str], *, max_files: int = 10_000) -> WalkReport:
    """The walked files that match one of the patterns (as the `globs` of `grep`)."""

def launcher_program() -> bytes:
    """The launcher executable (ELF) that the wheel carries, empty where there is none for the platform.

    The sandbox writes it to the state directory and runs it.
    """
