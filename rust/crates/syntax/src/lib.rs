//! Languages, parsing with caps, positions and syntax errors.
//!
//! Everything above this crate sees a [`Document`]: UTF-8 source and its tree, already known to be neither too large
//! nor nested too deeply. What could not be parsed is a [`NotChecked`] with its reason, never a clean result.

mod document;
mod error;
mod indentation;
mod language;
mod span;
mod syntax_error;
mod traverse;
mod watch;

pub use document::{
    BYTES_PER_STEP, Document, MAX_SOURCE_BYTES, decode, decode_owned, parse, parse_bytes, parse_region,
    parse_unvisited, parse_watched, regions, reparse,
};
pub use error::NotChecked;
pub use indentation::{indentation_error_below, top_indentation_error};
pub use language::{SupportLang, language_by_name, language_of};
pub use span::{Span, shorten};
pub use syntax_error::{MAX_SYNTAX_ERRORS, SyntaxError, syntax_errors};
pub use traverse::{Extent, MAX_DEPTH, visit, visit_below};
pub use tree_sitter::{InputEdit, Point, Range, Tree};
pub use watch::{CancelToken, DEFAULT_BUDGET, Watch};
