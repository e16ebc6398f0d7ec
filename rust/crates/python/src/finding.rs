//! Findings and their reports.

use pyo3::PyClass;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// A list of wrapped results.
pub(crate) fn to_list<T, W>(py: Python<'_>, items: Vec<T>, wrap: impl Fn(T) -> W) -> PyResult<Py<PyList>>
where
    W: PyClass + Into<PyClassInitializer<W>>,
{
    let list = PyList::empty(py);
    for item in items {
        list.append(Py::new(py, wrap(item))?)?;
    }
    Ok(list.unbind())
}

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct Finding(pub guardian::Finding);

#[pymethods]
impl Finding {
    #[getter]
    fn rule_id(&self) -> &str {
        &self.0.rule_id
    }
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }
    #[getter]
    fn severity(&self) -> &'static str {
        self.0.severity.name()
    }
    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }
    #[getter]
    fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
    #[getter]
    fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }
    #[getter]
    fn alternatives(&self) -> Vec<Alternative> {
        let alternatives = self.0.alternatives.iter();
        alternatives.cloned().map(Alternative).collect()
    }
    #[getter]
    fn labels(&self) -> Vec<Label> {
        self.0.labels.iter().cloned().map(Label).collect()
    }
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }
    #[getter]
    fn start_line(&self) -> usize {
        self.0.span.start_line
    }
    #[getter]
    fn start_column(&self) -> usize {
        self.0.span.start_column
    }
    #[getter]
    fn end_line(&self) -> usize {
        self.0.span.end_line
    }
    #[getter]
    fn end_column(&self) -> usize {
        self.0.span.end_column
    }
    #[getter]
    fn start_byte(&self) -> usize {
        self.0.span.start_byte
    }
    #[getter]
    fn end_byte(&self) -> usize {
        self.0.span.end_byte
    }
    #[getter]
    fn replacement(&self) -> Option<&str> {
        self.0
            .replacement
            .as_ref()
            .map(|replacement| replacement.text.as_str())
    }
    #[getter]
    fn fix_start_byte(&self) -> Option<usize> {
        self.0
            .replacement
            .as_ref()
            .map(|replacement| replacement.start_byte)
    }
    #[getter]
    fn fix_end_byte(&self) -> Option<usize> {
        self.0
            .replacement
            .as_ref()
            .map(|replacement| replacement.end_byte)
    }
    #[getter]
    fn is_safe_fix(&self) -> bool {
        self.0.is_safe_fix
    }
    fn __repr__(&self) -> String {
        let span = &self.0.span;
        format!(
            "Finding(rule_id={:?}, path={:?}, start_line={}, start_column={})",
            self.0.rule_id, self.0.path, span.start_line, span.start_column
        )
    }
}

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct Alternative(guardian::Alternative);

#[pymethods]
impl Alternative {
    #[getter]
    fn title(&self) -> &str {
        &self.0.title
    }
    #[getter]
    fn replacement(&self) -> &str {
        &self.0.replacement.text
    }
    #[getter]
    fn start_byte(&self) -> usize {
        self.0.replacement.start_byte
    }
    #[getter]
    fn end_byte(&self) -> usize {
        self.0.replacement.end_byte
    }
    fn __repr__(&self) -> String {
        format!("Alternative(title={:?})", self.0.title)
    }
}

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct Label(guardian::Label);

#[pymethods]
impl Label {
    #[getter]
    fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }
    #[getter]
    fn is_primary(&self) -> bool {
        self.0.is_primary
    }
    #[getter]
    fn start_byte(&self) -> usize {
        self.0.span.start_byte
    }
    #[getter]
    fn end_byte(&self) -> usize {
        self.0.span.end_byte
    }
    fn __repr__(&self) -> String {
        format!(
            "Label(message={:?})",
            self.0.message.as_deref().unwrap_or_default()
        )
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Skipped {
    path: String,
    reason: String,
}

#[pymethods]
impl Skipped {
    fn __repr__(&self) -> String {
        format!("Skipped(path={:?}, reason={:?})", self.path, self.reason)
    }
}

impl From<search::Skipped> for Skipped {
    fn from(skipped: search::Skipped) -> Self {
        Self {
            path: skipped.path,
            reason: skipped.reason,
        }
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct FileReport {
    status: &'static str,
    reason: Option<String>,
    findings: Py<PyList>,
}

impl FileReport {
    pub fn new(py: Python<'_>, report: guardian::FileReport) -> PyResult<Self> {
        let (status, reason, findings) = match report {
            guardian::FileReport::Checked(findings) => ("checked", None, findings),
            guardian::FileReport::NotChecked(reason) => ("not_checked", Some(reason), Vec::new()),
        };
        Ok(Self {
            status,
            reason,
            findings: to_list(py, findings, Finding)?,
        })
    }
}

#[pymethods]
impl FileReport {
    fn __repr__(&self, py: Python<'_>) -> String {
        let count = self.findings.bind(py).len();
        let reason = self
            .reason
            .as_ref()
            .map_or_else(|| "None".to_owned(), |reason| format!("{reason:?}"));
        format!(
            "FileReport(status={:?}, reason={reason}, findings=<{count}>)",
            self.status
        )
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct LintReport {
    findings: Py<PyList>,
    checked_count: usize,
    cached_count: usize,
    skipped: Py<PyList>,
    is_truncated: bool,
    cache_problem: Option<String>,
}

impl LintReport {
    pub fn new(py: Python<'_>, report: guardian::LintReport) -> PyResult<Self> {
        Ok(Self {
            findings: to_list(py, report.findings, Finding)?,
            checked_count: report.checked_count,
            cached_count: report.cached_count,
            skipped: to_list(py, report.skipped, Skipped::from)?,
            is_truncated: report.is_truncated,
            cache_problem: report.cache_problem,
        })
    }
}
