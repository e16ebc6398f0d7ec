//! Knowing whether a listed tree changed: inotify watches on its folders and ignore files.
//!
//! The kernel queues an event before the system call that caused it returns, so a tree without events is unchanged.
//! That holds for file systems of this machine alone; on others nothing is watched and trees are listed anew.

use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// A tree with more folders is not watched: the kernel's supply is shared by all programs of the user.
const MAX_WATCHES: usize = 50_000;

/// `f_type` of the local file systems whose folders report every change: ext2 to ext4, XFS, btrfs, tmpfs, F2FS.
const LOCAL_FILE_SYSTEMS: [u64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0xF2F5_2010];

/// Watches on one tree.
#[derive(Debug)]
pub(crate) struct Watch {
    events: OwnedFd,
    count: AtomicUsize,
    /// Something is not watched.
    is_incomplete: AtomicBool,
}

impl Watch {
    /// A watch for a tree with this root; None when changes below it might not be seen.
    pub(crate) fn new(root: &Path) -> Option<Self> {
        let kind = rustix::fs::statfs(root).ok()?.f_type;
        if !LOCAL_FILE_SYSTEMS.contains(&kind.cast_unsigned()) || has_mounts_below(root) {
            return None;
        }
        Some(Self {
            events: inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?,
            count: AtomicUsize::new(0),
            is_incomplete: AtomicBool::new(false),
        })
    }

    /// Watch for names that come and go.
    pub(crate) fn add_folder(&self, folder: &Path) {
        let names = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE | WatchFlags::ATTRIB;
        let itself = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        self.add(
            folder,
            names | itself | WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW,
        );
    }

    /// Watch the content of an ignore file; of `.git`, that of `info/exclude` in it.
    pub(crate) fn add_ignore_file(&self, folder: &Path, name: &str) {
        if name == ".git" {
            let info = folder.join(".git/info");
            if info.is_dir() {
                self.add_folder(&info);
            } else {
                self.add_folder(&folder.join(".git"));
            }
            if info.join("exclude").exists() {
                self.add(&info.join("exclude"), WatchFlags::MODIFY);
            }
        } else {
            self.add(&folder.join(name), WatchFlags::MODIFY);
        }
    }

    fn add(&self, path: &Path, flags: WatchFlags) {
        if self.is_incomplete.load(Ordering::Relaxed) {
            return;
        }
        let is_too_much = self.count.fetch_add(1, Ordering::Relaxed) >= MAX_WATCHES;
        if is_too_much || inotify::add_watch(&self.events, path, flags).is_err() {
            self.is_incomplete.store(true, Ordering::Relaxed);
        }
    }

    /// Whether nothing has happened since the watches were added.
    pub(crate) fn is_quiet(&self) -> bool {
        if self.is_incomplete.load(Ordering::Relaxed) {
            return false;
        }
        let mut buffer = [MaybeUninit::uninit(); 512];
        let mut reader = Reader::new(&self.events, &mut buffer);
        matches!(reader.next(), Err(Errno::AGAIN))
    }
}

/// Whether another file system is mounted below a folder, or whether that can't be known.
fn has_mounts_below(root: &Path) -> bool {
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else {
        return true;
    };
    let mut points = mounts.lines().filter_map(|line| line.split(' ').nth(4));
    points.any(|point| Path::new(point) != root && Path::new(point).starts_with(root))
}
