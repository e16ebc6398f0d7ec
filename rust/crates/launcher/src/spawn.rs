//! Starting the command itself, confined, with an exact answer when it cannot be started.

use std::ffi::{CStr, CString};
use std::fs;
use std::io::{Error, Read, Result, Write};
use std::os::fd::OwnedFd;

use libc::pid_t;
use orchestrator_launcher::Request;

use crate::{landlock, limits, sys};

/// How much confinement is asked for, decided before the fork.
#[derive(Clone, Copy)]
pub struct Confinement {
    pub landlock: landlock::Policy,
    /// See [`limits::apply`].
    pub is_own_count: bool,
}

/// Why the command did not start: the step that failed, and the system's error number.
pub struct Refusal {
    pub stage: &'static str,
    pub errno: i32,
}

impl Refusal {
    pub fn new(stage: &'static str, error: &Error) -> Self {
        Self {
            stage,
            errno: sys::number(error),
        }
    }
}

/// The steps in the child, in order; their place in the list travels through the pipe.
const STAGES: [&str; 6] = ["session", "stdin", "cwd", "limits", "writable", "exec"];

/// Starts the command and returns when it runs.
pub fn spawn(request: &Request, confinement: Confinement) -> std::result::Result<pid_t, Refusal> {
    let (result, report) = sys::pipe().map_err(|error| Refusal::new("fork", &error))?;
    let child = sys::fork().map_err(|error| Refusal::new("fork", &error))?;
    if child == 0 {
        drop(result);
        fail(report, become_command(request, confinement));
    }
    drop(report);
    let mut answer = [0; 5];
    let is_running = fs::File::from(result).read_exact(&mut answer).is_err();
    if is_running {
        // The pipe closed on exec.
        return Ok(child);
    }
    // The child ends by itself right after its answer.
    let _ = sys::wait(child, true);
    let errno = i32::from_le_bytes([answer[1], answer[2], answer[3], answer[4]]);
    Err(Refusal {
        stage: STAGES[usize::from(answer[0]) % STAGES.len()],
        errno,
    })
}

fn fail(report: OwnedFd, (stage, error): (u8, Error)) -> ! {
    let mut answer = vec![stage];
    answer.extend(sys::number(&error).to_le_bytes());
    // Without a reader there is nobody left to tell.
    let _ = fs::File::from(report).write_all(&answer);
    sys::exit_now(127)
}

/// Turns this process into the command. Comes back only with what went wrong.
fn become_command(request: &Request, confinement: Confinement) -> (u8, Error) {
    let steps: [&dyn Fn() -> Result<()>; 5] = [
        &own_session,
        &empty_stdin,
        &|| change_folder(&request.cwd),
        &|| limits::apply(&request.limits, confinement.is_own_count),
        &|| confine(confinement.landlock, &request.writable),
    ];
    for (stage, step) in (0..).zip(steps) {
        if let Err(error) = step() {
            return (stage, error);
        }
    }
    (5, execute(request))
}

fn own_session() -> Result<()> {
    sys::prctl(libc::PR_SET_PDEATHSIG, sys::KILL_SIGNAL)?;
    // SAFETY: no arguments.
    sys::check(unsafe { libc::setsid() })?;
    sys::reset_signals()
}

fn empty_stdin() -> Result<()> {
    sys::dup_to(&sys::open(c"/dev/null", libc::O_RDONLY)?, 0)
}

fn change_folder(folder: &CStr) -> Result<()> {
    // SAFETY: a C string.
    sys::check(unsafe { libc::chdir(folder.as_ptr()) }).map(drop)
}

fn confine(policy: landlock::Policy, writable: &[CString]) -> Result<()> {
    if policy.is_any() {
        landlock::restrict(policy, writable)?;
    }
    Ok(())
}

fn execute(request: &Request) -> Error {
    let argv = pointers(&request.argv);
    let envp = pointers(&request.env);
    let mut worst = Error::from_raw_os_error(libc::ENOENT);
    for candidate in candidates(&request.argv[0], &request.env) {
        // SAFETY: C strings and null-terminated arrays of them, all alive.
        unsafe { libc::execve(candidate.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
        let error = Error::last_os_error();
        // A later folder may have it; but remember that one was there and could not run.
        if !matches!(sys::number(&error), libc::ENOENT | libc::ENOTDIR) {
            worst = error;
        }
    }
    worst
}

fn pointers(texts: &[CString]) -> Vec<*const libc::c_char> {
    texts
        .iter()
        .map(|text| text.as_ptr())
        .chain([std::ptr::null()])
        .collect()
}

/// Where the program may be: itself when it names a path, else the absolute folders of `PATH`.
/// Relative ones would let the folder that is worked on choose the program.
fn candidates(program: &CStr, env: &[CString]) -> Vec<CString> {
    let name = program.to_bytes();
    if name.contains(&b'/') {
        return vec![program.to_owned()];
    }
    let path = env
        .iter()
        .find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="));
    let folders = path.unwrap_or_default().split(|byte| *byte == b':');
    folders
        .filter(|folder| folder.first() == Some(&b'/'))
        .filter_map(|folder| CString::new([folder, b"/", name].concat()).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_folders_of_the_path_are_not_searched() {
        let env = [c"A=/x".to_owned(), c"PATH=/bin::.:rel:/usr/bin".to_owned()];
        let found = candidates(c"tool", &env);
        assert_eq!(found, [c"/bin/tool".to_owned(), c"/usr/bin/tool".to_owned()]);
        assert_eq!(candidates(c"./tool", &env), [c"./tool".to_owned()]);
        assert!(candidates(c"tool", &[]).is_empty());
    }
}
