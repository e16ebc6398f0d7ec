//! The pack inside the library.

use std::sync::LazyLock;

use crate::error::RuleError;
use crate::rule_set::RuleSet;

mod pack {
    include!(concat!(env!("OUT_DIR"), "/pack.rs"));
}

static BUILTIN: LazyLock<Result<RuleSet, RuleError>> = LazyLock::new(|| RuleSet::from_yaml(pack::FILES));

/// The built-in rules, compiled once a process.
pub fn builtin() -> Result<&'static RuleSet, RuleError> {
    BUILTIN.as_ref().map_err(Clone::clone)
}
