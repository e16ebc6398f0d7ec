//! Why a file was not checked.

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
    /// The parser did not end before its deadline.
    #[error("took too long to parse")]
    TooSlow,
}
