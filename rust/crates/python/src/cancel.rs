//! Ending work from another thread.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

#[pyclass(frozen, module = "orchestrator_core")]
#[derive(Default)]
pub(crate) struct CancelToken(pub guardian::CancelToken);

#[pymethods]
impl CancelToken {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    #[getter]
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn __repr__(&self) -> String {
        format!(
            "CancelToken(is_cancelled={})",
            if self.0.is_cancelled() { "True" } else { "False" }
        )
    }
}

/// A budget in seconds; a `ValueError` when it is none.
pub(crate) fn budget(seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|error| PyValueError::new_err(format!("budget_s: {error}")))
}
