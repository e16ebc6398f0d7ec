"""What each role is for, and the tools it may call."""

from __future__ import annotations

from orchestrator.agents.prompts import system_prompt
from orchestrator.domain.words import Role

READING_TOOLS: tuple[str, ...] = (
    "read_file",
    "list_files",
    "glob",
    "grep",
    "ast_search",
    "find_identifier",
    "symbols",
    "definition",
    "references",
    "lint",
    "diagnostics",
)
"""Tools that change nothing."""

WEB_TOOLS: tuple[str, ...] = ("web_fetch",)
"""Tools that leave the machine: for planner and searcher, where the user allows it."""

CHECK_TOOLS: tuple[str, ...] = ("run_check",)
"""Runs a check of the mission: for whoever judges or works."""

NOTE, ASK_USER, SEARCH = "note", "ask_user", "search_workspace"
TALKING_TOOLS: tuple[str, ...] = (NOTE, ASK_USER)
"""Tools that reach the mission and people, for every role."""

HARMLESS_TOOLS: frozenset[str] = frozenset({*READING_TOOLS, *WEB_TOOLS, *CHECK_TOOLS, *TALKING_TOOLS, SEARCH})
"""All that leave the work as it is."""

WRITING_TOOLS: tuple[str, ...] = (
    "write_file",
    "edit_file",
    "delete_file",
    "ast_rewrite",
    "rename_identifier",
    "fix_findings",
    "shell",
    "job_start",
    "job_check",
    "job_kill",
)
"""Tools that can change the worktree."""

ROLE_TOOLS: dict[Role, tuple[str, ...]] = {
    Role.PLANNER: READING_TOOLS + WEB_TOOLS + TALKING_TOOLS + (SEARCH,),
    Role.SEARCHER: READING_TOOLS + WEB_TOOLS + TALKING_TOOLS,
    Role.REVIEWER: READING_TOOLS + CHECK_TOOLS + TALKING_TOOLS,
    Role.WORKER: READING_TOOLS + CHECK_TOOLS + TALKING_TOOLS + WRITING_TOOLS,
    Role.FIXER: READING_TOOLS + CHECK_TOOLS + TALKING_TOOLS + WRITING_TOOLS,
}
"""The allow-list of every role; the tool room enforces the same one for the tools that are its own."""

DUTIES: dict[Role, str] = {role: system_prompt(role) for role in Role}
"""What a role is for and how it works: its system prompt, set once at the host and in no message."""
