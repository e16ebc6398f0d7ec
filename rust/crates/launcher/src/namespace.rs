//! A PID namespace for one command: when its first process ends, the kernel kills the rest.
//!
//! Tried as we are first (root keeps its file rights), then with a user namespace that maps
//! the user to itself. The namespace counts only with its own `/proc`: with the outer one,
//! programs would find strangers under their own number, and could read their environment.

use std::fs;
use std::io::{Error, Read, Result, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use libc::pid_t;
use orchestrator_launcher::Request;

use crate::{limits, sys, view};

/// The kernel keeps the first 300 numbers back; a lower bound is refused.
const LEAST_PID_MAX: u64 = 301;

/// What the namespaces should hold.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    pub is_network_allowed: bool,
    pub processes: Option<u64>,
    /// The view of the file system that a confined command gets; None leaves it as it is.
    pub view: Option<view::Plan<'a>>,
}

impl<'a> Plan<'a> {
    /// The plan of a request.
    pub fn of(request: &'a Request) -> Self {
        let view = view::Plan {
            writable: &request.writable,
            hidden: &request.hidden,
        };
        Self {
            is_network_allowed: request.is_network_allowed,
            processes: request.limits.processes,
            view: (!request.writable.is_empty()).then_some(view),
        }
    }
}

/// What came of the plan.
#[derive(Clone, Copy)]
pub struct Features {
    /// The namespace itself bounds the number of processes.
    pub is_bounded: bool,
    /// Processes are counted apart from the user's other ones.
    pub is_own_count: bool,
    /// The command has a view of its own of the file system.
    pub has_view: bool,
}

/// In which process the caller goes on.
pub enum Side {
    /// The first process of the new namespace.
    Inside(Features),
    /// The launcher; the first process of the namespace is its child.
    Outside { init: pid_t },
    /// This machine does not allow it.
    Unavailable(Error),
}

/// Forks into a new namespace. Returns twice when it succeeds.
pub fn enter(plan: Plan) -> Result<Side> {
    let mut base = libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC;
    if !plan.is_network_allowed {
        base |= libc::CLONE_NEWNET;
    }
    match attempt(plan, base)? {
        Side::Unavailable(_) => attempt(plan, base | libc::CLONE_NEWUSER),
        side => Ok(side),
    }
}

fn attempt(plan: Plan, namespaces: i32) -> Result<Side> {
    // SAFETY: cannot fail.
    let (user, group) = unsafe { (libc::geteuid(), libc::getegid()) };
    let (ready, report) = sys::pipe()?;
    let init = match sys::clone_into(namespaces) {
        Ok(pid) => pid,
        Err(error) => return Ok(Side::Unavailable(error)),
    };
    if init != 0 {
        drop(report);
        return outside(init, ready);
    }
    drop(ready);
    let has_user = namespaces & libc::CLONE_NEWUSER != 0;
    let set_up = set_up(plan, has_user.then_some((user, group)));
    let number = set_up.as_ref().err().map_or(0, |error| sys::number(error).max(1));
    // When this fails the launcher is gone, and the kernel ends us by the death signal.
    let is_told = fs::File::from(report).write_all(&number.to_le_bytes()).is_ok();
    match set_up {
        Ok((is_bounded, has_view)) if is_told => Ok(Side::Inside(Features {
            is_bounded,
            is_own_count: has_user && user != 0,
            has_view,
        })),
        _ => sys::exit_now(1),
    }
}

fn outside(init: pid_t, ready: OwnedFd) -> Result<Side> {
    let mut number = [0; 4];
    let failure = match fs::File::from(ready).read_exact(&mut number) {
        Ok(()) => i32::from_le_bytes(number),
        Err(_) => libc::ECHILD,
    };
    if failure == 0 {
        return Ok(Side::Outside { init });
    }
    sys::wait(init, true)?;
    Ok(Side::Unavailable(Error::from_raw_os_error(failure)))
}

fn set_up(plan: Plan, identity: Option<(u32, u32)>) -> Result<(bool, bool)> {
    sys::prctl(libc::PR_SET_PDEATHSIG, sys::KILL_SIGNAL)?;
    if let Some((user, group)) = identity {
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    mount_proc()?;
    if !plan.is_network_allowed {
        raise_loopback()?;
    }
    let is_bounded = plan.processes.is_some_and(bound_processes);
    // Before the view makes /proc read-only.
    limits::go_first();
    let has_view = match plan.view {
        Some(view) => view::arrange(view)?,
        None => false,
    };
    Ok((is_bounded, has_view))
}

fn mount_proc() -> Result<()> {
    // Mounts made outside still arrive; ours must not leave.
    sys::mount(None, c"/", None, libc::MS_REC | libc::MS_SLAVE, None)?;
    let quiet = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    sys::mount(Some(c"proc"), c"/proc", Some(c"proc"), quiet, None)
}

/// Bounds the numbers of this namespace. Only since 6.14 is that setting the namespace's own:
/// before, this would change the whole machine.
fn bound_processes(processes: u64) -> bool {
    has_own_pid_max() && {
        let bound = processes.saturating_add(1).clamp(LEAST_PID_MAX, 4_194_304);
        fs::write("/proc/sys/kernel/pid_max", bound.to_string()).is_ok()
    }
}

fn has_own_pid_max() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut parts = release.split(|letter: char| !letter.is_ascii_digit());
    let mut next = || {
        parts
            .next()
            .and_then(|part| part.parse::<u32>().ok())
            .unwrap_or(0)
    };
    (next(), next()) >= (6, 14)
}

/// Programs under test talk to themselves over loopback; a new network namespace has it down.
fn raise_loopback() -> Result<()> {
    // SAFETY: the socket is ours; ifreq is plain data, zeroed, with a short name copied in.
    unsafe {
        let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC;
        let socket = OwnedFd::from_raw_fd(sys::check(libc::socket(libc::AF_INET, kind, 0))?);
        let mut request: libc::ifreq = std::mem::zeroed();
        for (slot, byte) in request.ifr_name.iter_mut().zip(c"lo".to_bytes()) {
            *slot = byte.cast_signed();
        }
        request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
        let raise = libc::SIOCSIFFLAGS as libc::Ioctl;
        sys::check(libc::ioctl(socket.as_raw_fd(), raise, &raw const request)).map(drop)
    }
}
