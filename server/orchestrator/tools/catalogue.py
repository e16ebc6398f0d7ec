"""The table of tools: name, arguments, what it is for, whether it can change the worktree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from anyio import to_thread

from orchestrator.domain.words import Role
from orchestrator.tools.arguments import Arguments
from orchestrator.tools.ast_rewrite import AstRewrite, ast_rewrite
from orchestrator.tools.ast_search import AstSearch, ast_search
from orchestrator.tools.bench import Bench
from orchestrator.tools.delete_file import DeleteFile, delete_file
from orchestrator.tools.edit_file import EditFile, edit_file
from orchestrator.tools.find_identifier import FindIdentifier, find_identifier
from orchestrator.tools.fix_findings import FixFindings, fix_findings
from orchestrator.tools.glob import Glob, glob
from orchestrator.tools.grep import Grep, grep
from orchestrator.tools.job_check import JobCheck, job_check
from orchestrator.tools.job_kill import JobKill, job_kill
from orchestrator.tools.job_start import JobStart, job_start
from orchestrator.tools.lint import Lint, lint
from orchestrator.tools.list_files import ListFiles, list_files
from orchestrator.tools.read_file import ReadFile, read_file
from orchestrator.tools.rename_identifier import RenameIdentifier, rename_identifier
from orchestrator.tools.shell import Shell, shell
from orchestrator.tools.write_file import WriteFile, write_file

A = TypeVar("A", bound=Arguments)
Run = Callable[[Bench, Arguments], Awaitable[dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `arguments` also gives the JSON Schema that a model host offers."""

    name: str
    purpose: str
    arguments: type[Arguments]
    run: Run
    is_writing: bool


def _in_thread(work: Callable[[Bench, A], dict[str, object]], model: type[A]) -> Run:
    """Run a tool that touches files or the native core off the event loop."""

    async def run(bench: Bench, arguments: Arguments) -> dict[str, object]:
        if not isinstance(arguments, model):
            raise TypeError(f"{model.__name__} expected")
        return await to_thread.run_sync(partial(work, bench, arguments))

    return run


def _running(purpose: str, work: Callable[[Bench, A], Awaitable[dict[str, object]]], model: type[A], name: str) -> Tool:
    """A tool that runs commands: it waits on the event loop."""

    async def run(bench: Bench, arguments: Arguments) -> dict[str, object]:
        if not isinstance(arguments, model):
            raise TypeError(f"{model.__name__} expected")
        return await work(bench, arguments)

    return Tool(name, purpose, model, run, is_writing=True)


def _reading(purpose: str, work: Callable[[Bench, A], dict[str, object]], model: type[A]) -> Tool:
    return Tool(work.__name__, purpose, model, _in_thread(work, model), is_writing=False)


def _writing(purpose: str, work: Callable[[Bench, A], dict[str, object]], model: type[A]) -> Tool:
    return Tool(work.__name__, purpose, model, _in_thread(work, model), is_writing=True)


_TOOLS: tuple[Tool, ...] = (
    _reading("Read a text file or a range of its lines.", read_file, ReadFile),
    _reading("List the files below a folder.", list_files, ListFiles),
    _reading("Find files by path patterns.", glob, Glob),
    _reading("Find lines by a pattern.", grep, Grep),
    _reading("Find source by a structural pattern.", ast_search, AstSearch),
    _reading("Find the files where a name is an identifier.", find_identifier, FindIdentifier),
    _reading("Count style findings by rule and file.", lint, Lint),
    _writing("Create a file or replace its content.", write_file, WriteFile),
    _writing("Replace an exact piece of text.", edit_file, EditFile),
    _writing("Delete a file.", delete_file, DeleteFile),
    _writing("Replace every match of a structural pattern.", ast_rewrite, AstRewrite),
    _writing("Rename an identifier in some files.", rename_identifier, RenameIdentifier),
    _writing("Apply the safe fixes of style findings.", fix_findings, FixFindings),
    _running("Run a command line in the worktree.", shell, Shell, "shell"),
    _running("Start a command in the background.", job_start, JobStart, "job_start"),
    _running("See how background jobs stand.", job_check, JobCheck, "job_check"),
    _running("End a background job.", job_kill, JobKill, "job_kill"),
)

TOOLS: dict[str, Tool] = {tool.name: tool for tool in _TOOLS}
"""Every tool by name."""

WRITING_ROLES = frozenset({Role.WORKER, Role.FIXER})


def allowed(role: Role) -> tuple[str, ...]:
    """Names of the tools that a role may call: only workers and fixers get those that can change the worktree."""
    return tuple(tool.name for tool in _TOOLS if role in WRITING_ROLES or not tool.is_writing)
