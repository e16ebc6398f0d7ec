//! The pass over a folder.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::path::Path;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;

use crate::FileState;

const BUFFER_BYTES: usize = 16 * 1024;
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// The permissions of every folder of ours; a task may have taken them away.
const FOLDER_BITS: u32 = 0o755;

/// What a look found. Paths are relative, with slashes.
#[derive(Default)]
pub struct Look {
    /// Files (also links and special files) that are new, differ from what was known, or were never certain.
    pub touched: Vec<(Vec<u8>, FileState)>,
    /// Known files that are not there.
    pub gone: Vec<Vec<u8>>,
    /// Folders without any file below, the deepest first.
    pub hollow: Vec<Vec<u8>>,
}

/// Why a look failed.
#[derive(Debug, PartialEq, Eq)]
pub enum LookError {
    /// More entries than allowed.
    TooMany,
    /// The system refused; a path that is too long comes as `ENAMETOOLONG`.
    System(Errno),
}

impl From<Errno> for LookError {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

struct Folder {
    /// With a slash at the end, empty for the root.
    prefix: Vec<u8>,
    parent: usize,
    has_file: bool,
}

/// `known` answers for each file whether it is as it was known, None when it was not known. Also counts the known.
pub fn pass(
    root: &Path,
    max_entries: usize,
    mut known: impl FnMut(&[u8], &FileState) -> Option<bool>,
) -> Result<(Look, usize), LookError> {
    let top = rustix::fs::openat(CWD, root, FOLDER, Mode::empty())?;
    let mut look = Look::default();
    let mut folders = vec![Folder {
        prefix: Vec::new(),
        parent: 0,
        has_file: true,
    }];
    let (mut matched, mut entries, mut next) = (0, 0, 0);
    let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
    let mut path = Vec::new();
    while next < folders.len() {
        let handle = open(&top, &folders[next].prefix)?;
        let mut listing = RawDir::new(&handle, &mut buffer);
        while let Some(entry) = listing.next() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            entries += 1;
            if entries > max_entries {
                return Err(LookError::TooMany);
            }
            path.clear();
            path.extend_from_slice(&folders[next].prefix);
            path.extend_from_slice(name.to_bytes());
            let stat = rustix::fs::statat(&handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                open_up(&handle, name, stat.st_mode)?;
                path.push(b'/');
                folders.push(Folder {
                    prefix: path.clone(),
                    parent: next,
                    has_file: false,
                });
                continue;
            }
            folders[next].has_file = true;
            let state = state_of(&stat);
            let is_same = known(&path, &state);
            matched += usize::from(is_same.is_some());
            if is_same != Some(true) {
                look.touched.push((path.clone(), state));
            }
        }
        next += 1;
    }
    look.hollow = hollow(folders);
    Ok((look, matched))
}

fn open(top: &OwnedFd, prefix: &[u8]) -> Result<OwnedFd, Errno> {
    let path: &[u8] = if prefix.is_empty() { b"." } else { prefix };
    // A slash at the end would follow a link, also with NOFOLLOW.
    rustix::fs::openat(
        top,
        path.strip_suffix(b"/").unwrap_or(path),
        FOLDER,
        Mode::empty(),
    )
}

fn open_up(handle: impl AsFd, name: &CStr, mode: u32) -> Result<(), Errno> {
    if mode & 0o7777 == FOLDER_BITS {
        return Ok(());
    }
    rustix::fs::chmodat(handle, name, Mode::from_raw_mode(FOLDER_BITS), AtFlags::empty())
}

fn hollow(mut folders: Vec<Folder>) -> Vec<Vec<u8>> {
    // Children stand behind their parents.
    for index in (1..folders.len()).rev() {
        if folders[index].has_file {
            let parent = folders[index].parent;
            folders[parent].has_file = true;
        }
    }
    let empty = folders.into_iter().rev().filter(|folder| !folder.has_file);
    empty
        .map(|mut folder| {
            folder.prefix.pop();
            folder.prefix
        })
        .collect()
}

#[allow(
    clippy::unnecessary_cast,
    clippy::cast_lossless,
    reason = "the fields differ in type between platforms"
)]
fn state_of(stat: &Stat) -> FileState {
    let ns = |seconds, nanoseconds| seconds as i64 * 1_000_000_000 + nanoseconds as i64;
    FileState {
        size_bytes: (stat.st_size as i64).cast_unsigned(),
        mtime_ns: ns(stat.st_mtime, stat.st_mtime_nsec),
        ctime_ns: ns(stat.st_ctime, stat.st_ctime_nsec),
        inode: stat.st_ino as u64,
        mode: stat.st_mode as u32,
        link_count: stat.st_nlink as u64,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::States;

    fn names(look: &Look) -> Vec<&str> {
        let paths = look.touched.iter().map(|(path, _)| path);
        let mut names: Vec<&str> = paths
            .map(|path| std::str::from_utf8(path).expect("utf-8"))
            .collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn only_differences_are_told() {
        let folder = tempfile::tempdir().expect("folder");
        let root = folder.path();
        fs::create_dir_all(root.join("a/b")).expect("made");
        fs::create_dir_all(root.join("empty/inner")).expect("made");
        fs::write(root.join("a/b/one"), "1").expect("written");
        fs::write(root.join("two"), "2").expect("written");
        symlink("a", root.join("link")).expect("linked");
        let mut states = States::default();
        let first = states.look(root, 100).expect("looked");
        assert_eq!(names(&first), ["a/b/one", "link", "two"]);
        assert_eq!(first.hollow, [b"empty/inner".to_vec(), b"empty".to_vec()]);
        for (path, state) in first.touched {
            let is_certain = path != b"two";
            states.note(path, state, is_certain);
        }
        fs::write(root.join("new"), "3").expect("written");
        fs::remove_file(root.join("link")).expect("removed");
        let second = states.look(root, 100).expect("looked");
        assert_eq!(names(&second), ["new", "two"]);
        assert_eq!(second.gone, [b"link".to_vec()]);
        assert_eq!(
            states.look(root, 100).expect("looked").gone,
            second.gone,
            "told until forgotten"
        );
        states.forget(b"link");
        assert!(states.look(root, 100).expect("looked").gone.is_empty());
        assert_eq!(states.certain(), 1);
        assert!(matches!(states.look(root, 3), Err(LookError::TooMany)));
    }

    #[test]
    fn a_link_in_place_of_a_folder_is_a_file() {
        let folder = tempfile::tempdir().expect("folder");
        let outside = tempfile::tempdir().expect("folder");
        fs::write(outside.path().join("precious"), "x").expect("written");
        symlink(outside.path(), folder.path().join("dir")).expect("linked");
        let look = States::default().look(folder.path(), 100).expect("looked");
        assert_eq!(names(&look), ["dir"]);
    }
}
