//! File confinement by Landlock: reading stays free, writing only below the given folders.

use std::ffi::{CStr, CString};
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::sys;

const WRITE_FILE: u64 = 1 << 1;
const REMOVE_AND_MAKE: u64 = 0x1ff << 4;
const REFER: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;
/// Commands to devices, such as typing on somebody's terminal.
const IOCTL_DEV: u64 = 1 << 15;
const ALL_WRITES: u64 = WRITE_FILE | REMOVE_AND_MAKE | REFER | TRUNCATE;
const FILE_WRITES: u64 = WRITE_FILE | TRUNCATE;
const SCOPE_ABSTRACT: u64 = 1;
const SCOPE_SIGNAL: u64 = 1 << 1;

/// Below version 3 a file outside could still be truncated: not called confinement here.
const WRITES_SINCE: i64 = 3;
const DEVICE_CONTROL_SINCE: i64 = 5;
const SCOPE_SINCE: i64 = 6;

/// Devices that hold nothing and that ordinary programs write to.
const DEVICES: [&CStr; 7] = [
    c"/dev/null",
    c"/dev/zero",
    c"/dev/full",
    c"/dev/random",
    c"/dev/urandom",
    c"/dev/tty",
    c"/dev/ptmx",
];
/// Shared memory (semaphores of many runtimes) and terminals.
const DEVICE_FOLDERS: [&CStr; 2] = [c"/dev/shm", c"/dev/pts"];

#[repr(C)]
struct RulesetAttr {
    handled_access_fs: u64,
    handled_access_net: u64,
    scoped: u64,
}

#[repr(C, packed)]
struct PathBeneathAttr {
    allowed_access: u64,
    parent_fd: i32,
}

/// What this kernel offers.
#[derive(Clone, Copy)]
pub struct Offer {
    /// The rights over files that can be confined completely; 0 when not all writing can.
    pub file_rights: u64,
    /// Signals and abstract sockets of processes outside the command can be refused.
    pub has_scopes: bool,
}

/// What to confine.
#[derive(Clone, Copy)]
pub struct Policy {
    /// The rights that hold only below the writable folders; 0 confines none.
    pub file_rights: u64,
    pub is_signal_scoped: bool,
    pub is_abstract_scoped: bool,
}

impl Policy {
    /// Whether there is anything to confine.
    pub fn is_any(self) -> bool {
        self.file_rights != 0 || self.is_signal_scoped || self.is_abstract_scoped
    }
}

/// Asks the kernel which version it speaks.
pub fn offer() -> Offer {
    // SAFETY: a null attribute with the version flag only asks.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            1_u32,
        )
    };
    Offer {
        file_rights: match version {
            DEVICE_CONTROL_SINCE.. => ALL_WRITES | IOCTL_DEV,
            WRITES_SINCE.. => ALL_WRITES,
            _ => 0,
        },
        has_scopes: version >= SCOPE_SINCE,
    }
}

/// Confines the calling process and all that it starts, for good.
/// `no_new_privs` must be set. A missing folder is an error.
pub fn restrict(policy: Policy, writable: &[CString]) -> Result<()> {
    let ruleset = create(policy)?;
    if policy.file_rights != 0 {
        for folder in writable {
            allow(&ruleset, folder, policy.file_rights)?;
        }
        for path in DEVICES.iter().chain(&DEVICE_FOLDERS) {
            match allow(&ruleset, path, policy.file_rights) {
                // A container need not have all of them.
                Err(error) if matches!(sys::number(&error), libc::ENOENT | libc::EACCES) => {}
                other => other?,
            }
        }
    }
    // SAFETY: a valid descriptor and no flags.
    sys::check_long(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0_u32) })
        .map(drop)
}

fn create(policy: Policy) -> Result<OwnedFd> {
    let scope = |is_wanted, bit| if is_wanted { bit } else { 0 };
    let attr = RulesetAttr {
        handled_access_fs: policy.file_rights,
        handled_access_net: 0,
        scoped: scope(policy.is_signal_scoped, SCOPE_SIGNAL)
            | scope(policy.is_abstract_scoped, SCOPE_ABSTRACT),
    };
    // Older kernels refuse a longer structure than they know.
    let size = if attr.scoped != 0 {
        size_of::<RulesetAttr>()
    } else {
        size_of::<u64>()
    };
    // SAFETY: the structure lives through the call, and the size is within it.
    let fd = sys::check_long(unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attr, size, 0_u32)
    })?;
    // SAFETY: a fresh descriptor (always close-on-exec), owned by nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn allow(ruleset: &OwnedFd, path: &CStr, rights: u64) -> Result<()> {
    let target = sys::open(path, libc::O_PATH)?;
    let rule = PathBeneathAttr {
        allowed_access: if is_folder(&target)? {
            rights
        } else {
            rights & (FILE_WRITES | IOCTL_DEV)
        },
        parent_fd: target.as_raw_fd(),
    };
    // SAFETY: the structure lives through the call; 1 is LANDLOCK_RULE_PATH_BENEATH.
    sys::check_long(unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            1_u32,
            &raw const rule,
            0_u32,
        )
    })
    .map(drop)
}

fn is_folder(target: &OwnedFd) -> Result<bool> {
    // SAFETY: zeroed is a valid stat, filled by the call.
    unsafe {
        let mut stat: libc::stat = std::mem::zeroed();
        if libc::fstat(target.as_raw_fd(), &raw mut stat) < 0 {
            return Err(Error::last_os_error());
        }
        Ok(stat.st_mode & libc::S_IFMT == libc::S_IFDIR)
    }
}
