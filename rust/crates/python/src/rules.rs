//! Rules and sets of rules.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::errors::{detached_rules, without_gil};

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Rule {
    rule_id: String,
    language: String,
    severity: &'static str,
    message: String,
    note: Option<String>,
    is_fixable: bool,
    is_safe_fix: bool,
}

#[pymethods]
impl Rule {
    fn __repr__(&self) -> String {
        format!(
            "Rule(rule_id={:?}, language={:?}, severity={:?})",
            self.rule_id, self.language, self.severity
        )
    }
}

impl From<guardian::RuleInfo> for Rule {
    fn from(info: guardian::RuleInfo) -> Self {
        Self {
            rule_id: info.rule_id,
            language: info.language,
            severity: info.severity.name(),
            message: info.message,
            note: info.note,
            is_fixable: info.is_fixable,
            is_safe_fix: info.is_safe_fix,
        }
    }
}

#[pyclass(frozen, module = "orchestrator_core")]
pub(crate) struct RuleSet(pub guardian::RuleSet);

#[pymethods]
impl RuleSet {
    #[staticmethod]
    fn builtin(py: Python<'_>) -> PyResult<Self> {
        detached_rules(py, || guardian::builtin().cloned()).map(Self)
    }

    #[staticmethod]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands sequences over as owned vectors"
    )]
    fn from_yaml(py: Python<'_>, documents: Vec<(String, String)>) -> PyResult<Self> {
        detached_rules(py, || guardian::RuleSet::from_yaml(&documents)).map(Self)
    }

    #[staticmethod]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands paths over as owned values"
    )]
    fn from_config(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        detached_rules(py, || guardian::from_config(&path)).map(Self)
    }

    fn merged(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        without_gil(py, || self.0.merged(&other.0)).map(Self)
    }

    fn rules(&self, py: Python<'_>) -> PyResult<Vec<Rule>> {
        let infos = without_gil(py, || self.0.rules())?;
        Ok(infos.into_iter().map(Rule::from).collect())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("<RuleSet of {} rules>", self.0.len())
    }
}
