//! Walked files and matched lines.

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::finding::{Skipped, to_list};

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct WalkedFile {
    path: String,
    size_bytes: u64,
    mtime_ns: i64,
    inode: u64,
    mode: u32,
    is_symlink: bool,
}

#[pymethods]
impl WalkedFile {
    fn __repr__(&self) -> String {
        format!("WalkedFile(path={:?}, size_bytes={})", self.path, self.size_bytes)
    }
}

impl From<search::WalkedFile> for WalkedFile {
    fn from(file: search::WalkedFile) -> Self {
        Self {
            path: file.path,
            size_bytes: file.size_bytes,
            mtime_ns: file.mtime_ns,
            inode: file.inode,
            mode: file.mode,
            is_symlink: file.is_symlink,
        }
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct WalkReport {
    files: Py<PyList>,
    skipped: Py<PyList>,
    is_truncated: bool,
}

impl WalkReport {
    pub fn new(py: Python<'_>, report: search::WalkReport) -> PyResult<Self> {
        Ok(Self {
            files: to_list(py, report.files, WalkedFile::from)?,
            skipped: to_list(py, report.skipped, Skipped::from)?,
            is_truncated: report.is_truncated,
        })
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct GrepMatch {
    path: String,
    line: u64,
    column: usize,
    pattern_index: usize,
    text: String,
}

#[pymethods]
impl GrepMatch {
    fn __repr__(&self) -> String {
        format!(
            "GrepMatch(path={:?}, line={}, text={:?})",
            self.path, self.line, self.text
        )
    }
}

impl From<search::GrepMatch> for GrepMatch {
    fn from(found: search::GrepMatch) -> Self {
        Self {
            path: found.path,
            line: found.line,
            column: found.column,
            pattern_index: found.pattern_index,
            text: found.text,
        }
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct ContextLine {
    path: String,
    line: u64,
    text: String,
}

impl From<search::ContextLine> for ContextLine {
    fn from(found: search::ContextLine) -> Self {
        Self {
            path: found.path,
            line: found.line,
            text: found.text,
        }
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct GrepReport {
    matches: Py<PyList>,
    context: Py<PyList>,
    searched_count: usize,
    skipped: Py<PyList>,
    is_truncated: bool,
}

impl GrepReport {
    pub fn new(py: Python<'_>, report: search::GrepReport) -> PyResult<Self> {
        Ok(Self {
            matches: to_list(py, report.matches, GrepMatch::from)?,
            context: to_list(py, report.context, ContextLine::from)?,
            searched_count: report.searched_count,
            skipped: to_list(py, report.skipped, Skipped::from)?,
            is_truncated: report.is_truncated,
        })
    }
}
