//! Imports.

use pyo3::prelude::*;

use crate::errors::detached;

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Import {
    module: String,
    level: usize,
    names: Vec<String>,
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    is_guarded: bool,
}

#[pymethods]
impl Import {
    fn __repr__(&self) -> String {
        format!(
            "Import(module={:?}, level={}, names={:?})",
            self.module, self.level, self.names
        )
    }
}

impl From<symbols::Import> for Import {
    fn from(import: symbols::Import) -> Self {
        Self {
            module: import.module,
            level: import.level,
            names: import.names,
            start_line: import.span.start_line,
            start_column: import.span.start_column,
            end_line: import.span.end_line,
            end_column: import.span.end_column,
            is_guarded: import.is_guarded,
        }
    }
}

/// Imports of a Python, JavaScript or TypeScript file; None for other languages.
#[pyfunction]
pub(crate) fn imports(py: Python<'_>, path: &str, source: &[u8]) -> PyResult<Option<Vec<Import>>> {
    let read = || {
        let found = symbols::imports(path, source);
        found.map_err(|reason| format!("the imports of {path} can't be read: {reason}"))
    };
    let found = detached(py, read)?;
    Ok(found.map(|found| found.into_iter().map(Import::from).collect()))
}
