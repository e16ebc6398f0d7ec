//! Conventions of a repository.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::errors::{detached, without_gil};
use crate::finding::to_list;

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Convention {
    language: &'static str,
    habit: &'static str,
    noun: &'static str,
    folder: String,
    choice: &'static str,
    agreeing: u32,
    total: u32,
    limit: f64,
    sentence: String,
}

impl From<conventions::Convention> for Convention {
    fn from(found: conventions::Convention) -> Self {
        Self {
            language: found.family.name(),
            habit: found.habit.id(),
            noun: found.habit.noun(),
            choice: found.choice(),
            agreeing: found.evidence.agreeing,
            total: found.evidence.total,
            limit: found.evidence.limit,
            sentence: found.sentence(),
            folder: found.folder,
        }
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Deviation {
    habit: &'static str,
    severity: &'static str,
    message: String,
    text: String,
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

impl From<conventions::Deviation> for Deviation {
    fn from(found: conventions::Deviation) -> Self {
        Self {
            habit: found.habit.id(),
            severity: match found.severity {
                conventions::Severity::Warning => "warning",
                conventions::Severity::Info => "info",
            },
            message: found.message,
            text: found.text,
            start_line: found.place.start_line,
            start_column: found.place.start_column,
            end_line: found.place.end_line,
            end_column: found.place.end_column,
        }
    }
}

/// What was learned from a tree.
#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct Conventions(conventions::Conventions);

#[pymethods]
impl Conventions {
    /// Learn from the files below a folder.
    #[staticmethod]
    #[pyo3(signature = (root, paths=None))]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands paths and sequences over as owned values"
    )]
    fn learn(py: Python<'_>, root: PathBuf, paths: Option<Vec<String>>) -> PyResult<Self> {
        let learn = || conventions::learn(&root, paths.as_deref());
        Ok(Self(detached(py, learn)?))
    }

    #[getter]
    fn file_count(&self) -> usize {
        self.0.file_count()
    }

    /// All conventions.
    fn all(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        to_list(py, self.0.all(), Convention::from)
    }

    /// New deviations of a file; None when it is not looked at.
    #[pyo3(
        signature = (path, source, moved_from=vec![]),
        text_signature = "(self, path, source, moved_from=())"
    )]
    #[allow(clippy::needless_pass_by_value, reason = "as above")]
    fn judge(
        &self,
        py: Python<'_>,
        path: &str,
        source: &[u8],
        moved_from: Vec<String>,
    ) -> PyResult<Option<Py<PyList>>> {
        let found = without_gil(py, || self.0.judge(path, source, &moved_from))?;
        found.map(|found| to_list(py, found, Deviation::from)).transpose()
    }
}
