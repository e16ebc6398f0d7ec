//! The files below a folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::error::{SearchError, Skipped, describe};

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

enum Visit {
    File(WalkedFile),
    Skip(Skipped),
    Nothing,
}

/// List the files.
pub fn walk(options: &Walk) -> Result<WalkReport, SearchError> {
    let root = check_root(&options.root)?;
    let mut report = walk_parallel(&root, options);
    if report.files.len() > options.max_files {
        // Which files the threads met first is chance; the cap must cut the same ones each time.
        report = walk_in_order(&root, options);
    }
    report
        .files
        .sort_unstable_by(|left, right| left.path.cmp(&right.path));
    report.skipped.sort_unstable();
    Ok(report)
}

/// The root with symlinks resolved; an error that says what is wrong with it.
pub(crate) fn check_root(root: &Path) -> Result<PathBuf, SearchError> {
    let failed = |reason| SearchError::Root {
        root: root.display().to_string(),
        reason,
    };
    let real = root.canonicalize().map_err(|error| failed(describe(&error)))?;
    std::fs::read_dir(&real).map_err(|error| failed(describe(&error)))?;
    Ok(real)
}

fn builder(root: &Path, options: &Walk) -> WalkBuilder {
    let mut builder = WalkBuilder::new(root);
    builder
        .standard_filters(false)
        .ignore(options.is_ignore_aware)
        .git_ignore(options.is_ignore_aware)
        .git_exclude(options.is_ignore_aware)
        .require_git(false)
        .follow_links(false);
    let excluded: HashSet<PathBuf> = options
        .exclude
        .iter()
        .map(|path| root.join(path.trim_matches('/')))
        .collect();
    let below = root.join(&options.below);
    builder.filter_entry(move |entry| {
        let path = entry.path();
        let is_on_the_way = path.starts_with(&below) || below.starts_with(path);
        entry.depth() == 0 || (is_on_the_way && entry.file_name() != ".git" && !excluded.contains(path))
    });
    builder
}

fn walk_parallel(root: &Path, options: &Walk) -> WalkReport {
    let shared = Mutex::new(WalkReport::default());
    let count = AtomicUsize::new(0);
    builder(root, options).build_parallel().run(|| {
        let mut batch = Batch {
            report: WalkReport::default(),
            shared: &shared,
        };
        let count = &count;
        Box::new(move |entry| {
            match visit(root, entry) {
                Visit::File(file) => {
                    batch.report.files.push(file);
                    if count.fetch_add(1, Ordering::Relaxed) >= options.max_files {
                        return WalkState::Quit;
                    }
                }
                Visit::Skip(skipped) => batch.report.skipped.push(skipped),
                Visit::Nothing => {}
            }
            WalkState::Continue
        })
    });
    shared
        .into_inner()
        .expect("no visitor panics while it holds the lock")
}

/// What one thread found; handed over when the thread is done.
struct Batch<'a> {
    report: WalkReport,
    shared: &'a Mutex<WalkReport>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Ok(mut shared) = self.shared.lock() {
            shared.files.append(&mut self.report.files);
            shared.skipped.append(&mut self.report.skipped);
        }
    }
}

fn walk_in_order(root: &Path, options: &Walk) -> WalkReport {
    let mut report = WalkReport::default();
    let mut walker = builder(root, options);
    walker.sort_by_file_name(Ord::cmp);
    for entry in walker.build() {
        match visit(root, entry) {
            Visit::File(_) if report.files.len() == options.max_files => {
                report.is_truncated = true;
                break;
            }
            Visit::File(file) => report.files.push(file),
            Visit::Skip(skipped) => report.skipped.push(skipped),
            Visit::Nothing => {}
        }
    }
    report
}

fn visit(root: &Path, entry: Result<DirEntry, ignore::Error>) -> Visit {
    match entry {
        Ok(entry) => visit_entry(root, &entry),
        Err(error) => visit_error(root, &error),
    }
}

fn visit_entry(root: &Path, entry: &DirEntry) -> Visit {
    let Some(kind) = entry.file_type() else {
        return Visit::Nothing;
    };
    if kind.is_dir() {
        return Visit::Nothing;
    }
    let Some(path) = relative(root, entry.path()) else {
        let shown = entry
            .path()
            .strip_prefix(root)
            .unwrap_or(entry.path())
            .to_string_lossy();
        return Visit::Skip(Skipped::new(shown, "file name is not utf-8"));
    };
    if !kind.is_file() && !kind.is_symlink() {
        return Visit::Skip(Skipped::new(path, "not a regular file"));
    }
    match std::fs::symlink_metadata(entry.path()) {
        Ok(metadata) => Visit::File(describe_file(path, &metadata)),
        Err(error) => Visit::Skip(Skipped::unreadable(path, &error)),
    }
}

fn visit_error(root: &Path, error: &ignore::Error) -> Visit {
    let path = error_path(error)
        .and_then(|path| relative(root, path))
        .unwrap_or_default();
    match error.io_error() {
        Some(io_error) => Visit::Skip(Skipped::unreadable(path, io_error)),
        None => Visit::Skip(Skipped::new(path, format!("unreadable: {error}"))),
    }
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// The path below the root with forward slashes; None when it is not UTF-8.
pub(crate) fn relative(root: &Path, path: &Path) -> Option<String> {
    let below = path.strip_prefix(root).ok()?.to_str()?;
    Some(if cfg!(windows) {
        below.replace('\\', "/")
    } else {
        below.to_owned()
    })
}

#[cfg(unix)]
pub(crate) fn describe_file(path: String, metadata: &std::fs::Metadata) -> WalkedFile {
    use std::os::unix::fs::MetadataExt;
    WalkedFile {
        path,
        size_bytes: metadata.size(),
        mtime_ns: metadata
            .mtime()
            .saturating_mul(1_000_000_000)
            .saturating_add(metadata.mtime_nsec()),
        inode: metadata.ino(),
        mode: metadata.mode(),
        is_symlink: metadata.is_symlink(),
    }
}

#[cfg(not(unix))]
pub(crate) fn describe_file(path: String, metadata: &std::fs::Metadata) -> WalkedFile {
    let since_epoch = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    WalkedFile {
        path,
        size_bytes: metadata.len(),
        mtime_ns: since_epoch.map_or(0, |duration| duration.as_nanos() as i64),
        inode: 0,
        mode: if metadata.is_symlink() {
            0o120_777
        } else {
            0o100_644
        },
        is_symlink: metadata.is_symlink(),
    }
}
