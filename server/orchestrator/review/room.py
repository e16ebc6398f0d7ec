"""The gates of one mission: what they are, in which order they judge, and what they hold of the base."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anyio import to_thread

from orchestrator import native
from orchestrator.config.places import CONFIG_NAME, Places
from orchestrator.config.project import ConfigError, ProjectConfig, read_project_config
from orchestrator.domain.finding import Finding
from orchestrator.domain.receipt import Check, GateReport, Receipt
from orchestrator.domain.words import Sensitivity, Stage, Verdict
from orchestrator.ports.gates import CheckChoice, GateError
from orchestrator.ports.launcher import Launcher
from orchestrator.ports.workspace import Worktree
from orchestrator.review import conventions, guardian, imports, judges, sync, syntax
from orchestrator.review.base import Base, scan_base
from orchestrator.review.check_cache import CheckCache
from orchestrator.review.checks import CheckedRun, gate_name, not_checked, run_check, run_on_base
from orchestrator.review.compare import fresh
from orchestrator.review.discover import discover
from orchestrator.review.files import read_regular
from orchestrator.review.freeze import BaseForm, base_form, base_form_problem, summary, too_large
from orchestrator.review.guardian import load_rules
from orchestrator.review.imports import ImportJudge
from orchestrator.review.leftovers import sweep
from orchestrator.review.pytest_results import file_of
from orchestrator.review.run import CommandRunner
from orchestrator.review.sensitivity import probe
from orchestrator.review.setup import SETUP_TIMEOUT_S, setup_key
from orchestrator.review.sources import Looked, all_paths, read_sources
from orchestrator.review.told import without_secrets
from orchestrator.review.verdicts import BaseRun

Prepare = Callable[[Worktree, str, Callable[[], Awaitable[None]]], Awaitable[object]]
"""Runs a worktree's set-up once for a key: `prepare(worktree, key, run)`."""

MAX_FINDINGS = 200
_STAGES = {
    Stage.ATTEMPT: frozenset({Stage.ATTEMPT}),
    Stage.MERGE: frozenset({Stage.ATTEMPT, Stage.MERGE}),
    Stage.SEAL: frozenset({Stage.ATTEMPT, Stage.MERGE, Stage.SEAL}),
}
"""Which checks run at a stage: those meant for it or for an earlier one."""


class ReviewRoom:
    """Implements `ports.gates.Gates` for one mission."""

    def __init__(self, launcher: Launcher, places: Places, prepare: Prepare, environment: Mapping[str, str]) -> None:
        """`environment` is the scrubbed environment that every command gets."""
        self._places = places
        self._prepare = prepare
        self._runner = CommandRunner(launcher, places, environment)
        self._cache = CheckCache(places.state / "check-cache")
        self._choice: CheckChoice | None = None
        self._rules: native.RuleSet | None = None
        self._base: Base | None = None
        self._sync: sync.SyncGate | None = None
        self._approved: frozenset[str] = frozenset()

    async def choose(self, worktree: Worktree, *, is_trusted: bool) -> CheckChoice:
        """Read the declared checks, or find some, in a worktree of the base.

        Declared checks are the user's word and need no trust; found ones are held back without it. Raises GateError
        `wrong_configuration` and `wrong_rules`.
        """
        await to_thread.run_sync(sweep, self._places)
        config = await to_thread.run_sync(_read_config, worktree.path)
        self._rules = await to_thread.run_sync(load_rules, worktree.path)
        held_back: tuple[str, ...] = ()
        if config.checks is not None:
            checks = tuple(
                Check(c.name, c.command, Stage(c.when), c.timeout_s, is_declared=True, source=CONFIG_NAME)
                for c in config.checks
            )
        else:
            checks = await to_thread.run_sync(discover, worktree.path)
            if not is_trusted:
                held_back, checks = tuple(check.command for check in checks), ()
        self._choice = CheckChoice(checks, tuple(config.setup), held_back)
        return self._choice

    async def judge_base(self, worktree: Worktree) -> list[GateReport]:
        """Look at all files of the base and run every check on it.

        A check that is red there says NOT_CHECKED and why. Raises GateError `checks_not_chosen`, `setup_failed`.
        """
        if self._choice is None or self._rules is None:
            raise GateError(
                "checks_not_chosen", "its checks have to be chosen before the base is judged", "choose first"
            )
        base = await to_thread.run_sync(
            scan_base,
            worktree.path,
            worktree.tree,
            self._rules,
            str(self._places.root),
            self._runner.environment,
        )
        self._sync = await to_thread.run_sync(
            sync.SyncGate, worktree.path, str(self._places.root), self._runner.environment
        )
        reports = [_base_report(base, "syntax", base.syntax), _imports_base_report(base)]
        reports.append(_report(sync.GATE, self._sync.findings, self._sync.looked))
        reports.append(_base_report(base, "guardian", base.guardian))
        if self._choice.checks:
            await self._set_up(worktree, self._choice.setup)
        for check in self._choice.checks:
            base.runs[check.name], report = await self._check_base(check, worktree, self._choice.setup)
            reports.append(report)
        self._base = base
        return [without_secrets(report) for report in reports]

    async def judge(self, stage: Stage, worktree: Worktree, paths: Sequence[str]) -> list[GateReport]:
        """Judge a tree against the base: files first, then commands; the latter are skipped when a file fails.

        Raises GateError `base_not_judged`.
        """
        return [without_secrets(report) for report in await self._judged(stage, worktree, paths)]

    async def _judged(self, stage: Stage, worktree: Worktree, paths: Sequence[str]) -> list[GateReport]:
        if self._base is None or self._choice is None or self._rules is None or self._sync is None:
            raise GateError("base_not_judged", "a tree can't be judged before its base", "judge the base first")
        changed = tuple(dict.fromkeys(paths))
        view = _View(
            self._base, self._sync, self._rules, worktree.path, changed, str(self._places.root), self._approved
        )
        reports = await to_thread.run_sync(_judge_files, view, stage, self._runner.environment)
        checks = [check for check in self._choice.checks if check.when in _STAGES.get(stage, frozenset())]
        failed = [report.gate for report in reports if report.verdict is Verdict.FAILED]
        if failed:
            reason = f"skipped: {', '.join(failed)} failed"
            return [*reports, *(not_checked(check, reason) for check in checks)]
        if checks:
            try:
                await self._set_up(worktree, self._choice.setup)
            except GateError as error:
                return [*reports, *(_set_up_failed(check, error) for check in checks)]
        for check in checks:
            reports.append(await self._judge_check(check, stage, worktree, self._base, view.paths))
        return reports

    def approve_judges(self, paths: Iterable[str]) -> None:
        """A person approves that the mission changes these judges: from now on they judge as the mission has them."""
        self._approved |= frozenset(paths)

    async def _judge_check(
        self, check: Check, stage: Stage, worktree: Worktree, base: Base, paths: Sequence[str]
    ) -> GateReport:
        on_base = _without(base.runs[check.name], self._approved)
        checked = await run_check(check, stage, worktree, on_base, self._runner)
        if checked.report.verdict is not Verdict.CLEAN:
            return checked.report
        form = await to_thread.run_sync(base_form, check, base, worktree.path, paths, self._approved)
        if stage is not Stage.ATTEMPT and (on_base.is_green or on_base.passed):
            checked = await self._judge_base_form(check, worktree, on_base, form, checked, is_last=stage is Stage.SEAL)
        if stage is Stage.SEAL and checked.report.verdict is Verdict.CLEAN:
            found = await probe(
                check, worktree, paths, checked.run, runner=self._runner, cache=self._cache, runners=form.runners
            )
            return _with_sensitivity(checked.report, found.sensitivity, found.detail)
        return checked.report

    async def _judge_base_form(
        self, check: Check, worktree: Worktree, base: BaseRun, form: BaseForm, checked: CheckedRun, *, is_last: bool
    ) -> CheckedRun:
        """Run the check again with what judges as the base has it, when the change touched any of that.

        Before the seal also without the tests that were added: they could change how the old ones run.
        """
        report = checked.report
        findings = too_large(check, form)
        if form.changed or (form.put_back and is_last):
            findings += await base_form_problem(check, worktree, form, base, self._runner)
        if findings:
            receipts = tuple(replace(receipt, verdict=Verdict.FAILED) for receipt in report.receipts)
            report = GateReport(report.gate, Verdict.FAILED, findings, receipts, report.detail)
        else:
            report = replace(report, detail="; ".join(part for part in (report.detail, summary(form)) if part))
        return CheckedRun(report, checked.run)

    async def _check_base(self, check: Check, worktree: Worktree, setup: tuple[str, ...]) -> tuple[BaseRun, GateReport]:
        """The check on the base, from the cache when it was green there: a red one may be the machine's fault."""
        ready = await to_thread.run_sync(setup_key, worktree.path, setup)
        surroundings = hashlib.sha256(repr(sorted(self._runner.environment.items())).encode()).hexdigest()
        key = ("base", worktree.tree, check.command, surroundings, ready)
        known = self._cache.get(key)
        passed = known.get("passed") if known is not None else None
        count = known.get("passed_count") if known is not None else None
        if isinstance(passed, list):
            tests = frozenset(str(test) for test in passed)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
            detail = "green on this tree before"
            green = BaseRun(is_green=True, passed=tests, passed_count=count if isinstance(count, int) else None)
            return green, GateReport(gate_name(check), Verdict.CLEAN, detail=detail)
        base, report = await run_on_base(check, worktree, self._runner)
        if base.is_green:
            self._cache.put(key, {"passed": sorted(base.passed), "passed_count": base.passed_count})
        return base, report

    async def _set_up(self, worktree: Worktree, lines: tuple[str, ...]) -> None:
        """Make a worktree ready, once for its manifests. Raises GateError `setup_failed`."""
        if not lines:
            return

        async def run() -> None:
            for line in lines:
                done = await self._runner.run(line, worktree, SETUP_TIMEOUT_S)
                if not done.is_green:
                    message = f"the set-up command `{line}` {done.describe_end()}\n{done.output_tail}"
                    raise GateError("setup_failed", message, f"correct 'setup' in {CONFIG_NAME}")

        await self._prepare(worktree, await to_thread.run_sync(setup_key, worktree.path, lines), run)


@dataclass(frozen=True, slots=True)
class _View:
    """A tree to judge: its folder, the changed paths, the user's own folder, and what a person approved."""

    base: Base
    sync: sync.SyncGate
    rules: native.RuleSet
    root: str
    paths: tuple[str, ...]
    workspace: str
    approved: frozenset[str]


def _read_config(root: str) -> ProjectConfig:
    place = Path(root, CONFIG_NAME)
    content = read_regular(root, CONFIG_NAME)
    if content is None:
        if place.exists() or place.is_symlink():
            message = f"{CONFIG_NAME} is not a regular file of a bearable size"
            raise GateError("wrong_configuration", message, "put a plain file there")
        return ProjectConfig()
    try:
        return read_project_config(content.decode("utf-8-sig"), CONFIG_NAME)
    except UnicodeDecodeError as error:
        raise GateError("wrong_configuration", f"{CONFIG_NAME} is not UTF-8", "save it as UTF-8") from error
    except ConfigError as error:
        raise GateError(error.code, error.message, error.hint) from error


def _judge_files(view: _View, stage: Stage, environment: Mapping[str, str]) -> list[GateReport]:
    """The gates for files: syntax, imports, sync, guardian."""
    base = view.base
    sources = read_sources(view.root, view.paths)
    gone = [path for path in view.paths if path in base.paths and not Path(view.root, path).exists()]
    found, looked = syntax.syntax_findings(sources)
    new = fresh(_in_newly_broken(found, base), base.syntax, base.paths, gone)
    reports = [_report(syntax.GATE, new, looked)]
    reports.append(_judge_imports(view, stage, environment))
    found, looked = view.sync.judge(view.root, view.paths)
    reports.append(_report(sync.GATE, found, looked))
    found, looked = guardian.guardian_findings(view.rules, sources)
    new = fresh(found, base.guardian, base.paths, gone)
    if base.conventions is not None:
        new += conventions.deviations(base.conventions, sources, gone)
    reports.append(_report(guardian.GATE, new, looked))
    found = fresh(judges.marks(sources), base.marks, base.paths, gone)
    found += judges.changed_judges(view.root, view.paths, base.paths, frozenset(base.executable), base.pins)
    found = [finding for finding in found if finding.path not in view.approved]
    # This gate has nothing to look at in most changes, and speaks only when it refuses one.
    return [*reports, _report(judges.GATE, found, Looked(len(view.paths), {}))] if found else reports


def _without(base: BaseRun, approved: frozenset[str]) -> BaseRun:
    """How a check ended on the base, without the tests that a person gave up."""
    if not approved:
        return base
    passed = frozenset(test for test in base.passed if file_of(test) not in approved)
    return replace(base, passed=passed, passed_count=None)


def _in_newly_broken(found: Sequence[Finding], base: Base) -> list[Finding]:
    """The parse errors of files that have more than on the base: the text of an old one shifts with any edit."""
    counts = Counter(finding.path for finding in found)
    return [finding for finding in found if counts[finding.path] > len(base.syntax.get(finding.path, ()))]


def _judge_imports(view: _View, stage: Stage, environment: Mapping[str, str]) -> GateReport:
    """The imports of the changed files and of those that import a deleted one; before the seal those of all files."""
    paths = all_paths(view.root)
    judge = ImportJudge(view.root, paths, view.workspace, environment)
    gone = view.base.paths.difference(paths).intersection(view.paths)
    chosen = paths if stage is Stage.SEAL else [*view.paths, *view.sync.dependents(gone)]
    found, looked = judge.missing(read_sources(view.root, chosen))
    if stage is Stage.SEAL:
        looked = Looked(looked.checked_count, {})
    return _report(imports.GATE, [gap.finding for gap in found if gap.key not in view.base.missing], looked)


def _report(gate: str, findings: Sequence[Finding], looked: Looked) -> GateReport:
    """FAILED with a finding that refuses; NOT_CHECKED when no file could be looked at."""
    shown = sorted(findings, key=lambda finding: (finding.severity not in guardian.REFUSING, finding.path))
    detail = looked.describe()
    if len(shown) > MAX_FINDINGS:
        detail += f"; {MAX_FINDINGS} of {len(shown)} findings are shown"
    if any(finding.severity in guardian.REFUSING for finding in shown):
        verdict = Verdict.FAILED
    else:
        verdict = Verdict.CLEAN if looked.checked_count else Verdict.NOT_CHECKED
    return GateReport(gate, verdict, tuple(shown[:MAX_FINDINGS]), (), detail)


def _base_report(base: Base, gate: str, findings: Mapping[str, tuple[Finding, ...]]) -> GateReport:
    everything = [finding for found in findings.values() for finding in found]
    return _report(gate, everything, base.looked.get(gate, Looked(0, {})))


def _imports_base_report(base: Base) -> GateReport:
    looked = base.looked.get("imports", Looked(0, {}))
    if not looked.checked_count:
        return GateReport(imports.GATE, Verdict.NOT_CHECKED, detail=looked.describe())
    named = ", ".join(sorted(base.missing)[:20])
    detail = f"{len(base.missing)} imports lead nowhere on the base: {named}" if base.missing else looked.describe()
    return GateReport(imports.GATE, Verdict.FAILED if base.missing else Verdict.CLEAN, detail=detail)


def _set_up_failed(check: Check, error: GateError) -> GateReport:
    message = f"it did on the base, and here {error.message}"
    finding = Finding(gate_name(check), "setup-failed", "", message, text=check.command[:200])
    return GateReport(gate_name(check), Verdict.FAILED, (finding,))


def _with_sensitivity(report: GateReport, sensitivity: Sensitivity, detail: str) -> GateReport:
    def marked(receipt: Receipt) -> Receipt:
        text = "; ".join(part for part in (receipt.detail, detail) if part)
        return replace(receipt, sensitivity=sensitivity, detail=text)

    text = "; ".join(part for part in (report.detail, detail) if part)
    return replace(report, receipts=tuple(marked(receipt) for receipt in report.receipts), detail=text)
