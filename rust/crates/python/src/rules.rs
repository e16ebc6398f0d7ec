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
    url: Option<String>,
    source_name: String,
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
            url: info.url,
            source_name: info.source_name,
        }
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct RuleProblem {
    source: String,
    line: Option<usize>,
    column: Option<usize>,
    reason: String,
}

#[pymethods]
impl RuleProblem {
    fn __repr__(&self) -> String {
        let place = |number: Option<usize>| number.map_or("None".to_owned(), |number| number.to_string());
        format!(
            "RuleProblem(source={:?}, line={}, column={}, reason={:?})",
            self.source,
            place(self.line),
            place(self.column),
            self.reason
        )
    }
}

impl From<&guardian::RuleError> for RuleProblem {
    fn from(error: &guardian::RuleError) -> Self {
        Self {
            source: error.source_name.clone(),
            line: error.place.map(|(line, _)| line),
            column: error.place.map(|(_, column)| column),
            reason: error.reason.clone(),
        }
    }
}

#[pyclass(frozen, get_all, module = "orchestrator_core")]
pub(crate) struct Example {
    rule_id: String,
    language: String,
    is_valid: bool,
    source: String,
    expected: Option<String>,
    fixed: Option<String>,
    problem: Option<String>,
}

#[pymethods]
impl Example {
    fn __repr__(&self) -> String {
        format!(
            "Example(rule_id={:?}, is_valid={}, problem={:?})",
            self.rule_id, self.is_valid, self.problem
        )
    }
}

impl From<guardian::Example> for Example {
    fn from(example: guardian::Example) -> Self {
        Self {
            rule_id: example.rule_id,
            language: example.language,
            is_valid: example.is_valid,
            source: example.source,
            expected: example.expected,
            fixed: example.fixed,
            problem: example.problem,
        }
    }
}

type Files = Vec<(&'static str, &'static str)>;

/// The rule files of the pack and their examples.
#[pyfunction]
pub(crate) fn builtin_files() -> (Files, Files) {
    let (files, tests) = guardian::builtin_files();
    (files.to_vec(), tests.to_vec())
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

    fn extended(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        without_gil(py, || self.0.extended(&other.0)).map(Self)
    }

    #[getter]
    fn problems(&self) -> Vec<RuleProblem> {
        self.0.problems().iter().map(RuleProblem::from).collect()
    }

    fn rules(&self, py: Python<'_>) -> PyResult<Vec<Rule>> {
        let infos = without_gil(py, || self.0.rules())?;
        Ok(infos.into_iter().map(Rule::from).collect())
    }

    fn check_examples(&self, py: Python<'_>, source_name: &str, yaml: &str) -> PyResult<Vec<Example>> {
        let examples = detached_rules(py, || guardian::check_examples(&self.0, source_name, yaml))?;
        Ok(examples.into_iter().map(Example::from).collect())
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("<RuleSet of {} rules>", self.0.len())
    }
}
