//! Files by name.

use std::path::Path;

use crate::error::SearchError;
use crate::filter::PathFilter;
use crate::walk::{Walk, WalkReport, walk};

/// The walked files that match one of the globs, at most `max_files` of them.
pub fn glob<S: AsRef<str>>(root: &Path, patterns: &[S], max_files: usize) -> Result<WalkReport, SearchError> {
    let filter = PathFilter::new(patterns)?;
    let mut report = walk(&Walk::new(root))?;
    report.files.retain(|file| filter.is_match(&file.path));
    if report.files.len() > max_files {
        report.files.truncate(max_files);
        report.is_truncated = true;
    }
    Ok(report)
}
