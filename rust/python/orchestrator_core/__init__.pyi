"""Native core: syntax, style guardian, search and the launcher program.

All functions release the GIL while they work. A Rust panic arrives as `CoreError`. Paths in results are relative to
the root that was given, with forward slashes. Lines and columns are zero-based; columns count Unicode code points;
byte offsets are into the UTF-8 source. Nothing here writes a file.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias, final

__all__ = [
    "Alternative",
    "CancelToken",
    "ContextLine",
    "Convention",
    "Conventions",
    "CoreError",
    "Definition",
    "Deviation",
    "Example",
    "FileList",
    "FileReport",
    "Finding",
    "FolderLook",
    "FolderStates",
    "GrepMatch",
    "GrepReport",
    "Import",
    "Label",
    "LintReport",
    "Match",
    "MatchReport",
    "OpenText",
    "Reference",
    "Rename",
    "Rule",
    "RuleError",
    "RuleProblem",
    "RuleSet",
    "Severity",
    "Skipped",
    "Status",
    "SymbolIndex",
    "SyncFinding",
    "TextReport",
    "WalkReport",
    "WalkedFile",
    "__version__",
    "apply_fixes",
    "ast_match",
    "ast_rewrite",
    "builtin_files",
    "glob",
    "grep",
    "imports",
    "language_of",
    "launcher_program",
    "lint_paths",
    "lint_text",
    "remove_tree",
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
    url: str | None
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
    alternatives: list[Alternative]  # further fixes of the rule, each with a title
    labels: list[Label]  # what the rule's `labels` name

@final
class Alternative:
    """Another replacement that a rule offers, over [start_byte, end_byte)."""

    title: str
    replacement: str
    start_byte: int
    end_byte: int

@final
class Label:
    """A part of the source that explains a finding; the cause itself when `is_primary`, else context."""

    message: str | None
    is_primary: bool
    start_byte: int
    end_byte: int

@final
class CancelToken:
    """Ends work in other threads as soon as they look: a few milliseconds."""

    def __new__(cls) -> CancelToken: ...
    def cancel(self) -> None: ...
    @property
    def is_cancelled(self) -> bool: ...

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
    url: str | None
    source_name: str  # its file, or what the caller called the text

@final
class Example:
    """One example of a rule and what the rule made of it."""

    rule_id: str
    language: str
    is_valid: bool  # the rule must be silent
    source: str
    expected: str | None  # what the fix should make of it
    fixed: str | None  # what the fix makes of it, None when there is nothing to fix
    problem: str | None  # why the rule does not hold here

def builtin_files() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The rule files of the pack and their test files, as (path below the pack, YAML text)."""

@final
class RuleProblem:
    """A rule or a setting that is wrong and not used."""

    source: str  # file, or what the caller called the text
    line: int | None  # one-based, like the column
    column: int | None
    reason: str

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
        """From an `sgconfig.yml`: ruleDirs, utilDirs, languageGlobs, languageInjections; paths are relative to it.

        RuleError when the file itself can't be used. What is wrong with single rules is in `problems`.
        """
    def merged(self, other: RuleSet) -> RuleSet:
        """Both sets; on the same id `other` wins."""
    def extended(self, other: RuleSet) -> RuleSet:
        """Both sets; `other` only adds: rules of the same id run both, and known extensions keep their language."""
    problems: list[RuleProblem]
    def rules(self) -> list[Rule]: ...
    def check_examples(self, source_name: str, yaml: str) -> list[Example]:
        """Hold the rules against a test file (`id`, `valid`, `invalid`, `fixed`); `files` and `ignores` don't count.

        RuleError when the text is wrong or names a rule that the set does not have.
        """
    def __len__(self) -> int: ...

@final
class FileReport:
    """Findings of one file; `status` is "not_checked" with a `reason` when nothing was looked at.

    Reasons: "unknown language", "no rules for Go", "too large", "binary", "not utf-8", "nested too deeply", "took
    longer than 10 s", "cancelled".
    """

    status: Status
    reason: str | None
    findings: list[Finding]

@final
class LintReport:
    findings: list[Finding]  # ordered by path, then position, then rule
    checked_count: int
    cached_count: int  # how many of them were taken from the cache
    skipped: list[Skipped]
    cache_problem: str | None  # why results could not be kept for the next time
    is_truncated: bool  # a cap was reached: on findings, on findings of one file (10,000) or on files

def language_of(path: str) -> str | None:
    """The ast-grep language name for this path ("Python", "TypeScript", …), None when unknown."""

def lint_text(
    rules: RuleSet, path: str, source: bytes, *, budget_s: float = 10.0, cancel: CancelToken | None = None
) -> FileReport:
    """Lint a text as if it were the file at `path`. Over the budget, or cancelled: "not_checked"."""

def lint_paths(
    rules: RuleSet,
    root: str,
    paths: Sequence[str] | None = None,
    *,
    max_findings: int = 100_000,
    budget_s: float = 10.0,
    cancel: CancelToken | None = None,
    cache: str | None = None,
) -> LintReport:
    """Lint files (relative to root) or, with None, all of the walk; folders in `paths` are walked. In parallel.

    The `files` and `ignores` globs of rules see paths relative to their `sgconfig.yml`, else to root. A file that takes
    longer than `budget_s` is skipped with that reason. `cache` is a folder for results: files that did not change since
    are not read again; this is the only thing written. CoreError when a path leads out of root, or when cancelled.
    """

@final
class OpenText:
    """A text that is edited: what did not change is not parsed again. Edits never wait for a lint that runs.

    `encoding` is LSP's name of what columns count: "utf-8", "utf-16" or "utf-32". ValueError for another.
    """

    def __new__(cls, path: str, source: str, encoding: str) -> OpenText: ...
    @property
    def source(self) -> str: ...
    def change(self, changes: Sequence[tuple[tuple[int, int, int, int] | None, str]]) -> None:
        """Apply (range, new text) pairs in order.

        A range is start line, start column, end line, end column, as the client counts; None is the whole text.
        Positions behind an end mean the end.
        """
    def lint(self, rules: RuleSet, *, budget_s: float = 10.0, cancel: CancelToken | None = None) -> TextReport:
        """Parse errors and findings of the text as it is now."""

@final
class TextReport:
    """What was found in one state of a text. Parse errors come first."""

    @property
    def status(self) -> Status: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def findings(self) -> list[Finding]: ...
    @property
    def ranges(self) -> list[tuple[int, int, int, int]]:
        """Of each finding: start line, start column, end line, end column, as the client counts."""
    def position_at(self, byte: int) -> tuple[int, int]:
        """Line and column of a byte, as the client counts."""

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
    root: str,
    pattern: str,
    language: str,
    paths: Sequence[str] | None = None,
    *,
    max_matches: int = 10_000,
    cancel: CancelToken | None = None,
) -> MatchReport:
    """AST search in files of one language. CoreError when language or pattern is wrong, or when cancelled."""

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
class Definition:
    """Where a name gets its meaning. Lines and columns are those of the name."""

    name: str  # "f", or "Class.f" of a member
    kind: Literal["function", "method", "class", "variable", "type", "import"]
    path: str
    signature: str  # "(a, *, b=1) -> int" of a function or method, else ""
    start_line: int
    start_column: int
    end_line: int
    end_column: int

@final
class Reference:
    """A use of a name."""

    path: str
    kind: Literal["call", "read", "import"]
    text: str  # the chain as it is written: "core.add"
    owner: str  # the function, method or class around it, "" at the module's top
    is_certain: bool  # it surely means the definition; else only the name is the same
    start_line: int
    start_column: int
    end_line: int
    end_column: int

@final
class SyncFinding:
    """Something that does not fit between the files of a tree. The message holds the evidence."""

    rule: Literal["missing-name", "missing-attribute", "undefined-name", "wrong-arguments", "duplicate-definition"]
    path: str
    severity: Literal["error", "info"]
    message: str
    text: str  # the name or chain that is wrong
    start_line: int
    start_column: int
    end_line: int
    end_column: int

@final
class SymbolIndex:
    """Definitions, imports and uses of the Python, JavaScript and TypeScript files of a tree.

    Immutable; share it between threads. What can't be known without running the program is left open everywhere: such a
    name is never called missing. Its length is the number of files in it.
    """

    parsed_count: int  # files that were parsed, not taken over from `previous`
    paths: list[str]  # files in the index, sorted
    skipped: list[Skipped]  # files in one of its languages that are not in it, and why (see `FileReport.reason`)

    @staticmethod
    def build(
        root: str,
        paths: Sequence[str],
        *,
        previous: SymbolIndex | None = None,
        standard: Sequence[str] = (),
        outside: Sequence[str] = (),
        search_folders: Sequence[str] = (),
        aliases: Sequence[tuple[str, str, str]] = (),
    ) -> SymbolIndex:
        """Index the files `paths` (all of the tree, relative to root) in parallel.

        A file whose content `previous` knows, of whatever tree, is not parsed again. `standard` are top-level Python
        modules that never come from the tree, `outside` those that may also be installed, `search_folders` the folders
        that both are read from when a check asks. `aliases` are (folder, pattern, target) of script modules: below the
        folder, a name that fits the pattern (at most one `*`) means the target, a path in the tree.
        """
    def symbols(self, path: str) -> list[Definition]:
        """The top of a file and the members of its classes, in the order of the source; none for an unknown file."""
    def definition(self, name: str, path: str | None = None) -> list[Definition]:
        """Where `f` or `Class.f` is defined, in one file or in all. Imports are no definitions."""
    def references(self, name: str, path: str | None = None) -> list[Reference]:
        """Who uses a name, certain uses first; `path` says which file's definition is meant."""
    def callers(self, name: str, path: str | None = None) -> list[Reference]:
        """The references that are calls."""
    def dependents(self, paths: Sequence[str]) -> list[str]:
        """Files that import one of these files, sorted."""
    def check(self, base: SymbolIndex | None = None) -> list[SyncFinding]:
        """What does not fit in the whole tree, at most 10,000, ordered by path and place.

        `base` is the tree before a change: what it had is named as evidence, and duplicates are told against it.
        """
    def __len__(self) -> int: ...

@final
class Convention:
    """What nearly all code below a folder does in the same way."""

    language: str  # for people: "Python", "JavaScript and TypeScript", "Rust", "Go"
    habit: str  # "function-name", "quotes", …
    noun: str  # what was counted: "functions", "strings", …
    folder: str  # relative, "" for the whole repository
    choice: str  # "snake_case", "in double quotes", …
    agreeing: int
    total: int
    limit: float  # lower limit of the share at 95 % (Wilson, one-sided), at least 0.9
    sentence: str  # "Python: functions in src are snake_case (212 of 214)"

@final
class Deviation:
    """A place where new code does something in another way."""

    habit: str
    severity: Literal["warning", "info"]
    message: str
    text: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int

@final
class Conventions:
    """Conventions learned from a tree. Immutable; share it between threads."""

    @staticmethod
    def learn(root: str, paths: Sequence[str] | None = None) -> Conventions:
        """Learn from files (relative to root; None: all that no ignore file names). CoreError on a wrong root.

        Files that are generated, foreign (vendored), larger than 2 MiB, not UTF-8 or not free of syntax errors say
        nothing.
        """
    @property
    def file_count(self) -> int:
        """How many files were learned from."""
    def all(self) -> list[Convention]:
        """Those of the whole tree, and those of folders that keep others; by language, folder and habit."""
    def judge(self, path: str, source: bytes, moved_from: Sequence[str] = ()) -> list[Deviation] | None:
        """What is unlike the conventions, and was not so in this file (or in those it was moved from) before.

        None when the file is not looked at: another language, foreign, generated, with syntax errors. At most 50.
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
class ContextLine:
    path: str
    line: int
    text: str  # as in GrepMatch

@final
class GrepReport:
    matches: list[GrepMatch]
    context: list[ContextLine]  # lines around the matches, each once, without those that match
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
    context_lines: int = 0,
    encoding: str | None = None,
    max_matches: int = 10_000,
    cancel: CancelToken | None = None,
) -> GrepReport:
    """All patterns in one pass over the files: the first match of each pattern in each line.

    Ignore files count as for ripgrep (`.rgignore` too); hidden files are searched. `globs`: a glob without a slash is
    meant for names at any depth, one that names a folder takes all below it, `!` takes away. `encoding` is a name such
    as "latin1"; without one, files are UTF-8 or what their byte order mark says. CoreError on a wrong pattern (also one
    that is too large when compiled), glob or encoding, or when cancelled. Files over 1 GiB are skipped as "too large",
    others with NUL bytes as "binary". At most 100 context lines on each side.
    """

def glob(root: str, patterns: Sequence[str], *, max_files: int = 10_000) -> WalkReport:
    """The walked files that match one of the patterns (as the `globs` of `grep`)."""

@final
class FileList:
    """The files that `grep` searches, kept in memory while nothing changes in the folder (symlinks included).

    Watched by inotify; on other than local file systems the folder is listed anew for each question.
    """

    def __new__(cls, root: str) -> FileList: ...
    def glob(self, patterns: Sequence[str], *, max_files: int = 10_000) -> tuple[list[str], bool]:
        """The paths that match one of the patterns, in order, and whether there are more."""
    def grep(
        self,
        patterns: Sequence[str],
        *,
        is_regex: bool = True,
        is_case_sensitive: bool = True,
        globs: Sequence[str] = (),
        context_lines: int = 0,
        encoding: str | None = None,
        max_matches: int = 10_000,
        cancel: CancelToken | None = None,
    ) -> GrepReport:
        """As the function `grep`, below the root of this list."""

@final
class FolderStates:
    """What the files of one folder looked like when they were known last. The folder is ours, and nobody else writes.

    A state is (size, mtime ns, ctime ns, inode, mode, link count), all of lstat.
    """

    def __new__(cls) -> FolderStates: ...
    def look(self, root: str, *, max_entries: int = 1_000_000) -> FolderLook:
        """One lstat for each entry below the folder. Folders get mode 755 back; what is known stays as it is.

        Raises OSError, and CoreError beyond `max_entries`.
        """
    def note(self, states: dict[str, tuple[int, int, int, int, int, int]], settled_before_ns: int) -> None:
        """Remember files. Those whose times do not lie before that time count as touched at every look."""
    def forget(self, paths: Sequence[str]) -> None:
        """Forget files."""
    @property
    def certain_count(self) -> int:
        """Files that a look passes over while their state stays."""

@final
class FolderLook:
    """What a look found that is not as it was known. `hollow` are folders without a file below, the deepest first."""

    touched: dict[str, tuple[int, int, int, int, int, int]]
    gone: list[str]
    hollow: list[str]

def remove_tree(root: str) -> None:
    """Remove a folder with all that it holds, however deep, or a link; links are never followed. OSError."""

def launcher_program() -> bytes:
    """The launcher executable (ELF) that the wheel carries, empty where there is none for the platform.

    The sandbox writes it to the state directory and runs it.
    """
