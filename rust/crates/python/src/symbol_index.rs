//! The symbol index.

use std::path::PathBuf;

use pyo3::prelude::*;
use symbols::{Alias, Layout, Place};

use crate::errors::{detached, without_gil};
use crate::finding::Skipped;

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Definition {
    name: String,
    kind: &'static str,
    path: String,
    signature: String,
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Reference {
    path: String,
    kind: &'static str,
    text: String,
    owner: String,
    is_certain: bool,
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct SyncFinding {
    rule: &'static str,
    path: String,
    severity: &'static str,
    message: String,
    text: String,
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct SymbolIndex(symbols::SymbolIndex);

#[pymethods]
impl SymbolIndex {
    #[staticmethod]
    #[pyo3(
        signature = (root, paths, *, previous=None, standard=vec![], outside=vec![], search_folders=vec![], aliases=vec![]),
        text_signature = "(root, paths, *, previous=None, standard=(), outside=(), search_folders=(), aliases=())"
    )]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keyword arguments of the Python contract, which PyO3 hands over owned"
    )]
    fn build(
        py: Python<'_>,
        root: PathBuf,
        paths: Vec<String>,
        previous: Option<&Self>,
        standard: Vec<String>,
        outside: Vec<String>,
        search_folders: Vec<PathBuf>,
        aliases: Vec<(String, String, String)>,
    ) -> PyResult<Self> {
        let alias = |(folder, pattern, target)| Alias {
            folder,
            pattern,
            target,
        };
        let layout = Layout {
            standard: standard.into_iter().collect(),
            outside: outside.into_iter().collect(),
            search_folders,
            aliases: aliases.into_iter().map(alias).collect(),
        };
        let previous = previous.map(|index| &index.0);
        without_gil(py, || {
            symbols::SymbolIndex::build(&root, &paths, previous, layout)
        })
        .map(Self)
    }

    fn __len__(&self) -> usize {
        self.0.files.len()
    }

    #[getter]
    fn parsed_count(&self) -> usize {
        self.0.parsed_count
    }

    #[getter]
    fn paths(&self) -> Vec<&str> {
        self.0.files.iter().map(|file| &*file.path).collect()
    }

    #[getter]
    fn skipped(&self) -> Vec<Skipped> {
        self.0.skipped.iter().cloned().map(Skipped::from).collect()
    }

    fn symbols(&self, py: Python<'_>, path: &str) -> PyResult<Vec<Definition>> {
        let found = without_gil(py, || self.0.symbols(path))?;
        Ok(found.into_iter().map(Definition::from).collect())
    }

    #[pyo3(signature = (name, path=None))]
    fn definition(&self, py: Python<'_>, name: &str, path: Option<&str>) -> PyResult<Vec<Definition>> {
        let found = without_gil(py, || self.0.definition(name, path))?;
        Ok(found.into_iter().map(Definition::from).collect())
    }

    #[pyo3(signature = (name, path=None))]
    fn references(&self, py: Python<'_>, name: &str, path: Option<&str>) -> PyResult<Vec<Reference>> {
        let found = without_gil(py, || self.0.references(name, path))?;
        Ok(found.into_iter().map(Reference::from).collect())
    }

    #[pyo3(signature = (name, path=None))]
    fn callers(&self, py: Python<'_>, name: &str, path: Option<&str>) -> PyResult<Vec<Reference>> {
        let found = self.references(py, name, path)?;
        Ok(found.into_iter().filter(|one| one.kind == "call").collect())
    }

    #[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned lists")]
    fn dependents(&self, py: Python<'_>, paths: Vec<String>) -> PyResult<Vec<String>> {
        without_gil(py, || self.0.dependents(&paths))
    }

    #[pyo3(signature = (base=None))]
    fn check(&self, py: Python<'_>, base: Option<&Self>) -> PyResult<Vec<SyncFinding>> {
        let base = base.map(|index| &index.0);
        let found = detached(py, || Ok::<_, String>(symbols::check(&self.0, base)))?;
        Ok(found.into_iter().map(SyncFinding::from).collect())
    }
}

impl From<symbols::Definition> for Definition {
    fn from(found: symbols::Definition) -> Self {
        let Place {
            start_line,
            start_column,
            end_line,
            end_column,
        } = found.place;
        Self {
            name: found.name,
            kind: found.kind,
            path: found.path,
            signature: found.signature,
            start_line,
            start_column,
            end_line,
            end_column,
        }
    }
}

impl From<symbols::Reference> for Reference {
    fn from(found: symbols::Reference) -> Self {
        let Place {
            start_line,
            start_column,
            end_line,
            end_column,
        } = found.place;
        Self {
            path: found.path,
            kind: found.kind,
            text: found.text,
            owner: found.owner,
            is_certain: found.is_certain,
            start_line,
            start_column,
            end_line,
            end_column,
        }
    }
}

impl From<symbols::SyncFinding> for SyncFinding {
    fn from(found: symbols::SyncFinding) -> Self {
        let Place {
            start_line,
            start_column,
            end_line,
            end_column,
        } = found.place;
        Self {
            rule: found.rule,
            path: found.path,
            severity: if found.is_error { "error" } else { "info" },
            message: found.message,
            text: found.text,
            start_line,
            start_column,
            end_line,
            end_column,
        }
    }
}
