"""Briefs: what planner, worker and fixer are told, in plain words and within a cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from orchestrator.agents.roles import DUTIES
from orchestrator.agents.text_budget import Section, fit
from orchestrator.domain.finding import Finding
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check
from orchestrator.domain.words import Role
from orchestrator.ports.host import Brief
from orchestrator.redaction import redact

MAX_BRIEF_CHARACTERS = 24_000
MAX_FINDINGS = 100
MAX_LISTED_PATHS = 400

_PLAN_SHAPE = """\
Answer with one JSON object and nothing else:
{"tasks": [{"id": "…", "title": "…", "why": "…", "write_set": ["path", "folder/"], "depends_on": ["id"],
"instructions": "…", "acceptance": ["…"], "checks": ["name"], "size": "small|medium|large"}]}
An id is 1 to 64 of a-z, 0-9, '.', '_', '-'. The write set names every file that the task may create, change or delete,
relative to the workspace; "folder/" stands for all below it. Tasks that need another's result depend on it; the others
run at the same time, so give them disjoint write sets. The dependencies form no cycle."""


def planner_brief(
    mission_text: str,
    *,
    turn: int = 1,
    checks: Sequence[Check] = (),
    paths: Sequence[str] = (),
    problems: Sequence[str] = (),
) -> Brief:
    """The brief of a planning session; `paths` are files of the snapshot, `problems` what was wrong before."""
    sections = [
        Section("Your role", DUTIES[Role.PLANNER]),
        Section("Mission", mission_text),
        Section("The answer", _PLAN_SHAPE),
        Section("Checks that can judge a task", _checks(checks)),
    ]
    if problems:
        sections.append(Section("Your last plan was refused; mend this", _lines(problems)))
    if paths:
        sections.append(Section(f"Files of the workspace ({len(paths)})", _paths(paths), is_data=True))
    return Brief(
        text=_text(sections),
        mission_text=redact(mission_text).text,
        role=Role.PLANNER,
        turn=turn,
        checks=tuple(checks),
        problems=tuple(problems),
    )


def worker_brief(
    mission_text: str,
    task: TaskSpec,
    *,
    turn: int = 1,
    checks: Sequence[Check] = (),
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Brief:
    """The brief of a session that does `task`; `problems` say why a try did not count, `notes` what people say."""
    sections = [Section("Your role", DUTIES[Role.WORKER]), *_task_sections(mission_text, task, checks, notes)]
    if problems:
        sections.append(Section("Your last answer was refused; mend this", _lines(problems)))
    return Brief(
        text=_text(sections),
        mission_text=redact(mission_text).text,
        role=Role.WORKER,
        turn=turn,
        task=task,
        checks=tuple(checks),
        problems=tuple(problems),
    )


def fixer_brief(
    mission_text: str,
    task: TaskSpec,
    findings: Sequence[Finding],
    *,
    turn: int = 1,
    checks: Sequence[Check] = (),
    outputs: Mapping[str, str] | None = None,
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Brief:
    """The brief of a session that mends `task`: its findings, and the end of each failed check's output by name."""
    sections = [Section("Your role", DUTIES[Role.FIXER]), *_task_sections(mission_text, task, checks, notes)]
    sections.append(Section(f"Mend these findings ({len(findings)})", _findings(findings), is_data=True))
    for name, output in sorted((outputs or {}).items()):
        sections.append(Section(f"End of the output of check {name}", output[-8_000:], is_data=True))
    if problems:
        sections.append(Section("Your last answer was refused; mend this", _lines(problems)))
    return Brief(
        text=_text(sections),
        mission_text=redact(mission_text).text,
        role=Role.FIXER,
        turn=turn,
        task=task,
        checks=tuple(checks),
        findings=tuple(findings),
        problems=tuple(problems),
    )


def _text(sections: Sequence[Section]) -> str:
    """The sections without secrets, within the cap."""
    return fit([replace(section, body=redact(section.body).text) for section in sections], MAX_BRIEF_CHARACTERS)


def _task_sections(mission_text: str, task: TaskSpec, checks: Sequence[Check], notes: Sequence[str]) -> list[Section]:
    named = [check for check in checks if check.name in task.checks] or list(checks)
    sections = [
        Section("Mission", mission_text),
        Section("Task", f"{task.id}: {task.title}"),
        Section("Why", task.why or "not said"),
        Section("You may write", _lines(task.write_set)),
    ]
    if task.instructions:
        sections.append(Section("Instructions", task.instructions))
    if notes:
        sections.append(Section("The person who gave the mission says", _lines(notes)))
    if task.acceptance:
        sections.append(Section("It is done when", _lines(task.acceptance)))
    sections.append(Section("Checks that will judge it", _checks(named)))
    return sections


def _checks(checks: Sequence[Check]) -> str:
    return _lines([f"{check.name}: {check.command}" for check in checks]) if checks else "none"


def _paths(paths: Sequence[str]) -> str:
    shown = "\n".join(paths[:MAX_LISTED_PATHS])
    left = len(paths) - MAX_LISTED_PATHS
    return f"{shown}\n[… {left} more files are not listed …]" if left > 0 else shown


def _findings(findings: Sequence[Finding]) -> str:
    blocks: list[str] = []
    for finding in findings[:MAX_FINDINGS]:
        source = f"\n    {finding.text}" if finding.text.strip() else ""
        blocks.append(f"- [{finding.gate}] {finding.describe()}{source}")
    if len(findings) > MAX_FINDINGS:
        blocks.append(f"[… {len(findings) - MAX_FINDINGS} more findings are not listed …]")
    return "\n".join(blocks) or "none"


def _lines(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
