//! Runs one command for the server and leaves nothing of it behind.
//!
//! Standard input is a socket to the server (see `protocol`), standard output and error go to
//! the command. With a PID namespace three processes stand in a row: this one outside, the
//! first process of the namespace, which watches, and the command; without one, two.

mod landlock;
mod limits;
mod namespace;
mod reaper;
mod spawn;
mod supervise;
mod sys;

use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::FromRawFd;
use std::process::ExitCode;
use std::time::Duration;

use limits::ProcessBound;
use namespace::{Plan, Side};
use orchestrator_launcher::{Isolation, Request, protocol};
use spawn::{Confinement, Refusal};
use supervise::Watch;

/// How the subtree is held in the end.
struct Hold {
    is_namespace: bool,
    is_bounded: bool,
    is_own_count: bool,
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        None => serve(),
        Some("--probe") => probe(std::env::args().nth(2).as_deref() != Some("subreaper")),
        Some("--version") => {
            println!("orchestrator-launcher {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Some(_) => {
            eprintln!("usage: orchestrator-launcher [--probe [auto|subreaper] | --version]");
            ExitCode::from(2)
        }
    }
}

/// Prints what this machine allows: the level, and whether the network can be denied.
fn probe(is_namespace_wanted: bool) -> ExitCode {
    let has_namespace = |is_network_allowed| match namespace::enter(Plan {
        is_network_allowed,
        processes: None,
    }) {
        Ok(Side::Inside { .. }) => sys::exit_now(0),
        Ok(Side::Outside { init }) => sys::wait(init, true).is_ok(),
        Ok(Side::Unavailable(_)) | Err(_) => false,
    };
    let offer = landlock::offer();
    let is_namespace = is_namespace_wanted && has_namespace(true);
    let has_network_denial = is_namespace_wanted && has_namespace(false);
    let level = level(is_namespace, policy(true, is_namespace, offer), true);
    println!("level={level} nonet={}", u8::from(has_network_denial));
    ExitCode::SUCCESS
}

fn serve() -> ExitCode {
    // SAFETY: descriptor 0 is ours, and nothing else in this program reads standard input.
    let mut server = unsafe { File::from_raw_fd(0) };
    match run(&mut server) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            report(
                &mut server,
                &format!("error stage={} errno={}", refusal.stage, refusal.errno),
            );
            ExitCode::FAILURE
        }
    }
}

fn run(server: &mut File) -> Result<(), Refusal> {
    let step = |stage| move |error: Error| Refusal::new(stage, &error);
    // The server may block or ignore signals, and programs inherit that.
    sys::reset_signals().map_err(step("start"))?;
    sys::ignore_broken_pipes();
    // A server that dies by any means takes us along; in a subreaper this signal is caught.
    sys::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM as libc::c_ulong).map_err(step("start"))?;
    let request = read_request(server)?;
    let Some(hold) = hold(&request)? else {
        return Ok(());
    };
    if !hold.is_namespace {
        sys::prctl(libc::PR_SET_CHILD_SUBREAPER, 1).map_err(step("start"))?;
    }
    // In a namespace only its own processes could send us the others, and they have no say.
    let ends = [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGHUP];
    let ends = if hold.is_namespace { &ends[..1] } else { &ends[..] };
    let signals = sys::signal_fd(ends).map_err(step("start"))?;
    let landlock = policy(!request.writable.is_empty(), hold.is_namespace, landlock::offer());
    let confinement = Confinement {
        landlock,
        is_own_count: hold.is_own_count,
    };
    let command = spawn::spawn(&request, confinement)?;
    // The output ends when the command and its children have closed it, not when we do.
    let quiet = sys::open(c"/dev/null", libc::O_WRONLY).map_err(step("start"))?;
    for output in [1, 2] {
        sys::dup_to(&quiet, output).map_err(step("start"))?;
    }
    let level = level(hold.is_namespace, landlock, request.is_network_allowed);
    let bound = bound(&request, &hold).word();
    report(
        server,
        &format!("started pid={command} level={level} processes={bound}"),
    );
    let watch = Watch {
        command,
        is_namespace: hold.is_namespace,
        timeout: Duration::from_millis(request.timeout_ms),
        grace: Duration::from_millis(request.grace_ms),
    };
    let ending = supervise::supervise(&watch, server, &signals).map_err(step("watch"))?;
    report(
        server,
        &format!(
            "exit code={} signal={} wall_us={} cpu_us={} rss_kib={} timed_out={} orphans={} \
             survivors={}",
            ending.code.unwrap_or(-1),
            ending.signal.unwrap_or(0),
            ending.wall_us,
            ending.cpu_us,
            ending.peak_rss_kib,
            u8::from(ending.is_timed_out),
            ending.orphans_killed,
            ending.survivors,
        ),
    );
    Ok(())
}

/// Enters the best hold that is asked for and to be had. `None` in the outer of two processes,
/// after the inner one has done everything.
fn hold(request: &Request) -> Result<Option<Hold>, Refusal> {
    let subreaper = Hold {
        is_namespace: false,
        is_bounded: false,
        is_own_count: false,
    };
    if request.isolation == Isolation::Subreaper && request.is_network_allowed {
        return Ok(Some(subreaper));
    }
    let plan = Plan {
        is_network_allowed: request.is_network_allowed,
        processes: request.limits.processes,
    };
    let side = match request.isolation {
        Isolation::Subreaper => Side::Unavailable(Error::from_raw_os_error(libc::EINVAL)),
        _ => namespace::enter(plan).map_err(|error| Refusal::new("fork", &error))?,
    };
    match side {
        Side::Inside {
            is_bounded,
            is_own_count,
        } => Ok(Some(Hold {
            is_namespace: true,
            is_bounded,
            is_own_count,
        })),
        Side::Outside { init } => wait_for_inner(init).map(|()| None),
        Side::Unavailable(error) if !request.is_network_allowed => Err(Refusal::new("network", &error)),
        Side::Unavailable(error) if request.isolation == Isolation::PidNamespace => {
            Err(Refusal::new("isolation", &error))
        }
        Side::Unavailable(_) => Ok(Some(subreaper)),
    }
}

fn wait_for_inner(init: libc::pid_t) -> Result<(), Refusal> {
    // Our copies would keep the command's output open after its end.
    let quiet = sys::open(c"/dev/null", libc::O_WRONLY);
    if let Ok(quiet) = quiet {
        for output in [1, 2] {
            // Failing here only delays the end of the output until we end ourselves.
            let _ = sys::dup_to(&quiet, output);
        }
    }
    match sys::wait(init, true).map_err(|error| Refusal::new("watch", &error))? {
        sys::Waited::One(sys::Reaped {
            signal: Some(signal), ..
        }) => Err(Refusal {
            stage: "killed",
            errno: signal,
        }),
        _ => Ok(()),
    }
}

fn policy(is_confined: bool, is_namespace: bool, offer: landlock::Offer) -> landlock::Policy {
    landlock::Policy {
        is_writing_confined: is_confined && offer.has_writes,
        // In a namespace nobody outside can be named at all.
        is_signal_scoped: !is_namespace && offer.has_signal_scope,
    }
}

fn level(is_namespace: bool, landlock: landlock::Policy, is_network_allowed: bool) -> String {
    let mut words = vec![if is_namespace { "pidns" } else { "subreaper" }];
    if landlock.is_signal_scoped {
        words.push("scoped");
    }
    if landlock.is_writing_confined {
        words.push("landlock");
    }
    if !is_network_allowed {
        words.push("nonet");
    }
    words.join("+")
}

fn bound(request: &Request, hold: &Hold) -> ProcessBound {
    // SAFETY: cannot fail.
    let is_root = unsafe { libc::getuid() } == 0;
    match (request.limits.processes, hold.is_bounded) {
        (None, _) => ProcessBound::Unbounded,
        (Some(_), true) => ProcessBound::Namespace,
        // The kernel does not hold root to RLIMIT_NPROC.
        (Some(_), false) if is_root => ProcessBound::Unbounded,
        (Some(_), false) => ProcessBound::Rlimit,
    }
}

fn read_request(server: &mut File) -> Result<Request, Refusal> {
    let invalid = || Refusal {
        stage: "request",
        errno: libc::EINVAL,
    };
    let mut size = [0; 4];
    server.read_exact(&mut size).map_err(|_| invalid())?;
    let size = u32::from_le_bytes(size) as usize;
    if size > protocol::REQUEST_CAP_BYTES {
        return Err(invalid());
    }
    let mut body = vec![0; size];
    server.read_exact(&mut body).map_err(|_| invalid())?;
    Request::decode(&body).map_err(|_| invalid())
}

fn report(server: &mut File, line: &str) {
    // A server that is gone needs no report; its end is noticed where orders are read.
    let _ = server.write_all(format!("{line}\n").as_bytes());
}
