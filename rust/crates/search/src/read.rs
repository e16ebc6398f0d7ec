//! Reading the files that a search or a linter was pointed at.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

use crate::error::{SearchError, Skipped};
use crate::list::check_root;
use crate::walk::{Walk, walk};

/// A file to read: relative path for reports, absolute path for the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Relative to the root.
    pub path: String,
    /// Where it is.
    pub full_path: PathBuf,
}

/// The files that `paths` (relative; folders are walked) or, with None, the whole walk names. Ordered by path, each
/// once; symlinks are left out of folders and skipped when they are named.
pub fn select_files(
    root: &Path,
    paths: Option<&[String]>,
) -> Result<(Vec<SourceFile>, Vec<Skipped>, bool), SearchError> {
    let real_root = check_root(root)?;
    let mut selection = Selection {
        root: real_root,
        files: Vec::new(),
        skipped: Vec::new(),
        is_truncated: false,
    };
    match paths {
        None => selection.add_folder("")?,
        Some(paths) => paths.iter().try_for_each(|path| selection.add(path))?,
    }
    selection
        .files
        .sort_unstable_by(|left, right| left.path.cmp(&right.path));
    selection.files.dedup();
    selection.skipped.sort_unstable();
    selection.skipped.dedup();
    Ok((selection.files, selection.skipped, selection.is_truncated))
}

struct Selection {
    root: PathBuf,
    files: Vec<SourceFile>,
    skipped: Vec<Skipped>,
    is_truncated: bool,
}

impl Selection {
    fn add(&mut self, path: &str) -> Result<(), SearchError> {
        let path = normalize(path)?;
        let full_path = self.root.join(&path);
        match self.inspect(&full_path) {
            Err(error) => self.skipped.push(Skipped::unreadable(path, &error)),
            Ok(None) => return Err(SearchError::Outside(path)),
            Ok(Some(metadata)) if metadata.is_dir() => self.add_folder(&path)?,
            Ok(Some(metadata)) if metadata.is_file() => self.files.push(SourceFile { path, full_path }),
            Ok(Some(metadata)) if metadata.is_symlink() => self.skipped.push(Skipped::new(path, "symlink")),
            Ok(Some(_)) => self.skipped.push(Skipped::new(path, "not a regular file")),
        }
        Ok(())
    }

    /// The metadata of a path, None when a symlink on the way leads out of the root.
    fn inspect(&self, full_path: &Path) -> io::Result<Option<Metadata>> {
        if full_path != self.root
            && let Some(parent) = full_path.parent()
            && !parent.canonicalize()?.starts_with(&self.root)
        {
            return Ok(None);
        }
        std::fs::symlink_metadata(full_path).map(Some)
    }

    fn add_folder(&mut self, folder: &str) -> Result<(), SearchError> {
        let mut report = walk(&Walk {
            below: folder.to_owned(),
            ..Walk::new(&self.root)
        })?;
        if !folder.is_empty() && report.files.is_empty() && report.skipped.is_empty() {
            // Who names an ignored folder wants it.
            report = walk(&Walk::new(self.root.join(folder)))?;
            report
                .files
                .iter_mut()
                .for_each(|file| file.path = format!("{folder}/{}", file.path));
            report
                .skipped
                .iter_mut()
                .for_each(|entry| entry.path = format!("{folder}/{}", entry.path));
        }
        for file in report.files.into_iter().filter(|file| !file.is_symlink) {
            self.files.push(SourceFile {
                full_path: self.root.join(&file.path),
                path: file.path,
            });
        }
        self.skipped.extend(report.skipped);
        self.is_truncated |= report.is_truncated;
        Ok(())
    }
}

fn normalize(path: &str) -> Result<String, SearchError> {
    let mut parts = Vec::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir => {}
            _ => return Err(SearchError::Outside(path.to_owned())),
        }
    }
    Ok(parts.join("/"))
}

/// The bytes of a regular file of at most `max_bytes`; else why not.
pub fn read_source(file: &SourceFile, max_bytes: usize) -> Result<Vec<u8>, Skipped> {
    let unreadable = |error: io::Error| Skipped::unreadable(file.path.clone(), &error);
    let handle = open_regular(&file.full_path).map_err(unreadable)?;
    let metadata = handle.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Skipped::new(file.path.clone(), "not a regular file"));
    }
    if metadata.len() > max_bytes as u64 {
        return Err(Skipped::new(file.path.clone(), "too large"));
    }
    let mut source = Vec::with_capacity(metadata.len() as usize + 1);
    handle
        .take(max_bytes as u64 + 1)
        .read_to_end(&mut source)
        .map_err(unreadable)?;
    if source.len() > max_bytes {
        return Err(Skipped::new(file.path.clone(), "too large")); // it grew meanwhile
    }
    Ok(source)
}

/// Open without following a symlink at the end and without waiting for the writer of a pipe.
fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits() as i32);
    options.open(path)
}
