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
from orchestrator.tools.diagnostics import Diagnostics, diagnostics
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
from orchestrator.tools.run_check import RunCheck, run_check
from orchestrator.tools.shell import Shell, shell
from orchestrator.tools.symbols import NamedSymbol, SymbolsOf, definition, references, symbols
from orchestrator.tools.web_fetch import WebFetch, web_fetch
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


def _awaiting(
    purpose: str,
    work: Callable[[Bench, A], Awaitable[dict[str, object]]],
    model: type[A],
    name: str,
    *,
    is_writing: bool = True,
) -> Tool:
    """A tool that waits on the event loop: it runs commands, or asks another machine."""

    async def run(bench: Bench, arguments: Arguments) -> dict[str, object]:
        if not isinstance(arguments, model):
            raise TypeError(f"{model.__name__} expected")
        return await work(bench, arguments)

    return Tool(name, purpose, model, run, is_writing)


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
    _reading("What a source file defines, by line.", symbols, SymbolsOf),
    _reading("Where a name is defined.", definition, NamedSymbol),
    _reading("Who uses a name.", references, NamedSymbol),
    _reading("Count style findings by rule and file.", lint, Lint),
    _reading("What is wrong in some files: syntax, style, names that do not exist.", diagnostics, Diagnostics),
    _awaiting("Read a page of the web, as text.", web_fetch, WebFetch, "web_fetch", is_writing=False),
    _awaiting("Run one of the checks that judge the work.", run_check, RunCheck, "run_check", is_writing=False),
    _writing("Create a file or replace its content.", write_file, WriteFile),
    _writing("Replace an exact piece of text.", edit_file, EditFile),
    _writing("Delete a file.", delete_file, DeleteFile),
    _writing("Replace every match of a structural pattern.", ast_rewrite, AstRewrite),
    _writing("Rename an identifier in some files.", rename_identifier, RenameIdentifier),
    _writing("Apply the safe fixes of style findings.", fix_findings, FixFindings),
    _awaiting("Run a command line in the worktree.", shell, Shell, "shell"),
    _awaiting("Start a command in the background.", job_start, JobStart, "job_start"),
    _awaiting("See how background jobs stand.", job_check, JobCheck, "job_check"),
    _awaiting("End a background job.", job_kill, JobKill, "job_kill"),
)

TOOLS: dict[str, Tool] = {tool.name: tool for tool in _TOOLS}
"""Every tool by name."""

WRITING_ROLES = frozenset({Role.WORKER, Role.FIXER})


WEB = frozenset({"web_fetch"})
"""Tools that leave the machine: there only where the user allows them."""
_OF_SOME: dict[str, frozenset[Role]] = {
    "web_fetch": frozenset({Role.PLANNER, Role.SEARCHER}),
    "run_check": WRITING_ROLES | {Role.REVIEWER},
}
"""Tools that only read, but are not for every role that reads. A reviewer's worktree is thrown away."""


def allowed(role: Role) -> tuple[str, ...]:
    """Names of the tools that a role may call: only workers and fixers get those that can change the worktree."""
    return tuple(
        tool.name
        for tool in _TOOLS
        if (role in WRITING_ROLES or not tool.is_writing) and role in _OF_SOME.get(tool.name, frozenset(Role))
    )
