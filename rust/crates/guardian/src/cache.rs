//! Results on disk, so that a file that did not change is not read again, in this process or in another.
//!
//! One file for each folder and set of rules. An entry holds what identifies the content: its digest, and what the file
//! system said of the file when it was read (size, times, inode). Where the file system still says the same, and the
//! file had rested for a while before it was read, the content is the same, too; else it is read and its digest decides.
//! The whole is checked by a digest; a file that is damaged, or of another version, is taken for none. It is replaced
//! in one step, so that several processes can use the same folder: the last one's results stay.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::rule_set::RuleSet;
use crate::stored::{StoredFinding, restored};

const MAGIC: &[u8; 8] = b"ocolint1";
const EXTENSION: &str = "lint";

/// A file must have rested this long before it was read: clocks of file systems are coarse.
const REST_NS: i64 = 2_000_000_000;

/// Larger results are not kept.
const MAX_BYTES: usize = 128 << 20;

/// Of a folder of results only the newest are kept: at most so many, and together at most so large.
const MAX_FILES: usize = 32;
const MAX_FOLDER_BYTES: u64 = 512 << 20;

/// What other processes did not finish within this time, they never will.
const MAX_TEMPORARY_AGE: Duration = Duration::from_secs(3600);

/// What the file system says of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    size_bytes: u64,
    modified_ns: i64,
    changed_ns: i64,
    inode: u64,
}

/// One file's result.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    stamp: Stamp,
    /// Whether the file had rested when it was read.
    has_rested: bool,
    content: [u8; 32],
    /// The findings, encoded.
    findings: Vec<u8>,
}

/// The results of one folder with one set of rules.
pub(crate) struct Cache<'r> {
    set: &'r RuleSet,
    file: PathBuf,
    entries: HashMap<String, Entry>,
    /// Of this run; None for what has no result to keep.
    seen: HashMap<String, Option<Entry>>,
    is_changed: bool,
    now_ns: i64,
    /// The place of each rule, by the address of its id.
    numbers: HashMap<usize, u32>,
}

impl Stamp {
    /// None where the file system can't say enough, or nothing.
    #[cfg(unix)]
    pub fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
        let ns = |seconds: i64, ns: i64| seconds.saturating_mul(1_000_000_000).saturating_add(ns);
        Some(Self {
            size_bytes: metadata.size(),
            modified_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
        })
    }

    /// The time of change, which a program can't set, is what makes a stamp trustworthy.
    #[cfg(not(unix))]
    pub fn of(_path: &Path) -> Option<Self> {
        None
    }
}

impl<'r> Cache<'r> {
    /// Read what is there; a folder that does not exist, or can't be read, holds nothing.
    pub fn open(folder: &Path, root: &Path, set: &'r RuleSet) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(root.as_os_str().as_encoded_bytes())
            .update(b"\0")
            .update(&set.digest());
        let name = hasher.finalize().to_hex();
        let file = folder.join(format!("{}.{EXTENSION}", &name.as_str()[..32]));
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            set,
            entries: load(&file, &set.digest()).unwrap_or_default(),
            file,
            seen: HashMap::new(),
            is_changed: false,
            now_ns: now.as_nanos() as i64,
            numbers: set.rule_numbers(),
        }
    }

    /// The findings of a file that is as it was.
    pub fn by_stamp(&self, path: &str, stamp: &Stamp) -> Option<Vec<Finding>> {
        let entry = self.entries.get(path)?;
        (entry.has_rested && entry.stamp == *stamp).then(|| self.findings(path, entry))?
    }

    /// The findings of a file with this content.
    pub fn by_content(&self, path: &str, content: &[u8; 32]) -> Option<Vec<Finding>> {
        let entry = self.entries.get(path)?;
        (entry.content == *content).then(|| self.findings(path, entry))?
    }

    fn findings(&self, path: &str, entry: &Entry) -> Option<Vec<Finding>> {
        let stored: Vec<StoredFinding> = postcard::from_bytes(&entry.findings).ok()?;
        restored(self.set, path, stored)
    }

    /// The known entry with a new stamp.
    pub fn renewed(&self, path: &str, stamp: Stamp) -> Option<Entry> {
        let entry = self.entries.get(path)?;
        Some(Entry {
            stamp,
            has_rested: self.has_rested(&stamp),
            ..entry.clone()
        })
    }

    /// An entry for findings that were just made.
    pub fn entry(&self, stamp: Stamp, content: [u8; 32], findings: &[Finding]) -> Option<Entry> {
        let stored: Option<Vec<_>> = findings
            .iter()
            .map(|finding| StoredFinding::of(finding, &self.numbers))
            .collect();
        Some(Entry {
            stamp,
            has_rested: self.has_rested(&stamp),
            content,
            findings: postcard::to_allocvec(&stored?).ok()?,
        })
    }

    fn has_rested(&self, stamp: &Stamp) -> bool {
        stamp.modified_ns.max(stamp.changed_ns).saturating_add(REST_NS) < self.now_ns
    }

    /// What became of a file in this run.
    pub fn note(&mut self, path: &str, entry: Option<Entry>, is_cached: bool) {
        if is_cached && entry.is_none() {
            self.seen.insert(path.to_owned(), self.entries.get(path).cloned());
            return;
        }
        self.is_changed |= entry.is_some() || self.entries.contains_key(path);
        self.seen.insert(path.to_owned(), entry);
    }

    /// Write what has changed. `is_whole`: files that were not seen in this run do not exist any more.
    pub fn save(mut self, is_whole: bool) -> io::Result<()> {
        let is_smaller = is_whole && self.entries.keys().any(|path| !self.seen.contains_key(path));
        if !self.is_changed && !is_smaller {
            return Ok(());
        }
        if is_whole {
            self.entries.clear();
        }
        for (path, entry) in self.seen {
            match entry {
                Some(entry) => self.entries.insert(path, entry),
                None => self.entries.remove(&path),
            };
        }
        let payload = postcard::to_allocvec(&self.entries).map_err(io::Error::other)?;
        if payload.len() > MAX_BYTES {
            return Err(io::Error::other(format!(
                "the results are larger than {MAX_BYTES} bytes"
            )));
        }
        write_whole(&self.file, &payload, &self.set.digest())
    }
}

fn load(file: &Path, rules: &[u8; 32]) -> Option<HashMap<String, Entry>> {
    let size_bytes = fs::metadata(file).ok()?.len();
    if size_bytes > (MAX_BYTES + 1024) as u64 {
        return None;
    }
    let bytes = fs::read(file).ok()?;
    let (head, payload) = bytes.split_at_checked(MAGIC.len() + 32)?;
    if head[..MAGIC.len()] != *MAGIC || head[MAGIC.len()..] != checksum(payload, rules) {
        return None;
    }
    postcard::from_bytes(payload).ok()
}

fn checksum(payload: &[u8], rules: &[u8; 32]) -> [u8; 32] {
    *blake3::Hasher::new_keyed(rules)
        .update(payload)
        .finalize()
        .as_bytes()
}

/// Beside the file first, then in its place.
fn write_whole(file: &Path, payload: &[u8], rules: &[u8; 32]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let unique = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let temporary = file.with_extension(format!("{}-{unique}.tmp", std::process::id()));
    let written = File::create_new(&temporary).and_then(|mut handle| {
        handle.write_all(MAGIC)?;
        handle.write_all(&checksum(payload, rules))?;
        handle.write_all(payload)
    });
    let outcome = written.and_then(|()| fs::rename(&temporary, file));
    if outcome.is_err() {
        let _ = fs::remove_file(&temporary); // the first error is the one to tell
    }
    outcome?;
    prune(folder);
    Ok(())
}

/// Remove the oldest results beyond the caps. Another process may do the same: what is gone is gone.
fn prune(folder: &Path) {
    let mut results = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else { continue };
        let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some(EXTENSION) => results.push((modified, metadata.len(), path)),
            Some("tmp") if modified.elapsed().is_ok_and(|age| age > MAX_TEMPORARY_AGE) => {
                let _ = fs::remove_file(path);
            }
            _ => {}
        }
    }
    results.sort_unstable_by(|left, right| right.cmp(left));
    let mut total_bytes = 0;
    for (number, (_, size_bytes, path)) in results.into_iter().enumerate() {
        total_bytes += size_bytes;
        if number > 0 && (number >= MAX_FILES || total_bytes > MAX_FOLDER_BYTES) {
            let _ = fs::remove_file(path);
        }
    }
}
