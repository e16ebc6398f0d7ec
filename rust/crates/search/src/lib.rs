//! Walking a folder, and searching in it by name (glob) and by content (grep).
//!
//! Paths in results are relative to the root, with forward slashes. Symlinks are listed, never followed.

mod error;
mod filter;
mod glob;
mod grep;
mod read;
mod walk;

pub use error::{SearchError, Skipped};
pub use filter::PathFilter;
pub use glob::glob;
pub use grep::{Grep, GrepMatch, GrepReport, MAX_GREP_BYTES, grep};
pub use read::{SourceFile, read_source, select_files};
pub use walk::{Walk, WalkReport, WalkedFile, walk};
