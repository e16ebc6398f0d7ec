//! Thin safe faces of the system calls that the standard library does not offer.

use std::ffi::CStr;
use std::io::{Error, Result};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use libc::{c_int, c_ulong, pid_t};

/// `SIGKILL` in the type that `prctl` takes.
pub const KILL_SIGNAL: c_ulong = 9;

/// How a waited-for process ended, and what it used.
#[derive(Clone, Copy)]
pub struct Reaped {
    pub pid: pid_t,
    /// Exit code, when it exited by itself.
    pub code: Option<i32>,
    /// Signal, when one ended it.
    pub signal: Option<i32>,
    pub cpu_us: u64,
    pub peak_rss_kib: u64,
}

/// One step of waiting.
pub enum Waited {
    One(Reaped),
    /// There are children, and none has ended.
    NotYet,
    /// There are no children.
    NoneLeft,
}

pub fn check(result: c_int) -> Result<c_int> {
    if result < 0 {
        Err(Error::last_os_error())
    } else {
        Ok(result)
    }
}

pub fn check_long(result: libc::c_long) -> Result<libc::c_long> {
    if result < 0 {
        Err(Error::last_os_error())
    } else {
        Ok(result)
    }
}

pub fn prctl(option: c_int, value: c_ulong) -> Result<()> {
    // SAFETY: every option used here takes plain numbers.
    check(unsafe { libc::prctl(option, value, 0, 0, 0) }).map(drop)
}

pub fn kill(pid: pid_t, signal: c_int) -> Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::kill(pid, signal) }).map(drop)
}

/// Forks; the program has one thread, so the child may use all of the standard library.
pub fn fork() -> Result<pid_t> {
    // SAFETY: single-threaded, see above.
    check(unsafe { libc::fork() })
}

/// Forks into new namespaces.
pub fn clone_into(namespaces: c_int) -> Result<pid_t> {
    let flags = c_ulong::from((namespaces | libc::SIGCHLD).cast_unsigned());
    // SAFETY: without CLONE_VM and with a null stack this is a fork.
    check_long(unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) }).map(|pid| pid as pid_t)
}

pub fn exit_now(code: c_int) -> ! {
    // SAFETY: ends the process without running anything that the parent will also run.
    unsafe { libc::_exit(code) }
}

/// Waits for any child (`-1`) or one; `is_blocking` decides whether it may sleep.
pub fn wait(pid: pid_t, is_blocking: bool) -> Result<Waited> {
    let flags = libc::__WALL | if is_blocking { 0 } else { libc::WNOHANG };
    loop {
        let mut status = 0;
        // SAFETY: zeroed is a valid rusage; both pointers live through the call.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: see above.
        let found = unsafe { libc::wait4(pid, &raw mut status, flags, &raw mut usage) };
        if found == 0 {
            return Ok(Waited::NotYet);
        }
        if found > 0 {
            return Ok(Waited::One(reaped(found, status, &usage)));
        }
        let error = Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::ECHILD) => return Ok(Waited::NoneLeft),
            _ => return Err(error),
        }
    }
}

fn reaped(pid: pid_t, status: c_int, usage: &libc::rusage) -> Reaped {
    let micros = |time: libc::timeval| time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_usec.cast_unsigned();
    Reaped {
        pid,
        code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        cpu_us: micros(usage.ru_utime) + micros(usage.ru_stime),
        peak_rss_kib: usage.ru_maxrss.cast_unsigned(),
    }
}

/// Blocks the signals and returns a descriptor that tells when one came.
pub fn signal_fd(signals: &[c_int]) -> Result<OwnedFd> {
    // SAFETY: the set is initialised by sigemptyset before use and lives through the calls.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in signals {
            libc::sigaddset(&raw mut set, *signal);
        }
        check(libc::sigprocmask(
            libc::SIG_BLOCK,
            &raw const set,
            std::ptr::null_mut(),
        ))?;
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        let fd = check(libc::signalfd(-1, &raw const set, flags))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// The next signal that came, if any.
pub fn next_signal(fd: &OwnedFd) -> Option<c_int> {
    // SAFETY: the kernel fills exactly one structure or fails; zeroed is valid.
    unsafe {
        let mut info: libc::signalfd_siginfo = std::mem::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        let got = libc::read(fd.as_raw_fd(), (&raw mut info).cast(), size);
        (got == size as isize).then_some(info.ssi_signo as c_int)
    }
}

/// Puts all signals back to what a fresh program expects.
pub fn reset_signals() -> Result<()> {
    // The kernel's own structure, all zero: the default action, no flags, an empty mask. The C library refuses to touch
    // two signals that it keeps for itself, and those too may come ignored from whoever started the server.
    let default = [0_u64; 4];
    // SAFETY: the kernel reads one structure of at most 32 bytes, the set is initialised. SIGKILL and SIGSTOP refuse.
    unsafe {
        for signal in 1..=64_i32 {
            let action = default.as_ptr();
            let size = size_of::<u64>();
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                action,
                std::ptr::null_mut::<u64>(),
                size,
            );
        }
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        check(libc::sigprocmask(
            libc::SIG_SETMASK,
            &raw const set,
            std::ptr::null_mut(),
        ))
        .map(drop)
    }
}

/// A report to a server that is gone must fail, not end us before our command.
pub fn ignore_broken_pipes() {
    // SAFETY: plain numbers; cannot fail for a signal that exists.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

/// Waits until one of two descriptors is readable (or closed), at most `limit`.
pub fn poll_two(fds: [RawFd; 2], limit: Duration) -> Result<[bool; 2]> {
    let mut entries = fds.map(|fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    });
    let limit_ms = limit.as_micros().div_ceil(1000).min(3_600_000) as c_int;
    // SAFETY: the array lives through the call and its length is right.
    let result = check(unsafe { libc::poll(entries.as_mut_ptr(), 2, limit_ms) });
    match result {
        Err(error) if error.raw_os_error() == Some(libc::EINTR) => Ok([false; 2]),
        Err(error) => Err(error),
        Ok(_) => Ok(entries.map(|entry| entry.revents != 0)),
    }
}

/// A pipe (read end, write end) that no executed program inherits.
pub fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: the kernel fills both, and nobody else owns them.
    unsafe {
        check(libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC))?;
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

/// Opens a path; the descriptor is not inherited.
pub fn open(path: &CStr, flags: c_int) -> Result<OwnedFd> {
    // SAFETY: the path is a C string; the result is ours alone.
    unsafe {
        let fd = check(libc::open(path.as_ptr(), flags | libc::O_CLOEXEC))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Makes `target` another name of `source`; it is inherited by executed programs.
pub fn dup_to(source: &OwnedFd, target: RawFd) -> Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::dup2(source.as_raw_fd(), target) }).map(drop)
}

/// Mounts something; null where no source, type or data is wanted.
pub fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: c_ulong,
    data: Option<&CStr>,
) -> Result<()> {
    let pointer = |text: Option<&CStr>| text.map_or(std::ptr::null(), CStr::as_ptr);
    // SAFETY: C strings or null, all alive.
    check(unsafe {
        libc::mount(
            pointer(source),
            target.as_ptr(),
            pointer(kind),
            flags,
            pointer(data).cast(),
        )
    })
    .map(drop)
}

/// The number of the last error, 0 when it has none.
pub fn number(error: &Error) -> i32 {
    error.raw_os_error().unwrap_or(0)
}
