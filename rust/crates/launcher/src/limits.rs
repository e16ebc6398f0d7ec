//! What a command may use at most, and which privileges it keeps.

use std::fs;
use std::io::Result;

use libc::{c_ulong, rlimit64};
use orchestrator_launcher::Limits;

use crate::{reaper, sys};

/// Capabilities that reach outside the command even in a container: files by handle, modules, raw
/// devices, tracing others, mounts and namespaces, reboot, the clock, device files, performance
/// counters (whose holder may read the memory of anybody), BPF, checkpoints.
const DROPPED_CAPABILITIES: [c_ulong; 11] = [2, 16, 17, 19, 21, 22, 25, 27, 38, 39, 40];

/// What bounds the number of processes; a fact to report, not a promise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ProcessBound {
    /// The namespace has no more numbers to give, also to root.
    Namespace,
    /// `RLIMIT_NPROC`.
    Rlimit,
    /// Nothing: not asked for, or root outside a namespace.
    Unbounded,
}

impl ProcessBound {
    pub fn word(self) -> &'static str {
        match self {
            Self::Namespace => "pid_max",
            Self::Rlimit => "rlimit",
            Self::Unbounded => "none",
        }
    }
}

/// Sets the limits of the calling process and drops what it must not keep.
/// `is_own_count`: the kernel counts this subtree apart from the user's other processes.
pub fn apply(limits: &Limits, is_own_count: bool) -> Result<()> {
    lower(libc::RLIMIT_CORE, 0)?;
    let bytes = [
        (libc::RLIMIT_FSIZE, limits.file_size_bytes),
        (libc::RLIMIT_NOFILE, limits.open_files),
        (libc::RLIMIT_AS, limits.address_space_bytes),
    ];
    for (resource, limit) in bytes {
        if let Some(limit) = limit {
            lower(resource, limit)?;
        }
    }
    // SAFETY: cannot fail.
    let user = unsafe { libc::getuid() };
    // The kernel does not hold root to this one.
    if let Some(processes) = limits.processes
        && user != 0
    {
        let others = if is_own_count {
            0
        } else {
            reaper::threads_of_user(user)
        };
        lower(libc::RLIMIT_NPROC, processes.saturating_add(others))?;
    }
    go_first();
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1)?;
    for capability in DROPPED_CAPABILITIES {
        // Refused to whoever has no capabilities to lose.
        let _ = sys::prctl(libc::PR_CAPBSET_DROP, capability);
    }
    Ok(())
}

/// When memory runs out, a command goes before its server.
pub fn go_first() {
    // Raising is never refused where the setting exists; where it does not, or is read-only, it was set before.
    let _ = fs::write("/proc/self/oom_score_adj", "300");
}

fn lower(resource: libc::__rlimit_resource_t, wanted: u64) -> Result<()> {
    let mut limit = rlimit64 {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure lives through both calls.
    unsafe {
        sys::check(libc::getrlimit64(resource, &raw mut limit))?;
        limit.rlim_max = limit.rlim_max.min(wanted);
        limit.rlim_cur = limit.rlim_max;
        sys::check(libc::setrlimit64(resource, &raw const limit)).map(drop)
    }
}
