//! Linting, syntax, fixes, patterns and renames.

use std::borrow::Cow;
use std::convert::Infallible;
use std::path::PathBuf;

use guardian::{LintOptions, Watch};
use pyo3::prelude::*;

use crate::cancel::{CancelToken, budget};
use crate::errors::{detached, without_gil};
use crate::finding::{FileReport, Finding, LintReport};
use crate::matches::{MatchReport, Rename};
use crate::rules::RuleSet;

/// The ast-grep language name for this path, None when unknown.
#[pyfunction]
pub(crate) fn language_of(py: Python<'_>, path: &str) -> PyResult<Option<String>> {
    detached(py, || {
        Ok::<_, Infallible>(syntax::language_of(path).map(|language| language.to_string()))
    })
}

/// Lint a text as if it were the file at `path`.
#[pyfunction]
#[pyo3(signature = (rules, path, source, *, budget_s=10.0, cancel=None))]
pub(crate) fn lint_text(
    py: Python<'_>,
    rules: &RuleSet,
    path: &str,
    source: &[u8],
    budget_s: f64,
    cancel: Option<&CancelToken>,
) -> PyResult<FileReport> {
    let budget = budget(budget_s)?;
    let token = cancel.map(|cancel| &cancel.0);
    let report = without_gil(py, || {
        guardian::lint_text(&rules.0, path, source, &Watch::new(budget, token))
    })?;
    FileReport::new(py, report)
}

/// Lint files (relative to root) or, with None, all of the walk; folders in `paths` are walked. In parallel.
#[pyfunction]
#[pyo3(signature = (rules, root, paths=None, *, max_findings=100_000, budget_s=10.0, cancel=None, cache=None))]
#[allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "PyO3 hands paths and sequences over as owned values, and keyword arguments one by one"
)]
pub(crate) fn lint_paths(
    py: Python<'_>,
    rules: &RuleSet,
    root: PathBuf,
    paths: Option<Vec<String>>,
    max_findings: usize,
    budget_s: f64,
    cancel: Option<&CancelToken>,
    cache: Option<PathBuf>,
) -> PyResult<LintReport> {
    let options = LintOptions {
        max_findings,
        budget: budget(budget_s)?,
        cancel: cancel.map(|cancel| &cancel.0),
        cache: cache.as_deref(),
    };
    let report = detached(py, || {
        guardian::lint_paths(&rules.0, &root, paths.as_deref(), &options)
    })?;
    LintReport::new(py, report)
}

/// Parse errors as findings with `rule_id` "syntax-error" (error and missing nodes, at most 20).
#[pyfunction]
pub(crate) fn syntax_errors(py: Python<'_>, path: &str, source: &[u8]) -> PyResult<FileReport> {
    let report = without_gil(py, || guardian::syntax_report(path, source))?;
    FileReport::new(py, report)
}

/// Put the replacements in, first come first served from the top; returns (new source, applied, skipped overlaps).
#[pyfunction]
#[allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands sequences over as owned vectors"
)]
pub(crate) fn apply_fixes(
    py: Python<'_>,
    source: &[u8],
    findings: Vec<Py<Finding>>,
) -> PyResult<(Cow<'static, [u8]>, usize, usize)> {
    let findings: Vec<&guardian::Finding> = findings.iter().map(|finding| &finding.get().0).collect();
    let fixed = detached(py, || guardian::apply_fixes(source, findings))?;
    Ok((Cow::Owned(fixed.source), fixed.applied, fixed.skipped))
}

/// AST search in files of one language. `CoreError` when language or pattern is wrong.
#[pyfunction]
#[pyo3(signature = (root, pattern, language, paths=None, *, max_matches=10_000, cancel=None))]
#[allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands paths and sequences over as owned values"
)]
pub(crate) fn ast_match(
    py: Python<'_>,
    root: PathBuf,
    pattern: &str,
    language: &str,
    paths: Option<Vec<String>>,
    max_matches: usize,
    cancel: Option<&CancelToken>,
) -> PyResult<MatchReport> {
    let token = cancel.map(|cancel| &cancel.0);
    let search = || guardian::ast_match(&root, pattern, language, paths.as_deref(), max_matches, token);
    MatchReport::new(py, detached(py, search)?)
}

/// Replace every match (outermost first, no overlaps); returns (new source, number of replacements).
#[pyfunction]
pub(crate) fn ast_rewrite(
    py: Python<'_>,
    path: &str,
    source: &[u8],
    pattern: &str,
    rewrite: &str,
    language: &str,
) -> PyResult<(Cow<'static, [u8]>, usize)> {
    let (source, count) = detached(py, || {
        guardian::ast_rewrite(path, source, pattern, rewrite, language)
    })?;
    Ok((Cow::Owned(source), count))
}

/// Rename identifier nodes that equal `old` (Python: also strings in `__all__`); None when the language is unknown.
#[pyfunction]
pub(crate) fn rename_identifier(
    py: Python<'_>,
    path: &str,
    source: &[u8],
    old: &str,
    new: &str,
) -> PyResult<Option<Rename>> {
    let rename = detached(py, || guardian::rename_identifier(path, source, old, new))?;
    Ok(rename.map(Rename))
}
