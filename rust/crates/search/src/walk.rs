//! The files below a folder.

use std::path::PathBuf;

use rustix::fs::{FileType, Stat};

use crate::error::{SearchError, Skipped};
use crate::filter::PathFilter;
use crate::list::{Listing, check_root, list};

/// What to walk.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The folder.
    pub root: PathBuf,
    /// Respect `.gitignore`, `.ignore` and `.git/info/exclude` at and below the root.
    pub is_ignore_aware: bool,
    /// Relative paths (files or folders) that are left out.
    pub exclude: Vec<String>,
    /// Only what is below this relative folder; the ignore files above it, up to the root, hold. Empty for all.
    pub below: String,
    /// At most this many files are listed.
    pub max_files: usize,
}

impl Walk {
    /// All files below `root` that no ignore file names.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            is_ignore_aware: true,
            exclude: Vec::new(),
            below: String::new(),
            max_files: 1_000_000,
        }
    }
}

/// A file, or a symlink, as `lstat` saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkedFile {
    /// Relative to the root, with forward slashes.
    pub path: String,
    /// Size of the file; of the link's text for a symlink.
    pub size_bytes: u64,
    /// Time of the last modification, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Inode number, 0 where there is none.
    pub inode: u64,
    /// `st_mode`.
    pub mode: u32,
    /// Whether this is a symlink; it was not followed.
    pub is_symlink: bool,
}

/// What a walk found, ordered by path.
#[derive(Clone, Debug, Default)]
pub struct WalkReport {
    /// Regular files and symlinks.
    pub files: Vec<WalkedFile>,
    /// What could not be listed.
    pub skipped: Vec<Skipped>,
    /// Whether the cap on files cut the list.
    pub is_truncated: bool,
}

/// List the files.
pub fn walk(options: &Walk) -> Result<WalkReport, SearchError> {
    let root = check_root(&options.root)?;
    let tree = list(&Listing {
        root: &root,
        is_ignore_aware: options.is_ignore_aware,
        is_search: false,
        exclude: &options.exclude,
        below: &options.below,
        max_files: options.max_files,
        has_states: true,
        watch: None,
    })?;
    let all = tree.select(&PathFilter::all());
    let described = all.iter().take(options.max_files).filter_map(|place| {
        let state = tree.folders[place.folder as usize].states[place.entry as usize].as_ref()?;
        Some(describe_file(tree.path_of(*place), state))
    });
    Ok(WalkReport {
        files: described.collect(),
        is_truncated: tree.is_truncated,
        skipped: tree.skipped,
    })
}

/// A file as `lstat` saw it.
pub(crate) fn describe_file(path: String, state: &Stat) -> WalkedFile {
    WalkedFile {
        path,
        size_bytes: state.st_size.cast_unsigned(),
        mtime_ns: state
            .st_mtime
            .saturating_mul(1_000_000_000)
            .saturating_add(state.st_mtime_nsec as i64),
        inode: state.st_ino,
        mode: state.st_mode,
        is_symlink: FileType::from_raw_mode(state.st_mode) == FileType::Symlink,
    }
}
