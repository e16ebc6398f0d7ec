//! Walking a folder, and searching in it by name (glob) and by content (grep).
//!
//! Paths in results are relative to the root, with forward slashes. Symlinks are listed, never followed.

mod error;
mod file_list;
mod filter;
mod found;
mod glob;
mod grep;
mod ignores;
mod list;
mod patterns;
mod queue;
mod read;
mod source;
mod tree;
mod walk;
mod watch;

pub use error::{SearchError, Skipped};
pub use file_list::FileList;
pub use filter::PathFilter;
pub use glob::glob;
pub use grep::{ContextLine, Grep, GrepMatch, GrepReport, grep};
pub use read::{SourceFile, read_source, select_files};
pub use source::MAX_GREP_BYTES;
pub use walk::{Walk, WalkReport, WalkedFile, walk};
