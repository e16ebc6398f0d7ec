//! The style guardian: ast-grep rules over files and folders, their fixes, and searching and rewriting by pattern.

mod builtin;
mod config;
mod error;
mod finding;
mod fix;
mod language_map;
mod lint;
#[cfg(test)]
mod pack_tests;
mod pattern;
mod pool;
mod rename;
mod rule;
mod rule_set;
mod scan;

pub use builtin::builtin;
pub use config::from_config;
pub use error::{GuardianError, RuleError};
pub use finding::{FileReport, Finding, Replacement, Severity};
pub use fix::{Fixed, apply_fixes};
pub use lint::{LintReport, lint_paths, lint_text, syntax_report};
pub use pattern::{Match, MatchReport, ast_match, ast_rewrite};
pub use rename::{Rename, rename_identifier};
pub use rule::RuleInfo;
pub use rule_set::RuleSet;
