//! Errors and panics as Python exceptions.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;

pyo3::create_exception!(
    orchestrator_core,
    CoreError,
    PyException,
    "The native core could not do what was asked (bad argument, or a defect: a panic). The message says which."
);
pyo3::create_exception!(
    orchestrator_core,
    RuleError,
    CoreError,
    "A rule file is wrong; the message names source, line and column where the YAML parser knows them."
);

/// Work without the GIL. An error or a panic of the work is a `CoreError`.
pub(crate) fn detached<T: Send, E: Display + Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    without_gil(py, work)?.map_err(|error| CoreError::new_err(error.to_string()))
}

/// The same for work that reads rules: its errors are `RuleError`s.
pub(crate) fn detached_rules<T: Send, E: Display + Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, E> + Send,
) -> PyResult<T> {
    without_gil(py, work)?.map_err(|error| RuleError::new_err(error.to_string()))
}

/// Work without the GIL that can't fail; a panic is a `CoreError`.
pub(crate) fn without_gil<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    // The work owns or only reads what it uses: nothing half-done is seen after a panic.
    let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(work)).map_err(|payload| panic_text(&*payload)));
    outcome.map_err(|text| CoreError::new_err(format!("defect in the native core: {text}")))
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("panic without a text")
        .to_owned()
}

/// Panic, so that a test can see what Python sees. No known input panics, and whether panics unwind is decided by the
/// build profile: only the built module can show it. Not exported by the package.
#[pyfunction(name = "_panic_on_purpose")]
pub(crate) fn panic_on_purpose(py: Python<'_>) -> PyResult<()> {
    without_gil(py, || panic!("on purpose"))
}
