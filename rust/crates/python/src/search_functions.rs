//! Walk, grep and glob.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::cancel::CancelToken;
use crate::errors::detached;
use crate::walked::{GrepReport, WalkReport};

/// Files below root, hidden ones included, `.git` left out.
#[pyfunction]
#[pyo3(
    signature = (root, *, is_ignore_aware=true, exclude=vec![], max_files=1_000_000),
    text_signature = "(root, *, is_ignore_aware=True, exclude=(), max_files=1000000)"
)]
pub(crate) fn walk(
    py: Python<'_>,
    root: PathBuf,
    is_ignore_aware: bool,
    exclude: Vec<String>,
    max_files: usize,
) -> PyResult<WalkReport> {
    let options = search::Walk {
        is_ignore_aware,
        exclude,
        max_files,
        ..search::Walk::new(root)
    };
    WalkReport::new(py, detached(py, || search::walk(&options))?)
}

/// All patterns in one pass over the walked files.
#[pyfunction]
#[pyo3(
    signature = (
        root, patterns, *, is_regex=true, is_case_sensitive=true, globs=vec![], context_lines=0, encoding=None,
        max_matches=10_000, cancel=None
    ),
    text_signature = "(root, patterns, *, is_regex=True, is_case_sensitive=True, globs=(), context_lines=0, \
                      encoding=None, max_matches=10000, cancel=None)"
)]
#[allow(clippy::too_many_arguments, reason = "Python's keyword arguments")]
pub(crate) fn grep(
    py: Python<'_>,
    root: PathBuf,
    patterns: Vec<String>,
    is_regex: bool,
    is_case_sensitive: bool,
    globs: Vec<String>,
    context_lines: usize,
    encoding: Option<String>,
    max_matches: usize,
    cancel: Option<&CancelToken>,
) -> PyResult<GrepReport> {
    let query = search::Grep {
        root,
        patterns,
        is_regex,
        is_case_sensitive,
        globs,
        context_lines,
        encoding,
        max_matches,
        cancel: cancel.map(|cancel| cancel.0.flag()),
    };
    GrepReport::new(py, detached(py, || search::grep(&query))?)
}

/// The walked files that match one of the patterns.
#[pyfunction]
#[pyo3(signature = (root, patterns, *, max_files=10_000))]
#[allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands paths and sequences over as owned values"
)]
pub(crate) fn glob(
    py: Python<'_>,
    root: PathBuf,
    patterns: Vec<String>,
    max_files: usize,
) -> PyResult<WalkReport> {
    WalkReport::new(py, detached(py, || search::glob(&root, &patterns, max_files))?)
}

/// The files of a folder, listed anew only when something changed.
#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct FileList(search::FileList);

#[pymethods]
impl FileList {
    #[new]
    fn new(root: PathBuf) -> Self {
        Self(search::FileList::new(root))
    }

    /// Paths that match one of the patterns, and whether there are more.
    #[pyo3(signature = (patterns, *, max_files=10_000))]
    #[allow(clippy::needless_pass_by_value, reason = "as above")]
    fn glob(&self, py: Python<'_>, patterns: Vec<String>, max_files: usize) -> PyResult<(Vec<String>, bool)> {
        detached(py, || self.0.paths(&patterns, max_files))
    }

    /// As the function of this name.
    #[pyo3(
        signature = (
            patterns, *, is_regex=true, is_case_sensitive=true, globs=vec![], context_lines=0, encoding=None,
            max_matches=10_000, cancel=None
        ),
        text_signature = "(self, patterns, *, is_regex=True, is_case_sensitive=True, globs=(), context_lines=0, \
                          encoding=None, max_matches=10000, cancel=None)"
    )]
    #[allow(clippy::too_many_arguments, reason = "Python's keyword arguments")]
    fn grep(
        &self,
        py: Python<'_>,
        patterns: Vec<String>,
        is_regex: bool,
        is_case_sensitive: bool,
        globs: Vec<String>,
        context_lines: usize,
        encoding: Option<String>,
        max_matches: usize,
        cancel: Option<&CancelToken>,
    ) -> PyResult<GrepReport> {
        let query = search::Grep {
            root: PathBuf::new(),
            patterns,
            is_regex,
            is_case_sensitive,
            globs,
            context_lines,
            encoding,
            max_matches,
            cancel: cancel.map(|cancel| cancel.0.flag()),
        };
        GrepReport::new(py, detached(py, || self.0.grep(&query))?)
    }
}
