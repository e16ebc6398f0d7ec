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
    "lint",
)
"""Tools that change nothing."""

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
    Role.PLANNER: READING_TOOLS,
    Role.SEARCHER: READING_TOOLS,
    Role.REVIEWER: READING_TOOLS,
    Role.WORKER: READING_TOOLS + WRITING_TOOLS,
    Role.FIXER: READING_TOOLS + WRITING_TOOLS,
}
"""The allow-list of every role; the tool room enforces the same one."""

DUTIES: dict[Role, str] = {role: system_prompt(role) for role in Role}
"""What a role is for and how it works: its system prompt, set once at the host and in no message."""
