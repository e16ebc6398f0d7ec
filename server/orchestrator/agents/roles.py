"""What each role is for, and the tools it may call."""

from __future__ import annotations

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

DUTIES: dict[Role, str] = {
    Role.PLANNER: "You plan. You read the repository and answer with a task graph; you change nothing.",
    Role.SEARCHER: "You search. You read the repository and report what you found; you change nothing.",
    Role.REVIEWER: "You review. You read the repository and report problems; you change nothing.",
    Role.WORKER: "You do one task. You change only the files of its write set, then say what you did.",
    Role.FIXER: "You mend one task whose result was refused. You change only the files of its write set.",
}
"""One or two sentences that open the brief of a role."""
