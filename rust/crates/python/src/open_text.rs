//! Texts that are edited.

use guardian::{Encoding, Position, TextChange, Watch};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::cancel::{CancelToken, budget};
use crate::errors::without_gil;
use crate::finding::{Finding, to_list};
use crate::rules::RuleSet;

type Range = (usize, usize, usize, usize);

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct OpenText(guardian::OpenText);

#[pymethods]
impl OpenText {
    #[new]
    fn new(path: String, source: String, encoding: &str) -> PyResult<Self> {
        let encoding = Encoding::by_name(encoding)
            .ok_or_else(|| PyValueError::new_err(format!("unknown position encoding {encoding:?}")))?;
        Ok(Self(guardian::OpenText::new(path, source, encoding)))
    }

    #[getter]
    fn source(&self) -> String {
        self.0.source()
    }

    fn change(&self, changes: Vec<(Option<Range>, String)>) {
        let changes: Vec<_> = changes
            .into_iter()
            .map(|(range, text)| TextChange {
                range: range
                    .map(|(line, column, end_line, end_column)| ((line, column), (end_line, end_column))),
                text,
            })
            .collect();
        self.0.change(&changes);
    }

    #[pyo3(signature = (rules, *, budget_s=10.0, cancel=None))]
    fn lint(
        &self,
        py: Python<'_>,
        rules: &RuleSet,
        budget_s: f64,
        cancel: Option<&CancelToken>,
    ) -> PyResult<TextReport> {
        let budget = budget(budget_s)?;
        let token = cancel.map(|cancel| &cancel.0);
        let report = without_gil(py, || self.0.lint(&rules.0, &Watch::new(budget, token)))?;
        TextReport::new(py, report)
    }

    fn __repr__(&self) -> String {
        format!("<OpenText of {} bytes>", self.0.source().len())
    }
}

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct TextReport {
    reason: Option<String>,
    findings: Py<PyList>,
    ranges: Vec<Range>,
    places: guardian::Places,
}

impl TextReport {
    fn new(py: Python<'_>, report: guardian::TextReport) -> PyResult<Self> {
        let places = report.places;
        let range = |finding: &guardian::Finding| {
            let (line, column) = places.position_at(finding.span.start_byte);
            let (end_line, end_column) = places.position_at(finding.span.end_byte);
            (line, column, end_line, end_column)
        };
        Ok(Self {
            ranges: report.findings.iter().map(range).collect(),
            findings: to_list(py, report.findings, Finding)?,
            reason: report.reason,
            places,
        })
    }
}

#[pymethods]
impl TextReport {
    #[getter]
    fn status(&self) -> &'static str {
        if self.reason.is_none() {
            "checked"
        } else {
            "not_checked"
        }
    }

    #[getter]
    fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    #[getter]
    fn findings(&self, py: Python<'_>) -> Py<PyList> {
        self.findings.clone_ref(py)
    }

    #[getter]
    fn ranges(&self) -> Vec<Range> {
        self.ranges.clone()
    }

    fn position_at(&self, byte: usize) -> Position {
        self.places.position_at(byte)
    }

    fn __repr__(&self) -> String {
        format!("<TextReport of {} findings>", self.ranges.len())
    }
}
