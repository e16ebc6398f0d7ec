//! Why a file was not checked.

use std::time::Duration;

use thiserror::Error;

/// The reason why a file was not parsed. The texts are part of the Python contract.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotChecked {
    /// No grammar goes with this path.
    #[error("unknown language")]
    UnknownLanguage,
    /// More than [`crate::MAX_SOURCE_BYTES`].
    #[error("too large")]
    TooLarge,
    /// A NUL byte is in it.
    #[error("binary")]
    Binary,
    /// The bytes are not UTF-8.
    #[error("not utf-8")]
    NotUtf8,
    /// The tree has more than [`crate::MAX_DEPTH`] levels.
    #[error("nested too deeply")]
    TooDeep,
    /// The work did not end within its budget.
    #[error("took longer than {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// Somebody cancelled the work.
    #[error("cancelled")]
    Cancelled,
}
