"""The missions that rules can do, read from plain words."""

from __future__ import annotations

import re
from dataclasses import dataclass

ABILITIES = (
    "fix all style findings [in PATH]",
    "replace `PATTERN` with `REWRITE` in LANGUAGE [under PATH]",
    "rename `old_name` to `new_name` [in PATH]",
)
"""What the builtin host understands, as a user would write it."""

MAX_MISSION_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class FixMission:
    """Apply the guardian's safe fixes below `path` ("" means everywhere)."""

    path: str = ""


@dataclass(frozen=True, slots=True)
class ReplaceMission:
    """Rewrite every match of an ast-grep pattern in files of one language below `path`."""

    pattern: str
    rewrite: str
    language: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class RenameMission:
    """Rename an identifier in all files below `path`."""

    old: str
    new: str
    path: str = ""


RuleMission = FixMission | ReplaceMission | RenameMission

_QUOTED = r"`{1,3}[^`]+`{1,3}|\"[^\"]+\"|'[^']+'|\u201c[^\u201d]+\u201d|\u2018[^\u2019]+\u2019"
_PATH = rf"(?P<path>{_QUOTED}|[^\s`\"']+)"
_POLITE = r"(?:please[,]?\s+|(?:can|could)\s+you\s+(?:please\s+)?)?"
_ALL = r"(?:(?:all|any|every)\s+)?(?:of\s+)?(?:the\s+)?"
_SAFE = r"(?:safely\s+fixable\s+|fixable\s+)?"
_PLACE = rf"(?:\s+(?:in|under|below|inside|within)\s+(?:the\s+)?(?:file\s+|folder\s+|directory\s+)?{_PATH})?"
_END = r"\s*[.!]?\s*\Z"
_WHOLE = re.compile(
    r"(?:in\s+)?(?:the\s+|this\s+|all\s+)?(?:project|repo|repository|workspace|files|code|codebase)", re.IGNORECASE
)

_FIX = re.compile(
    rf"\A\s*{_POLITE}(?:fix|repair|mend|clean\s+up|resolve|correct)\s+{_ALL}{_SAFE}"
    r"(?:(?:style|lint|linter|linting|guardian|code\s+style)(?:\s+(?:findings?|issues?|errors?|problems?|warnings?))?"
    rf"|findings?){_PLACE}{_END}",
    re.IGNORECASE,
)
_REPLACE = re.compile(
    rf"\A\s*{_POLITE}(?:replace|rewrite|change|convert)\s+{_ALL}(?:pattern\s+|calls?\s+(?:to|of)\s+)?"
    rf"(?P<pattern>{_QUOTED}|\S.*?)\s+(?:with|by|to|into|as)\s+(?P<rewrite>{_QUOTED}|\S.*)"
    r"\s+in\s+(?:all\s+)?(?:the\s+)?(?P<language>[A-Za-z+#]+)(?:\s+(?:files|code|sources?))?"
    rf"{_PLACE}{_END}",
    re.IGNORECASE | re.DOTALL,
)
_RENAME = re.compile(
    rf"\A\s*{_POLITE}rename\s+{_ALL}"
    r"(?:(?:identifier|name|function|class|method|variable|constant|symbol)\s+)?"
    rf"(?P<old>{_QUOTED}|[^\s`\"']+)\s+(?:to|as|into)\s+(?P<new>{_QUOTED}|[^\s`\"']+?)"
    rf"(?:\s+everywhere)?{_PLACE}{_END}",
    re.IGNORECASE,
)
_LANGUAGES = {
    "py": "python",
    "ts": "typescript",
    "js": "javascript",
    "rs": "rust",
    "golang": "go",
    "c++": "cpp",
    "c#": "csharp",
}


def read_mission(text: str) -> RuleMission | None:
    """The mission that these words ask for, None when it is none of ABILITIES or longer than MAX_MISSION_CHARACTERS."""
    if len(text) > MAX_MISSION_CHARACTERS:
        return None
    if match := _FIX.match(text):
        return FixMission(_path(match["path"]))
    if match := _RENAME.match(text):
        return RenameMission(_bare(match["old"]), _bare(match["new"]), _path(match["path"]))
    if match := _REPLACE.match(text):
        language = match["language"].lower()
        return ReplaceMission(
            _bare(match["pattern"]),
            _bare(match["rewrite"]),
            _LANGUAGES.get(language, language),
            _path(match["path"]),
        )
    return None


def _bare(words: str) -> str:
    """The words without the quotes around them."""
    text = words.strip()
    if re.fullmatch(_QUOTED, text):
        text = text.strip("`") if text.startswith("`") else text[1:-1]
    return text


def _path(words: str | None) -> str:
    """A relative path, "" for the whole workspace."""
    if words is None:
        return ""
    quoted = _bare(words)
    if quoted == words.strip():
        quoted = quoted.rstrip(".!,")
    path = quoted.removeprefix("./").rstrip("/")
    is_whole = path in {"", ".", "all", "the", "this"} or _WHOLE.fullmatch(path) is not None
    return "" if is_whole else path
