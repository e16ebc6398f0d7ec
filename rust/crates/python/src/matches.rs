//! Matches of patterns, and renames.

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::finding::{Skipped, to_list};

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct Match(guardian::Match);

#[pymethods]
impl Match {
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
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
    fn __repr__(&self) -> String {
        let span = &self.0.span;
        format!(
            "Match(path={:?}, start_line={}, start_column={})",
            self.0.path, span.start_line, span.start_column
        )
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct MatchReport {
    matches: Py<PyList>,
    checked_count: usize,
    skipped: Py<PyList>,
    is_truncated: bool,
}

impl MatchReport {
    pub fn new(py: Python<'_>, report: guardian::MatchReport) -> PyResult<Self> {
        Ok(Self {
            matches: to_list(py, report.matches, Match)?,
            checked_count: report.checked_count,
            skipped: to_list(py, report.skipped, Skipped::from)?,
            is_truncated: report.is_truncated,
        })
    }
}

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct Rename(pub guardian::Rename);

#[pymethods]
impl Rename {
    #[getter]
    fn source(&self) -> std::borrow::Cow<'_, [u8]> {
        std::borrow::Cow::Borrowed(&self.0.source)
    }
    #[getter]
    fn count(&self) -> usize {
        self.0.count
    }
    #[getter]
    fn has_new_name(&self) -> bool {
        self.0.has_new_name
    }
    fn __repr__(&self) -> String {
        format!(
            "Rename(count={}, has_new_name={})",
            self.0.count, self.0.has_new_name
        )
    }
}
