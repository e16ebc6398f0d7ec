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
mod view;

use std::ffi::CString;
use std::fs::File;
use std::io::{Error, Read, Write};
use std::os::fd::FromRawFd;
use std::process::ExitCode;
use std::time::Duration;

use limits::ProcessBound;
use namespace::{Features, Plan, Side};
use orchestrator_launcher::{Isolation, Request, protocol};
use spawn::{Confinement, Refusal};
use supervise::Watch;

/// How the subtree is held in the end.
struct Hold {
    is_namespace: bool,
    features: Features,
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

const NO_FEATURES: Features = Features {
    is_bounded: false,
    is_own_count: false,
    has_view: false,
};

/// Prints what this machine allows: the level, and whether the network can be denied.
fn probe(is_namespace_wanted: bool) -> ExitCode {
    // The process inside tells by its exit code whether it has a view of its own.
    let inside = |is_network_allowed| match namespace::enter(Plan {
        is_network_allowed,
        processes: None,
        view: Some(view::Plan {
            writable: &[],
            hidden: &[],
        }),
    }) {
        Ok(Side::Inside(features)) => sys::exit_now(features.has_view.into()),
        Ok(Side::Outside { init }) => match sys::wait(init, true) {
            Ok(sys::Waited::One(ended)) => ended.code,
            _ => None,
        },
        Ok(Side::Unavailable(_)) | Err(_) => None,
    };
    let offer = landlock::offer();
    let view = is_namespace_wanted.then(|| inside(true)).flatten();
    let has_network_denial = is_namespace_wanted && inside(false).is_some();
    let hold = Hold {
        is_namespace: view.is_some(),
        features: Features {
            has_view: view == Some(1),
            ..NO_FEATURES
        },
    };
    let level = level(&hold, policy(true, view.is_some(), offer), true);
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
        is_own_count: hold.features.is_own_count,
    };
    let level = level(&hold, landlock, request.is_network_allowed);
    if let Some(stage) = missing(&request, &level) {
        return Err(Refusal { stage, errno: 0 });
    }
    let command = spawn::spawn(&request, confinement)?;
    // The output ends when the command and its children have closed it, not when we do.
    let quiet = sys::open(c"/dev/null", libc::O_WRONLY).map_err(step("start"))?;
    for output in [1, 2] {
        sys::dup_to(&quiet, output).map_err(step("start"))?;
    }
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
        features: NO_FEATURES,
    };
    if request.isolation == Isolation::Subreaper && request.is_network_allowed {
        return Ok(Some(subreaper));
    }
    let side = match request.isolation {
        Isolation::Subreaper => Side::Unavailable(Error::from_raw_os_error(libc::EINVAL)),
        _ => namespace::enter(Plan::of(request)).map_err(|error| Refusal::new("fork", &error))?,
    };
    match side {
        Side::Inside(features) => Ok(Some(Hold {
            is_namespace: true,
            features,
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
        file_rights: if is_confined { offer.file_rights } else { 0 },
        // In a namespace nobody outside can be named at all.
        is_signal_scoped: !is_namespace && offer.has_scopes,
        is_abstract_scoped: is_confined && offer.has_scopes,
    }
}

fn level(hold: &Hold, landlock: landlock::Policy, is_network_allowed: bool) -> String {
    let mut words = vec![if hold.is_namespace { "pidns" } else { "subreaper" }];
    if hold.features.has_view {
        words.push("private");
    }
    if landlock.is_signal_scoped {
        words.push("scoped");
    }
    if landlock.file_rights != 0 {
        words.push("landlock");
    }
    if !is_network_allowed {
        words.push("nonet");
    }
    words.join("+")
}

/// What a demanded word that the level lacks is refused as.
fn missing(request: &Request, level: &str) -> Option<&'static str> {
    let has = |word: &CString| level.split('+').any(|held| held.as_bytes() == word.as_bytes());
    (!request.required.iter().all(has)).then_some("level")
}

fn bound(request: &Request, hold: &Hold) -> ProcessBound {
    // SAFETY: cannot fail.
    let is_root = unsafe { libc::getuid() } == 0;
    match (request.limits.processes, hold.features.is_bounded) {
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
