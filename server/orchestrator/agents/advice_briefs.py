"""Briefs of sessions that change nothing: searcher, reviewer, and the planner that plans stuck work anew."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.agents.briefs import PLAN_SHAPE, brief_text, check_lines, finding_lines, lines
from orchestrator.agents.remembering import note_sections
from orchestrator.agents.text_budget import Section
from orchestrator.domain.finding import Finding
from orchestrator.domain.mission import MissionNote
from orchestrator.domain.plan import TaskSpec
from orchestrator.domain.receipt import Check, GateReport
from orchestrator.domain.words import Role
from orchestrator.ports.host import Brief
from orchestrator.redaction import redact

MAX_REVIEWED_TASKS = 100
_REPORT_SHAPE = """\
Answer with one JSON object and nothing else:
{"summary": "…", "places": [{"path": "…", "line": 1, "why": "…"}]}"""
_VERDICT_SHAPE = """\
Answer with one JSON object and nothing else:
{"verdict": "approve|request_changes", "summary": "…", "findings": [{"path": "…", "line": 1, "message": "…",
"is_blocking": false, "evidence_kind": "none|failing_command|rule|quoted_requirement", "evidence": "…"}]}
request_changes needs a blocking finding, and each blocking finding its evidence."""
_AGAIN = "Your last answer was refused; mend this"


def searcher_brief(
    mission_text: str, question: str, *, task: TaskSpec | None = None, turn: int = 1, problems: Sequence[str] = ()
) -> Brief:
    """The brief of a session that answers one question about the repository, for a task or the whole mission."""
    sections = [
        Section("Question", question),
        Section("The mission that it is for", mission_text),
        Section("The answer", _REPORT_SHAPE),
    ]
    return _brief(Role.SEARCHER, mission_text, sections, turn, problems, task=task)


def reviewer_brief(
    mission_text: str,
    tasks: Sequence[TaskSpec],
    diff: str,
    reports: Sequence[GateReport],
    *,
    turn: int = 1,
    problems: Sequence[str] = (),
) -> Brief:
    """The brief of a review: what was asked, the change, and what the gates said of it."""
    asked = "\n".join(_task_lines(task) for task in tasks[:MAX_REVIEWED_TASKS])
    if len(tasks) > MAX_REVIEWED_TASKS:
        asked += f"\n[… {len(tasks) - MAX_REVIEWED_TASKS} more tasks are not listed …]"
    sections = [
        Section("Mission", mission_text),
        Section(f"What was to be done ({len(tasks)})", asked),
        Section("What the gates say", lines([_report_line(report) for report in reports]) or "no gate has judged it"),
        Section("The answer", _VERDICT_SHAPE),
        Section("The change", diff or "none", is_data=True),
    ]
    return _brief(Role.REVIEWER, mission_text, sections, turn, problems, task=tasks[0] if len(tasks) == 1 else None)


def replanning_brief(
    mission_text: str,
    tasks: Sequence[TaskSpec],
    why: str,
    findings: Sequence[Finding],
    *,
    is_split: bool,
    turn: int = 1,
    checks: Sequence[Check] = (),
    notes: Sequence[MissionNote] = (),
    problems: Sequence[str] = (),
) -> Brief:
    """The brief of a planner that plans these tasks anew: split within the same files, or done in another way."""
    order = (
        "Split the task into two or more smaller ones. Together they write no other files than it may write."
        if is_split
        else "Plan another way to what these tasks are for. Give a task the files that it really needs."
    )
    sections = [
        Section("Mission", mission_text),
        Section("Plan anew", f"These tasks did not come to an end: {why}.\n{order} Use ids that are not taken."),
        Section("The tasks", "\n".join(_task_lines(task) for task in tasks)),
        Section("The answer", PLAN_SHAPE),
        Section("Checks that can judge a task", check_lines(checks)),
        *note_sections(notes, [task.id for task in tasks]),
    ]
    if findings:
        sections.append(Section(f"What refused them last ({len(findings)})", finding_lines(findings), is_data=True))
    return _brief(Role.PLANNER, mission_text, sections, turn, problems, task=tasks[0])


def _brief(
    role: Role,
    mission_text: str,
    sections: list[Section],
    turn: int,
    problems: Sequence[str],
    *,
    task: TaskSpec | None = None,
) -> Brief:
    update = ""
    if problems:
        again = Section(_AGAIN, lines(problems))
        update = brief_text([again])
        sections.append(again)
    return Brief(
        text=brief_text(sections),
        mission_text=redact(mission_text).text,
        role=role,
        turn=turn,
        task=task,
        problems=tuple(problems),
        update=update,
    )


def _task_lines(task: TaskSpec) -> str:
    told = [f"- {task.id}: {task.title}", f"  may write: {', '.join(task.write_set)}"]
    told += [f"  done when: {item}" for item in task.acceptance]
    told += [f"  told: {task.instructions}"] if task.instructions else []
    return "\n".join(told)


def _report_line(report: GateReport) -> str:
    ran = "; ".join(f"{receipt.command}: {receipt.verdict.value}" for receipt in report.receipts)
    detail = "; ".join(part for part in (report.detail, ran) if part)
    return f"{report.gate}: {report.verdict.value.replace('_', ' ')}" + (f" ({detail})" if detail else "")
