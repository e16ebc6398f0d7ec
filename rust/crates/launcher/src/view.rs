//! The view of the file system that a confined command gets in its mount namespace: everything read-only (modes, owners
//! and times too, which Landlock leaves open) but its writable folders, nothing where keys and sockets of the user lie,
//! shared memory and terminals of its own.

use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::sys;

const READ_ONLY: u64 = 1;
const QUIET: libc::c_ulong = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;

/// What the command may write, and what it must not find.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    pub writable: &'a [CString],
    pub hidden: &'a [CString],
}

const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const DEVICE_LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];
/// Below /dev, and the command's own.
const OWN_FOLDERS: [&CStr; 2] = [c"/dev/shm", c"/dev/pts"];

#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

/// Arranges the view in the mount namespace of the calling process. False where the kernel is too old for it (before
/// 5.12); then nothing was changed.
pub fn arrange(plan: Plan) -> Result<bool> {
    if !is_offered() {
        return Ok(false);
    }
    // Taken before anything covers them. Who needs a missing one is told when the command starts.
    let mut kept: Vec<(&CStr, OwnedFd)> = Vec::new();
    for folder in plan.writable {
        match clone(folder) {
            Ok(tree) => kept.push((folder, tree)),
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(error),
        }
    }
    for path in plan.hidden {
        hide(path)?;
    }
    own_devices()?;
    for (folder, tree) in &kept {
        attach(tree, folder)?;
    }
    set_read_only(c"/", libc::AT_RECURSIVE, true)?;
    for folder in kept.iter().map(|(folder, _)| *folder).chain(OWN_FOLDERS) {
        set_read_only(folder, 0, false)?;
    }
    Ok(true)
}

fn is_offered() -> bool {
    // Without a structure the call fails in any case; the number tells whether it is known.
    // SAFETY: null and zero are allowed and refused by the kernel.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            -1,
            c"".as_ptr(),
            0,
            std::ptr::null::<u8>(),
            0,
        )
    };
    result >= 0 || Error::last_os_error().raw_os_error() != Some(libc::ENOSYS)
}

fn is_missing(error: &Error) -> bool {
    matches!(sys::number(error), libc::ENOENT | libc::EACCES | libc::ENOTDIR)
}

/// A mount of its own of a folder, attached nowhere yet.
fn clone(folder: &CStr) -> Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as libc::c_uint;
    // SAFETY: a C string and plain numbers; the result is ours alone.
    unsafe {
        let fd = sys::check_long(libc::syscall(
            libc::SYS_open_tree,
            libc::AT_FDCWD,
            folder.as_ptr(),
            flags,
        ))?;
        Ok(OwnedFd::from_raw_fd(fd as i32))
    }
}

fn attach(tree: &OwnedFd, folder: &CStr) -> Result<()> {
    // Its place may have been hidden; what hides it is ours, empty, and still writable for us.
    let path = Path::new(OsStr::from_bytes(folder.to_bytes()));
    if !path.exists() {
        fs::create_dir_all(path)?;
    }
    // SAFETY: C strings and plain numbers.
    sys::check_long(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            folder.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    })
    .map(drop)
}

/// Puts an empty folder over a folder, the null device over anything else. What is not there needs nothing.
fn hide(path: &CStr) -> Result<()> {
    let target = match sys::open(path, libc::O_PATH | libc::O_NOFOLLOW) {
        Err(error) if is_missing(&error) => return Ok(()),
        other => other?,
    };
    // SAFETY: zeroed is a valid stat, filled by the call.
    let kind = unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        sys::check(libc::fstat(target.as_raw_fd(), &raw mut stat))?;
        stat.st_mode & libc::S_IFMT
    };
    match kind {
        libc::S_IFDIR => sys::mount(
            Some(c"hidden"),
            path,
            Some(c"tmpfs"),
            QUIET,
            Some(c"size=64k,nr_inodes=256,mode=755"),
        ),
        // The place that it leads to is hidden under its own name.
        libc::S_IFLNK => Ok(()),
        _ => sys::mount(Some(c"/dev/null"), path, None, libc::MS_BIND, None),
    }
}

/// A `/dev` with the devices that hold nothing, and shared memory and terminals that are nobody else's: whoever runs as
/// root could read the disks there, past all permissions.
fn own_devices() -> Result<()> {
    let devices: Vec<(CString, OwnedFd)> = DEVICES
        .iter()
        .filter_map(|name| CString::new(format!("/dev/{name}")).ok())
        .filter_map(|path| clone(&path).ok().map(|tree| (path, tree)))
        .collect();
    let quiet = libc::MS_NOSUID | libc::MS_NOEXEC;
    sys::mount(
        Some(c"dev"),
        c"/dev",
        Some(c"tmpfs"),
        quiet,
        Some(c"size=64k,nr_inodes=64,mode=755"),
    )?;
    for (path, tree) in &devices {
        fs::write(Path::new(OsStr::from_bytes(path.to_bytes())), "")?;
        attach(tree, path)?;
    }
    for (name, target) in DEVICE_LINKS {
        symlink(target, format!("/dev/{name}"))?;
    }
    fs::create_dir("/dev/shm")?;
    let data = c"size=1g,nr_inodes=100k,mode=1777";
    let shared = libc::MS_NOSUID | libc::MS_NODEV;
    sys::mount(Some(c"shm"), c"/dev/shm", Some(c"tmpfs"), shared, Some(data))?;
    fs::create_dir("/dev/pts")?;
    let data = c"newinstance,ptmxmode=0666,mode=620";
    sys::mount(Some(c"devpts"), c"/dev/pts", Some(c"devpts"), quiet, Some(data))
}

fn set_read_only(path: &CStr, flags: libc::c_int, is_set: bool) -> Result<()> {
    let attr = MountAttr {
        set: if is_set { READ_ONLY } else { 0 },
        clear: if is_set { 0 } else { READ_ONLY },
        propagation: 0,
        user_namespace: 0,
    };
    // SAFETY: a C string and a structure that live through the call, with its true size.
    sys::check_long(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            path.as_ptr(),
            flags,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    })
    .map(drop)
}
