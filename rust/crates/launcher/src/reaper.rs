//! Finding and killing descendants where no namespace holds them together.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;

use libc::pid_t;

use crate::sys;

/// One line of `/proc/PID/stat`, as far as it is needed.
struct Entry {
    pid: pid_t,
    parent: pid_t,
    is_zombie: bool,
    threads: u64,
}

/// All processes below the calling one. They stay below it, whatever they do, while it is
/// their subreaper; new ones may appear while this looks, so callers repeat.
pub fn descendants() -> Vec<pid_t> {
    let mut children: HashMap<pid_t, Vec<Entry>> = HashMap::new();
    for entry in process_ids().filter_map(entry) {
        children.entry(entry.parent).or_default().push(entry);
    }
    let mut found = Vec::new();
    let mut queue = vec![std::process::id() as pid_t];
    while let Some(parent) = queue.pop() {
        for entry in children.remove(&parent).unwrap_or_default() {
            queue.push(entry.pid);
            if !entry.is_zombie {
                found.push(entry.pid);
            }
        }
    }
    found
}

/// Sends a signal to all descendants; who is gone already is no error.
pub fn signal_descendants(signal: i32) {
    for pid in descendants() {
        // A number cannot be used again before we reap it or its parent does, microseconds ago.
        let _ = sys::kill(pid, signal);
    }
}

/// Threads of this user in the whole system, the number that `RLIMIT_NPROC` is held against.
pub fn threads_of_user(user: u32) -> u64 {
    let is_mine =
        |pid: &pid_t| fs::metadata(format!("/proc/{pid}")).is_ok_and(|metadata| metadata.uid() == user);
    process_ids()
        .filter(is_mine)
        .filter_map(entry)
        .map(|entry| entry.threads)
        .sum()
}

fn process_ids() -> impl Iterator<Item = pid_t> {
    let listing = fs::read_dir("/proc").into_iter().flatten().flatten();
    listing.filter_map(|item| item.file_name().to_str()?.parse().ok())
}

fn entry(pid: pid_t) -> Option<Entry> {
    parse(pid, &fs::read(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(pid: pid_t, line: &[u8]) -> Option<Entry> {
    // The name in parentheses may hold anything, also parentheses: start behind the last one.
    let end = line.iter().rposition(|byte| *byte == b')')?;
    let rest = std::str::from_utf8(&line[end + 1..]).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Entry {
        pid,
        is_zombie: *fields.first()? == "Z",
        parent: fields.get(1)?.parse().ok()?,
        threads: fields.get(17)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_not_confuse_the_parser() {
        let line = b"7 (a) Z 1 (x)) S 42 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 3 0 99";
        let entry = parse(7, line).expect("parsed");
        assert_eq!((entry.parent, entry.threads, entry.is_zombie), (42, 3, false));
    }

    fn child_owner(child: &std::process::Child) -> u32 {
        fs::metadata(format!("/proc/{}", child.id()))
            .expect("running")
            .uid()
    }

    #[test]
    fn a_child_is_a_descendant() {
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .spawn()
            .expect("sleep");
        assert!(descendants().contains(&(child.id() as pid_t)));
        assert!(threads_of_user(child_owner(&child)) > 0);
        child.kill().expect("kill");
        child.wait().expect("wait");
    }
}
