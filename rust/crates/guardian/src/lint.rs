//! Linting a text.

use std::panic::{AssertUnwindSafe, catch_unwind};

use syntax::{SyntaxError, Watch};

use crate::error::GuardianError;
use crate::finding::{FileReport, Finding, Severity};
use crate::rule_set::RuleSet;
use crate::scan::Scanner;

/// Lint a text as if it were the file at `path`.
pub fn lint_text(set: &RuleSet, path: &str, source: &[u8], watch: &Watch<'_>) -> FileReport {
    Scanner::new(set, None).scan(path, source, watch) // in this thread: the pool may be busy with a folder
}

/// A panic that says at which file it happened.
pub(crate) fn guard<T>(path: &str, work: impl FnOnce() -> T) -> Result<T, GuardianError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("panic");
        GuardianError::Defect {
            path: path.to_owned(),
            message: message.to_owned(),
        }
    })
}

/// Parse errors as findings.
pub fn syntax_report(path: &str, source: &[u8]) -> FileReport {
    let parsed = syntax::language_of(path)
        .ok_or(syntax::NotChecked::UnknownLanguage)
        .and_then(|language| syntax::parse_bytes(source, language));
    match parsed {
        Err(reason) => FileReport::NotChecked(reason.to_string()),
        Ok(document) => {
            let errors = syntax::syntax_errors(&document);
            let source = document.source();
            FileReport::Checked(
                errors
                    .into_iter()
                    .map(|error| syntax_finding(path, source, error))
                    .collect(),
            )
        }
    }
}

pub(crate) fn syntax_finding(path: &str, source: &str, error: SyntaxError) -> Finding {
    let text = source
        .get(error.span.start_byte..error.span.end_byte)
        .unwrap_or_default();
    Finding {
        rule_id: "syntax-error".into(),
        path: path.into(),
        severity: Severity::Error,
        message: error.message,
        note: None,
        url: None,
        text: syntax::shorten(text, 400),
        span: error.span,
        replacement: None,
        is_safe_fix: false,
        alternatives: Vec::new(),
        labels: Vec::new(),
    }
}
