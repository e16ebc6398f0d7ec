//! The native core as the Python module `orchestrator_core._core`.
//!
//! Each function turns its arguments into Rust values, leaves the GIL, calls an engine crate, and wraps the result.
//! The contract is `python/orchestrator_core/__init__.pyi`.

mod allocator;
mod cancel;
mod conventions_functions;
mod errors;
mod finding;
mod folder_states;
mod guardian_functions;
mod launcher;
mod matches;
mod open_text;
mod rules;
mod search_functions;
mod symbol_functions;
mod symbol_index;
mod walked;

use pyo3::prelude::*;

/// Native core: syntax, style guardian, search and the launcher program.
#[pymodule]
mod _core {
    #[pymodule_export]
    use crate::cancel::CancelToken;
    #[pymodule_export]
    use crate::conventions_functions::{Convention, Conventions, Deviation};
    #[pymodule_export]
    use crate::errors::{CoreError, RuleError, panic_on_purpose};
    #[pymodule_export]
    use crate::finding::{Alternative, FileReport, Finding, Label, LintReport, Skipped};
    #[pymodule_export]
    use crate::folder_states::{FolderLook, FolderStates, remove_tree};
    #[pymodule_export]
    use crate::guardian_functions::{
        apply_fixes, ast_match, ast_rewrite, language_of, lint_paths, lint_text, rename_identifier,
        syntax_errors,
    };
    #[pymodule_export]
    use crate::launcher::launcher_program;
    #[pymodule_export]
    use crate::matches::{Match, MatchReport, Rename};
    #[pymodule_export]
    use crate::open_text::{OpenText, TextReport};
    #[pymodule_export]
    use crate::rules::{Example, Rule, RuleProblem, RuleSet, builtin_files};
    #[pymodule_export]
    use crate::search_functions::{FileList, glob, grep, walk};
    #[pymodule_export]
    use crate::symbol_functions::{Import, imports};
    #[pymodule_export]
    use crate::symbol_index::{Definition, Reference, SymbolIndex, SyncFinding};
    #[pymodule_export]
    use crate::walked::{ContextLine, GrepMatch, GrepReport, WalkReport, WalkedFile};

    /// Before anything is parsed.
    #[pymodule_init]
    #[allow(clippy::unnecessary_wraps, reason = "the signature is PyO3's")]
    fn init(_module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        crate::allocator::install();
        Ok(())
    }

    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
