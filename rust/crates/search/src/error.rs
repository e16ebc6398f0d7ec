//! What can go wrong in a search as a whole, and for one file.

use std::io;

use thiserror::Error;

/// The search as a whole can't be done.
#[derive(Debug, Error)]
pub enum SearchError {
    /// The root is missing, no folder, or can't be opened.
    #[error("{root} is not a folder that can be searched: {reason}; give an existing folder")]
    Root { root: String, reason: String },
    /// A path argument leaves the root.
    #[error("the path {0:?} leads out of the root; give paths relative to the root and without `..`")]
    Outside(String),
    /// A glob does not parse.
    #[error("wrong glob {glob:?}: {reason}")]
    Glob { glob: String, reason: String },
    /// A pattern does not parse.
    #[error("wrong pattern: {0}")]
    Pattern(String),
    /// Nothing is known by this name.
    #[error("unknown encoding: {0}; use a name such as utf-8, utf-16le, latin1 or shift_jis")]
    Encoding(String),
    /// Nobody wants the answer any more.
    #[error("cancelled")]
    Cancelled,
}

/// A file that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skipped {
    /// Relative to the root.
    pub path: String,
    /// "too large", "binary", "unreadable: …" and so on.
    pub reason: String,
}

impl Skipped {
    /// A skipped file.
    pub fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            reason: reason.into(),
        }
    }

    /// A file that the operating system did not let us read. The path is left out of the reason.
    pub fn unreadable(path: impl Into<String>, error: &io::Error) -> Self {
        Self::new(path, format!("unreadable: {}", describe(error)))
    }
}

/// The text of an I/O error without Rust's "(os error N)".
pub(crate) fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
