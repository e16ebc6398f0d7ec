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

/// A file of the pack: its path below the pack, and its text.
pub type BuiltinFile = (&'static str, &'static str);

/// The rule files of the pack, and the files of their examples.
pub fn builtin_files() -> (&'static [BuiltinFile], &'static [BuiltinFile]) {
    (pack::FILES, pack::TESTS)
}
