"""Searching the workspace with the native core."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from orchestrator_protocol.wire import RequestParams, Result

Pattern = Annotated[str, Field(min_length=1, max_length=10_000)]
Glob = Annotated[str, Field(min_length=1, max_length=1_000)]


class SearchMatch(Result):
    """One match. `line` counts from 0; `text` is the line, or the matched code of an AST search."""

    path: str
    line: int
    text: str


class SearchResult(Result):
    """Matches in the order of their paths.

    `is_cut`: there were more than asked for. `skipped` are files that were not searched, each with its reason, at most
    a hundred.
    """

    matches: list[SearchMatch]
    is_cut: bool
    skipped: list[str]


class SearchGrepParams(RequestParams[SearchResult]):
    """Find lines that match one of `patterns` (regular expressions, or literals), ignore rules honoured.

    Errors: bad_pattern, workspace_unreadable, no_workspace.
    """

    patterns: Annotated[list[Pattern], Field(min_length=1, max_length=100)]
    is_literal: bool = False
    is_case_sensitive: bool = True
    globs: Annotated[list[Glob], Field(max_length=100)] = []
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000


class SearchGlobResult(Result):
    """Paths relative to the workspace, sorted. `is_cut`: there were more than asked for."""

    paths: list[str]
    is_cut: bool


class SearchGlobParams(RequestParams[SearchGlobResult]):
    """Find files whose path matches one of `globs`, ignore rules honoured. Errors: bad_pattern, no_workspace."""

    globs: Annotated[list[Glob], Field(min_length=1, max_length=100)]
    limit: Annotated[int, Field(ge=1, le=100_000)] = 10_000


class SearchAstParams(RequestParams[SearchResult]):
    """Find code by an ast-grep pattern such as "print($A)" in a language such as "python".

    Errors: bad_pattern, unknown_language, workspace_unreadable, no_workspace.
    """

    pattern: Pattern
    language: Annotated[str, Field(min_length=1, max_length=50)]
    globs: Annotated[list[Glob], Field(max_length=100)] = []
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000


class RuleView(Result):
    """A rule of the style guardian. `url` is its page ("" for none)."""

    id: str
    language: str
    severity: str
    message: str
    is_fixable: bool
    url: str


class RuleListResult(Result):
    """The rules that are in force, sorted by id and language."""

    rules: list[RuleView]


class RuleListParams(RequestParams[RuleListResult]):
    """Ask for the rules, of one language or of all. Errors: bad_rule, no_workspace."""

    language: Annotated[str, Field(max_length=50)] = ""


class RuleExplainResult(Result):
    """One rule, in each language that has it.

    `note` says why it exists ("" for nothing); `definition` is the YAML text of the files that define it, as documents
    of one text.
    """

    rules: list[RuleView]
    note: str
    definition: str


class RuleExplainParams(RequestParams[RuleExplainResult]):
    """Ask what a rule is about. Errors: unknown_rule, bad_rule, no_workspace."""

    rule_id: Annotated[str, Field(min_length=1, max_length=200)]
