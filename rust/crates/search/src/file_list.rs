//! The files of a folder, kept between questions: listed anew only when something changed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::AtFlags;

use crate::error::SearchError;
use crate::filter::PathFilter;
use crate::grep::{Grep, GrepReport, grep_tree};
use crate::list::{Listing, check_root, list, open_root};
use crate::tree::Tree;
use crate::walk::{WalkReport, describe_file};
use crate::watch::Watch;

/// More files are not listed.
const MAX_FILES: usize = 1_000_000;

/// The files below a root that no ignore file names, `.git` left out. Share it between threads.
#[derive(Debug)]
pub struct FileList {
    root: PathBuf,
    is_watched: bool,
    known: Mutex<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    tree: Arc<Tree>,
    watch: Watch,
    /// Device and inode of the root: another folder may take its place.
    identity: (u64, u64),
}

impl FileList {
    /// Nothing is read before the first question.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            is_watched: true,
            known: Mutex::new(None),
        }
    }

    /// One that lists anew for each question.
    pub(crate) fn unwatched(root: impl Into<PathBuf>) -> Self {
        Self {
            is_watched: false,
            ..Self::new(root)
        }
    }

    /// The files that match one of the globs, at most `max_files` of them.
    pub fn glob<S: AsRef<str>>(&self, patterns: &[S], max_files: usize) -> Result<WalkReport, SearchError> {
        let filter = PathFilter::new(patterns)?;
        let root = check_root(&self.root)?;
        let tree = self.tree(&root)?;
        let handle = open_root(&root)?;
        let found = tree.select(&filter);
        let mut report = WalkReport {
            is_truncated: tree.is_truncated || found.len() > max_files,
            skipped: tree.skipped.clone(),
            ..WalkReport::default()
        };
        for place in found.iter().take(max_files) {
            let path = tree.path_of(*place);
            // One that is gone by now is no match.
            if let Ok(state) = rustix::fs::statat(&handle, &path, AtFlags::SYMLINK_NOFOLLOW) {
                report.files.push(describe_file(path, &state));
            }
        }
        Ok(report)
    }

    /// The paths of the files that match, without asking the file system about each.
    pub fn paths<S: AsRef<str>>(
        &self,
        patterns: &[S],
        max_files: usize,
    ) -> Result<(Vec<String>, bool), SearchError> {
        let filter = PathFilter::new(patterns)?;
        let tree = self.tree(&check_root(&self.root)?)?;
        let found = tree.select(&filter);
        let paths = found.iter().take(max_files).map(|place| tree.path_of(*place));
        Ok((paths.collect(), tree.is_truncated || found.len() > max_files))
    }

    /// Search in the files.
    pub fn grep(&self, query: &Grep) -> Result<GrepReport, SearchError> {
        let root = check_root(&self.root)?;
        grep_tree(query, &root, &*self.tree(&root)?)
    }

    fn tree(&self, root: &Path) -> Result<Arc<Tree>, SearchError> {
        let state = rustix::fs::stat(root).map_err(|error| SearchError::Root {
            root: root.display().to_string(),
            reason: error.to_string(),
        })?;
        let identity = (state.st_dev, state.st_ino);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*known
            && known.identity == identity
            && known.watch.is_quiet()
        {
            return Ok(known.tree.clone());
        }
        *known = None;
        let watch = self.is_watched.then(|| Watch::new(root)).flatten();
        let tree = Arc::new(list_for_search(root, watch.as_ref())?);
        *known = watch.map(|watch| Known {
            tree: tree.clone(),
            watch,
            identity,
        });
        Ok(tree)
    }
}

/// The tree that searches look at.
pub(crate) fn list_for_search(root: &Path, watch: Option<&Watch>) -> Result<Tree, SearchError> {
    list(&Listing {
        root,
        is_ignore_aware: true,
        is_search: true,
        exclude: &[],
        below: "",
        max_files: MAX_FILES,
        has_states: false,
        watch,
    })
}
