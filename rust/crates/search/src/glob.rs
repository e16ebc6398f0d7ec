//! Files by name.

use std::path::Path;

use crate::error::SearchError;
use crate::file_list::FileList;
use crate::walk::WalkReport;

/// The files, ignored ones left out, that match one of the globs, at most `max_files` of them.
pub fn glob<S: AsRef<str>>(root: &Path, patterns: &[S], max_files: usize) -> Result<WalkReport, SearchError> {
    FileList::unwatched(root).glob(patterns, max_files)
}
