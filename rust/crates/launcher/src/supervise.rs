//! The watch over one running command, until nothing of it is left.

use std::fs::File;
use std::io::{Read, Result};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use libc::pid_t;
use orchestrator_launcher::protocol;

use crate::reaper;
use crate::sys::{self, Reaped, Waited};

/// After this much killing without an end (a process stuck in the kernel) the survivors are
/// reported instead of waited for.
const KILLING_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks for new descendants while killing.
const KILLING_PACE: Duration = Duration::from_millis(2);

/// What is reported when the command has ended.
#[derive(Default)]
pub struct Ending {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub wall_us: u128,
    pub cpu_us: u64,
    pub peak_rss_kib: u64,
    pub is_timed_out: bool,
    pub orphans_killed: u32,
    pub survivors: usize,
}

/// How the subtree is held and how long it may run.
pub struct Watch {
    pub command: pid_t,
    /// The calling process is the first one of a PID namespace.
    pub is_namespace: bool,
    pub timeout: Duration,
    pub grace: Duration,
}

enum Phase {
    Running {
        until: Instant,
    },
    /// Asked politely; the rest is killed when the time is over.
    Stopping {
        until: Instant,
    },
    Killing {
        until: Instant,
    },
}

enum Order {
    Stop,
    Kill,
}

struct Supervision<'a> {
    watch: &'a Watch,
    phase: Phase,
    ending: Ending,
    is_command_gone: bool,
}

/// Watches until all is reaped. `control` gives orders and means, at its end, that the server
/// is gone; `signals` tells of children and of requests to end.
pub fn supervise(watch: &Watch, control: &mut File, signals: &OwnedFd) -> Result<Ending> {
    let started = Instant::now();
    let mut supervision = Supervision {
        watch,
        phase: Phase::Running {
            until: started + watch.timeout,
        },
        ending: Ending::default(),
        is_command_gone: false,
    };
    let mut is_control_open = true;
    while !supervision.step()? {
        let control_fd = if is_control_open { control.as_raw_fd() } else { -1 };
        let limit = supervision.patience();
        let [has_order, has_signal] = sys::poll_two([control_fd, signals.as_raw_fd()], limit)?;
        if has_order {
            let (order, is_open) = read_order(control);
            is_control_open = is_open;
            supervision.obey(order);
        }
        while has_signal && let Some(signal) = sys::next_signal(signals) {
            supervision.obey((signal != libc::SIGCHLD).then_some(Order::Kill));
        }
    }
    supervision.ending.wall_us = started.elapsed().as_micros();
    Ok(supervision.ending)
}

fn read_order(control: &mut File) -> (Option<Order>, bool) {
    let mut bytes = [0; 16];
    match control.read(&mut bytes) {
        Ok(0) | Err(_) => (Some(Order::Kill), false),
        Ok(size) if bytes[..size].contains(&protocol::KILL) => (Some(Order::Kill), true),
        Ok(size) if bytes[..size].contains(&protocol::STOP) => (Some(Order::Stop), true),
        Ok(_) => (None, true),
    }
}

impl Supervision<'_> {
    /// One round; true when nothing is left to watch.
    fn step(&mut self) -> Result<bool> {
        if self.reap()? {
            return Ok(true);
        }
        let now = Instant::now();
        match self.phase {
            // What a command leaves behind does not outlive it.
            Phase::Running { .. } if self.is_command_gone => self.begin_killing(now),
            Phase::Running { until } if now >= until => {
                self.ending.is_timed_out = true;
                self.begin_stopping(now);
            }
            Phase::Stopping { until } if now >= until => self.begin_killing(now),
            Phase::Killing { until } if now >= until => {
                self.ending.survivors = reaper::descendants().len();
                return Ok(true);
            }
            Phase::Killing { .. } => self.signal_all(libc::SIGKILL),
            _ => {}
        }
        Ok(false)
    }

    fn obey(&mut self, order: Option<Order>) {
        match (order, &self.phase) {
            (Some(Order::Kill), Phase::Running { .. } | Phase::Stopping { .. }) => {
                self.begin_killing(Instant::now());
            }
            (Some(Order::Stop), Phase::Running { .. }) => self.begin_stopping(Instant::now()),
            _ => {}
        }
    }

    fn begin_stopping(&mut self, now: Instant) {
        self.signal_all(libc::SIGTERM);
        self.phase = Phase::Stopping {
            until: now + self.watch.grace,
        };
    }

    fn begin_killing(&mut self, now: Instant) {
        self.phase = Phase::Killing {
            until: now + KILLING_LIMIT,
        };
        self.signal_all(libc::SIGKILL);
    }

    fn signal_all(&self, signal: i32) {
        if self.watch.is_namespace {
            // All in the namespace but its first process, at one instant. Nobody there is fine.
            let _ = sys::kill(-1, signal);
        } else {
            reaper::signal_descendants(signal);
        }
    }

    /// Takes in all that ended; true when there are no children any more. Orphans become our
    /// children, so then there are no descendants either.
    fn reap(&mut self) -> Result<bool> {
        loop {
            match sys::wait(-1, false)? {
                Waited::One(reaped) => self.count(&reaped),
                Waited::NotYet => return Ok(false),
                Waited::NoneLeft => return Ok(true),
            }
        }
    }

    fn count(&mut self, reaped: &Reaped) {
        self.ending.cpu_us += reaped.cpu_us;
        self.ending.peak_rss_kib = self.ending.peak_rss_kib.max(reaped.peak_rss_kib);
        if reaped.pid == self.watch.command {
            self.is_command_gone = true;
            self.ending.code = reaped.code;
            self.ending.signal = reaped.signal;
        } else if matches!(self.phase, Phase::Killing { .. }) && reaped.signal == Some(libc::SIGKILL) {
            self.ending.orphans_killed += 1;
        }
    }

    fn patience(&self) -> Duration {
        match self.phase {
            Phase::Killing { .. } => KILLING_PACE,
            Phase::Running { until } | Phase::Stopping { until } => {
                until.saturating_duration_since(Instant::now())
            }
        }
    }
}
