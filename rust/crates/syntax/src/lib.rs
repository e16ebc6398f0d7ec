//! Languages, parsing with caps, positions and syntax errors.
//!
//! Everything above this crate sees a [`Document`]: UTF-8 source and its tree, already known to be neither too large
//! nor nested too deeply. What could not be parsed is a [`NotChecked`] with its reason, never a clean result.

mod document;
mod error;
mod language;
mod span;
mod syntax_error;

pub use document::{Document, MAX_DEPTH, MAX_SOURCE_BYTES, decode, embedded, parse, parse_bytes};
pub use error::NotChecked;
pub use language::{SupportLang, language_by_name, language_of};
pub use span::{Span, shorten};
pub use syntax_error::{MAX_SYNTAX_ERRORS, SyntaxError, syntax_errors};
