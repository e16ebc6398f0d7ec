//! Removing a folder however deep it is: a task can nest folders far beyond the longest path and any recursion.

use std::ffi::CString;
use std::mem::MaybeUninit;
use std::path::Path;

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir};
use rustix::io::Errno;

const BUFFER_BYTES: usize = 16 * 1024;
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Remove a folder with all that it holds; links are removed, never followed. What is not there is no error.
///
/// For folders in which nobody writes meanwhile. One descriptor is open at a time.
pub fn remove_tree(root: &Path) -> Result<(), Errno> {
    let mut here = match rustix::fs::openat(CWD, root, FOLDER, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        Err(Errno::NOTDIR | Errno::LOOP) => return rustix::fs::unlink(root),
        other => other?,
    };
    // For each folder on the way down, what is left to enter in it; its own name stands one level up.
    let mut levels = vec![emptied(&here)?];
    let mut names: Vec<CString> = Vec::new();
    while let Some(level) = levels.last_mut() {
        if let Some(name) = level.pop() {
            here = enter(&here, &name)?;
            names.push(name);
            levels.push(emptied(&here)?);
            continue;
        }
        levels.pop();
        if let Some(name) = names.pop() {
            here = rustix::fs::openat(&here, "..", FOLDER, Mode::empty())?;
            rustix::fs::unlinkat(&here, &name, AtFlags::REMOVEDIR)?;
        }
    }
    rustix::fs::rmdir(root)
}

/// Remove the files and the empty folders of a folder; the names of the folders that are left.
fn emptied(here: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let listed = rustix::fs::openat(here, ".", FOLDER, Mode::empty())?;
    let mut names = Vec::new();
    let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
    let mut listing = RawDir::new(&listed, &mut buffer);
    while let Some(entry) = listing.next() {
        let entry = entry?;
        if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
            names.push(entry.file_name().to_owned());
        }
    }
    let mut left = Vec::new();
    for name in names {
        match rustix::fs::unlinkat(here, &name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            // Linux says the first, POSIX the second.
            Err(Errno::ISDIR | Errno::PERM) => {
                if rustix::fs::unlinkat(here, &name, AtFlags::REMOVEDIR).is_err() {
                    left.push(name);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(left)
}

fn enter(here: &OwnedFd, name: &CString) -> Result<OwnedFd, Errno> {
    match rustix::fs::openat(here, name, FOLDER, Mode::empty()) {
        // A task may have taken the permissions away.
        Err(Errno::ACCESS) => {}
        other => {
            let folder = other?;
            // Reading is not enough to remove what is inside.
            rustix::fs::fchmod(&folder, Mode::RWXU)?;
            return Ok(folder);
        }
    }
    rustix::fs::chmodat(here, name, Mode::RWXU, AtFlags::empty())?;
    rustix::fs::openat(here, name, FOLDER, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn deeper_than_any_path() {
        let place = tempfile::tempdir().expect("folder");
        let root = place.path().join("root");
        fs::create_dir(&root).expect("made");
        let mut here = rustix::fs::openat(CWD, &root, FOLDER, Mode::empty()).expect("opened");
        for _ in 0..1_000 {
            rustix::fs::mkdirat(&here, "deeper", Mode::RWXU).expect("made");
            here = rustix::fs::openat(&here, "deeper", FOLDER, Mode::empty()).expect("opened");
        }
        fs::write(root.join("file"), "x").expect("written");
        remove_tree(&root).expect("removed");
        assert!(!root.exists());
        remove_tree(&root).expect("nothing to do");
    }

    #[test]
    fn links_are_not_followed() {
        let place = tempfile::tempdir().expect("folder");
        let outside = place.path().join("outside");
        fs::create_dir(&outside).expect("made");
        fs::write(outside.join("precious"), "x").expect("written");
        let root = place.path().join("root");
        fs::create_dir(&root).expect("made");
        symlink(&outside, root.join("link")).expect("linked");
        remove_tree(&root).expect("removed");
        symlink(&outside, &root).expect("linked");
        remove_tree(&root).expect("removed");
        assert!(outside.join("precious").exists());
    }
}
