//! What a folder held when it was known last, and what differs now.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use states::{FileState, Look, LookError, States};

use crate::errors::{CoreError, without_gil};

/// Size, mtime, ctime, inode, mode, link count.
type Fields = (u64, i64, i64, u64, u32, u64);

/// The files of one folder as they were known last.
#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct FolderStates(Mutex<States>);

impl FolderStates {
    fn states(&self) -> MutexGuard<'_, States> {
        // Maps of plain values: whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl FolderStates {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(States::default()))
    }

    /// Look at everything below the folder.
    #[pyo3(signature = (root, *, max_entries=1_000_000))]
    fn look(&self, py: Python<'_>, root: PathBuf, max_entries: usize) -> PyResult<FolderLook> {
        let look = without_gil(py, || self.states().look(&root, max_entries))?;
        match look {
            Ok(look) => FolderLook::new(py, look),
            Err(LookError::TooMany) => Err(CoreError::new_err(format!("more than {max_entries} entries"))),
            Err(LookError::System(error)) => Err(os_error(error.raw_os_error(), root)),
        }
    }

    /// Remember files; a state is certain when the file's times lie before `settled_before_ns`.
    fn note(&self, states: &Bound<'_, PyDict>, settled_before_ns: i64) -> PyResult<()> {
        let mut known = self.states();
        for (path, fields) in states {
            let state = state(fields.extract()?);
            let is_certain = state.ctime_ns < settled_before_ns && state.mtime_ns < settled_before_ns;
            known.note(path.extract::<OsString>()?.into_vec(), state, is_certain);
        }
        Ok(())
    }

    /// Forget files.
    fn forget(&self, paths: Vec<OsString>) {
        let mut known = self.states();
        for path in paths {
            known.forget(path.as_bytes());
        }
    }

    /// Files whose content is certain while their state stays.
    #[getter]
    fn certain_count(&self) -> usize {
        self.states().certain()
    }
}

/// What a look found that is not as it was known.
#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct FolderLook {
    touched: Py<PyDict>,
    gone: Py<PyList>,
    hollow: Py<PyList>,
}

impl FolderLook {
    fn new(py: Python<'_>, look: Look) -> PyResult<Self> {
        let touched = PyDict::new(py);
        for (path, state) in look.touched {
            touched.set_item(OsStr::from_bytes(&path), fields(state))?;
        }
        let list = |paths: Vec<Vec<u8>>| PyList::new(py, paths.into_iter().map(OsString::from_vec));
        Ok(Self {
            touched: touched.unbind(),
            gone: list(look.gone)?.unbind(),
            hollow: list(look.hollow)?.unbind(),
        })
    }
}

/// Remove a folder with all that it holds, however deep; links are not followed.
#[pyfunction]
pub(crate) fn remove_tree(py: Python<'_>, root: PathBuf) -> PyResult<()> {
    without_gil(py, || states::remove_tree(&root))?.map_err(|error| os_error(error.raw_os_error(), root))
}

fn os_error(number: i32, path: PathBuf) -> PyErr {
    let text = std::io::Error::from_raw_os_error(number).to_string();
    // Python makes the subclass that belongs to the number.
    PyOSError::new_err((number, text, path.into_os_string()))
}

fn fields(state: FileState) -> Fields {
    (
        state.size_bytes,
        state.mtime_ns,
        state.ctime_ns,
        state.inode,
        state.mode,
        state.link_count,
    )
}

fn state((size_bytes, mtime_ns, ctime_ns, inode, mode, link_count): Fields) -> FileState {
    FileState {
        size_bytes,
        mtime_ns,
        ctime_ns,
        inode,
        mode,
        link_count,
    }
}
