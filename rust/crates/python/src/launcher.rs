//! The launcher program that the module carries.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher.bin"));

/// The launcher executable; empty where there is none for the platform.
#[pyfunction]
pub(crate) fn launcher_program(py: Python<'_>) -> Bound<'_, PyBytes> {
    PyBytes::new(py, PROGRAM)
}
