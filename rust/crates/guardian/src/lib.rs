//! The style guardian: ast-grep rules over files and folders, their fixes, and searching and rewriting by pattern.

mod builtin;
mod cache;
mod config;
mod error;
mod examples;
mod finding;
mod fix;
mod folder;
mod injection;
mod kind_words;
mod language_map;
mod line_map;
mod lint;
mod need;
mod open_text;
#[cfg(test)]
mod pack_tests;
mod pattern;
mod plan;
mod pool;
mod prefilter;
mod regex_need;
mod rename;
mod report;
mod rule;
mod rule_set;
mod scan;
mod stored;
mod suppression;
mod twins;

pub use builtin::{BuiltinFile, builtin, builtin_files};
pub use config::from_config;
pub use error::{GuardianError, RuleError};
pub use examples::{Example, check_examples};
pub use finding::{Alternative, FileReport, Finding, Label, Replacement, Severity};
pub use fix::{Fixed, apply_fixes};
pub use folder::{LintOptions, LintReport, lint_paths};
pub use line_map::{Encoding, Position};
pub use lint::{lint_text, syntax_report};
pub use open_text::{OpenText, Places, TextChange, TextReport};
pub use pattern::{Match, MatchReport, ast_match, ast_rewrite};
pub use rename::{Rename, rename_identifier};
pub use report::UNUSED_SUPPRESSION;
pub use rule::RuleInfo;
pub use rule_set::RuleSet;
pub use syntax::{CancelToken, Watch};
