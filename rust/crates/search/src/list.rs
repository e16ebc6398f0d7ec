//! Listing a folder and all below it, by several threads.
//!
//! A folder is read before its ignore files are looked for, so that none is asked for in vain; paths are opened
//! relative to the root.

use std::collections::HashMap;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat};

use crate::error::{SearchError, Skipped, describe};
use crate::ignores::{self, Ignores};
use crate::queue::WorkQueue;
use crate::tree::{Entry, Folder, Kind, Tree, join_into};
use crate::watch::Watch;

const BUFFER_BYTES: usize = 32 * 1024;

/// Threads that list and read. More than there are processors: on a cold disk they wait most of the time.
pub(crate) const THREADS: usize = 16;

/// What to list.
pub(crate) struct Listing<'a> {
    /// Absolute, symlinks resolved.
    pub root: &'a Path,
    pub is_ignore_aware: bool,
    /// `.rgignore` counts too.
    pub is_search: bool,
    /// Relative paths that are left out.
    pub exclude: &'a [String],
    /// Only what is below this relative folder; empty for all.
    pub below: &'a str,
    pub max_files: usize,
    /// Whether to `lstat` every entry.
    pub has_states: bool,
    /// Told of every folder before it is read.
    pub watch: Option<&'a Watch>,
}

/// The root with symlinks resolved; an error that says what is wrong with it.
pub(crate) fn check_root(root: &Path) -> Result<PathBuf, SearchError> {
    let real = root
        .canonicalize()
        .map_err(|error| wrong_root(root, &describe(&error)))?;
    open_root(&real)?;
    Ok(real)
}

/// Open the root folder.
pub(crate) fn open_root(root: &Path) -> Result<OwnedFd, SearchError> {
    rustix::fs::openat(CWD, root, FOLDER_FLAGS, Mode::empty())
        .map_err(|error| wrong_root(root, &describe(&error.into())))
}

fn wrong_root(root: &Path, reason: &str) -> SearchError {
    SearchError::Root {
        root: root.display().to_string(),
        reason: reason.to_owned(),
    }
}

const FOLDER_FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

/// List. Which files the cap cuts does not depend on chance: with too many files they are listed again in order.
pub(crate) fn list(listing: &Listing<'_>) -> Result<Tree, SearchError> {
    let lister = Lister::new(listing)?;
    let mut tree = lister.run_parallel();
    if lister.file_count.load(Ordering::Relaxed) > listing.max_files {
        tree = Lister::new(listing)?.run_in_order();
    }
    tree.skipped.sort_unstable();
    Ok(tree)
}

/// A folder to be listed.
struct Job {
    number: u32,
    path: String,
    ignores: Option<Arc<Ignores>>,
}

struct Lister<'a> {
    listing: &'a Listing<'a>,
    root: OwnedFd,
    queue: WorkQueue<Job>,
    file_count: AtomicUsize,
    folder_count: AtomicU32,
}

/// What one thread has listed.
#[derive(Default)]
struct Listed {
    folders: Vec<(u32, Folder)>,
    skipped: Vec<Skipped>,
}

impl<'a> Lister<'a> {
    fn new(listing: &'a Listing<'a>) -> Result<Self, SearchError> {
        Ok(Self {
            listing,
            root: open_root(listing.root)?,
            queue: WorkQueue::default(),
            file_count: AtomicUsize::new(0),
            folder_count: AtomicU32::new(1),
        })
    }

    fn run_parallel(&self) -> Tree {
        self.queue.add(vec![first_job()]);
        let listed = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| self.work())).collect();
            let ended = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
            ended
                .map(|outcome| outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        self.assemble(listed)
    }

    /// Take folders from the queue until it is empty and nobody can add to it.
    fn work(&self) -> Listed {
        let mut listed = Listed::default();
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
        let _stopper = self.queue.stop_on_panic();
        while let Some(job) = self.queue.take() {
            let found = self.visit(&job, &mut buffer, &mut listed);
            self.queue.add(found);
            self.queue
                .finish(self.file_count.load(Ordering::Relaxed) > self.listing.max_files);
        }
        listed
    }

    /// The same in the order of paths, until there are more files than wanted.
    fn run_in_order(&self) -> Tree {
        let mut listed = Listed::default();
        let mut buffer = vec![MaybeUninit::uninit(); BUFFER_BYTES];
        let mut waiting: HashMap<u32, Job> = self
            .visit(&first_job(), &mut buffer, &mut listed)
            .into_iter()
            .map(by_number)
            .collect();
        let mut open = vec![(0, 0)];
        let mut file_count = 0;
        while let Some((position, next)) = open.last_mut() {
            let Some(entry) = listed.folders[*position].1.entries.get(*next) else {
                open.pop();
                continue;
            };
            *next += 1;
            let Kind::Folder(number) = entry.kind else {
                file_count += 1;
                if file_count > self.listing.max_files {
                    break;
                }
                continue;
            };
            if let Some(job) = waiting.remove(&number) {
                open.push((listed.folders.len(), 0));
                waiting.extend(
                    self.visit(&job, &mut buffer, &mut listed)
                        .into_iter()
                        .map(by_number),
                );
            }
        }
        Tree {
            is_truncated: file_count > self.listing.max_files,
            ..self.assemble([listed])
        }
    }

    fn assemble(&self, listed: impl IntoIterator<Item = Listed>) -> Tree {
        let mut tree = Tree::default();
        let folder_count = self.folder_count.load(Ordering::Relaxed) as usize;
        tree.folders.resize_with(folder_count, Folder::default);
        for part in listed {
            tree.skipped.extend(part.skipped);
            for (number, folder) in part.folders {
                tree.folders[number as usize] = folder;
            }
        }
        tree
    }

    /// List one folder; the folders in it are what is left to do.
    fn visit(&self, job: &Job, buffer: &mut [MaybeUninit<u8>], listed: &mut Listed) -> Vec<Job> {
        let mut folder = Folder {
            path: job.path.clone(),
            ..Folder::default()
        };
        let found = self
            .read(job, buffer, &mut listed.skipped)
            .unwrap_or_else(|error| {
                listed
                    .skipped
                    .push(Skipped::unreadable(job.path.clone(), &error.into()));
                Found::default()
            });
        let ignores = if found.kinds.contains(&true) {
            Ignores::load(self.listing.root, &job.path, found.kinds, job.ignores.as_ref())
        } else {
            job.ignores.clone()
        };
        let mut jobs = Vec::new();
        let mut path = String::new();
        for (name, kind, state) in found.entries {
            join_into(&mut path, &job.path, &name);
            let is_folder = kind == FileType::Directory;
            if self.is_left_out(&path, is_folder, ignores.as_deref()) {
                continue;
            }
            let kind = match kind {
                FileType::Directory => {
                    let number = self.folder_count.fetch_add(1, Ordering::Relaxed);
                    jobs.push(Job {
                        number,
                        path: path.clone(),
                        ignores: ignores.clone(),
                    });
                    Kind::Folder(number)
                }
                FileType::RegularFile => Kind::File,
                FileType::Symlink => Kind::Symlink,
                _ => {
                    listed
                        .skipped
                        .push(Skipped::new(path.clone(), "not a regular file"));
                    continue;
                }
            };
            folder.entries.push(Entry { name, kind });
            folder.states.extend(self.listing.has_states.then_some(state));
        }
        let file_count = folder.entries.len() - jobs.len();
        self.file_count.fetch_add(file_count, Ordering::Relaxed);
        listed.folders.push((job.number, folder));
        jobs
    }

    fn is_left_out(&self, path: &str, is_folder: bool, ignores: Option<&Ignores>) -> bool {
        let listing = self.listing;
        !is_on_the_way(path, listing.below)
            || listing
                .exclude
                .iter()
                .any(|excluded| excluded.trim_matches('/') == path)
            || ignores.is_some_and(|ignores| ignores.is_ignored(path, is_folder))
    }

    /// The entries of a folder, sorted, `.git` left out, and which ignore files are among them.
    fn read(
        &self,
        job: &Job,
        buffer: &mut [MaybeUninit<u8>],
        skipped: &mut Vec<Skipped>,
    ) -> rustix::io::Result<Found> {
        let path = if job.path.is_empty() { "." } else { &job.path };
        if let Some(watch) = self.listing.watch {
            watch.add_folder(&self.listing.root.join(path));
        }
        let folder = rustix::fs::openat(&self.root, path, FOLDER_FLAGS | OFlags::NOFOLLOW, Mode::empty())?;
        let mut found = Found::default();

        let mut entries = RawDir::new(&folder, buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let Ok(name) = std::str::from_utf8(name) else {
                let shown = String::from_utf8_lossy(name);
                let shown = if job.path.is_empty() {
                    shown.into_owned()
                } else {
                    format!("{}/{shown}", job.path)
                };
                skipped.push(Skipped::new(shown, "file name is not utf-8"));
                continue;
            };
            if self.listing.is_ignore_aware
                && let Some(kind) = ignores::kind_of(name, self.listing.is_search)
            {
                found.kinds[kind] = true;
                if let Some(watch) = self.listing.watch {
                    watch.add_ignore_file(&self.listing.root.join(&job.path), name);
                }
            }
            if name == ".git" {
                continue;
            }
            match self.state_of(&folder, entry.file_name(), entry.file_type()) {
                Ok((kind, state)) => found.entries.push((name.into(), kind, state)),
                Err(rustix::io::Errno::NOENT) => {} // gone meanwhile
                Err(error) => {
                    let mut path = String::new();
                    join_into(&mut path, &job.path, name);
                    skipped.push(Skipped::unreadable(path, &error.into()));
                }
            }
        }
        found
            .entries
            .sort_unstable_by(|left, right| sort_key(left).cmp(sort_key(right)));
        Ok(found)
    }

    fn state_of(
        &self,
        folder: &impl AsFd,
        name: &CStr,
        kind: FileType,
    ) -> rustix::io::Result<(FileType, Option<Stat>)> {
        if kind != FileType::Unknown && (kind == FileType::Directory || !self.listing.has_states) {
            return Ok((kind, None));
        }
        let state = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok((FileType::from_raw_mode(state.st_mode), Some(state)))
    }
}

/// A folder as it was read.
#[derive(Default)]
struct Found {
    entries: Vec<RawEntry>,
    kinds: [bool; ignores::KINDS],
}

type RawEntry = (Box<str>, FileType, Option<Stat>);

/// Entries in this order give whole paths in the order of their bytes: a folder sorts as its name with a slash.
fn sort_key(entry: &RawEntry) -> impl Iterator<Item = u8> {
    let slash = (entry.1 == FileType::Directory).then_some(b'/');
    entry.0.bytes().chain(slash)
}

fn first_job() -> Job {
    Job {
        number: 0,
        path: String::new(),
        ignores: None,
    }
}

fn by_number(job: Job) -> (u32, Job) {
    (job.number, job)
}

/// Whether a path is below a folder, is it, or leads to it.
fn is_on_the_way(path: &str, below: &str) -> bool {
    let is_prefix = |short: &str, long: &str| {
        long.strip_prefix(short)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    below.is_empty() || is_prefix(below, path) || is_prefix(path, below)
}
