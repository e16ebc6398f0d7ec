//! What can go wrong.

use std::error::Error;

use search::SearchError;
use syntax::NotChecked;
use thiserror::Error;

/// A rule or configuration file is wrong.
#[derive(Clone, Debug, Error)]
#[error("{source_name}: {reason}")]
pub struct RuleError {
    /// The file, or what the caller called the text.
    pub source_name: String,
    /// What is wrong; with line and column where the YAML parser knows them.
    pub reason: String,
}

impl RuleError {
    pub(crate) fn new(source_name: &str, reason: impl Into<String>) -> Self {
        Self {
            source_name: source_name.to_owned(),
            reason: reason.into(),
        }
    }

    /// A YAML error: its first line has position and reason, the lines below it draw the place.
    pub(crate) fn yaml(source_name: &str, error: &dyn Error) -> Self {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        Self::new(source_name, line.strip_prefix("error: ").unwrap_or(line))
    }

    /// An error with all of its causes.
    pub(crate) fn caused(source_name: &str, error: &dyn Error) -> Self {
        Self::new(source_name, chain(error))
    }
}

/// What an entry point can't do.
#[derive(Debug, Error)]
pub enum GuardianError {
    /// The search below could not be done.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// No language has this name.
    #[error("unknown language {0:?}; use a name such as \"Python\" or \"TypeScript\"")]
    Language(String),
    /// The pattern is wrong.
    #[error("wrong pattern: {0}")]
    Pattern(String),
    /// A source that must be parsed can't be.
    #[error("{path} can't be changed: {reason}")]
    Source { path: String, reason: NotChecked },
    /// A name that is no identifier.
    #[error("{0:?} is not an identifier")]
    Identifier(String),
    /// A fix does not fit the source.
    #[error("the fix of {rule_id} for bytes {start}..{end} does not fit the source; lint the source again")]
    StaleFix {
        rule_id: String,
        start: usize,
        end: usize,
    },
    /// A panic while one file was worked on.
    #[error("defect while working on {path}: {message}")]
    Defect { path: String, message: String },
}

pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{} {inner_text}", with_stop(&text));
        }
        cause = inner.source();
    }
    text
}

fn with_stop(text: &str) -> String {
    let trimmed = text.trim_end();
    if trimmed.ends_with(['.', ':', '!']) {
        trimmed.to_owned()
    } else {
        format!("{trimmed}:")
    }
}
