//! What the files of a folder looked like when they were known last, and what differs now: one pass of `lstat`.
//!
//! For folders that belong to us while nobody else writes in them. Nothing is read, nothing is followed.

mod look;
mod remove;

use std::collections::HashMap;

pub use look::{Look, LookError};
pub use remove::remove_tree;

/// What tells that a file was touched. ctime can't be set by a program, so an edit always shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileState {
    pub size_bytes: u64,
    pub mtime_ns: i64,
    pub ctime_ns: i64,
    pub inode: u64,
    pub mode: u32,
    pub link_count: u64,
}

/// One known file.
#[derive(Clone, Copy)]
struct Slot {
    state: FileState,
    /// The content is certain as long as the state stays; else the file always counts as touched.
    is_certain: bool,
    /// The look that saw it last.
    round: u32,
}

/// The files of one folder by relative path, as they were known last.
#[derive(Default)]
pub struct States {
    files: HashMap<Vec<u8>, Slot>,
    round: u32,
}

impl States {
    /// Remember a file that was looked at or written.
    pub fn note(&mut self, path: Vec<u8>, state: FileState, is_certain: bool) {
        let round = self.round;
        self.files.insert(
            path,
            Slot {
                state,
                is_certain,
                round,
            },
        );
    }

    /// Forget a file.
    pub fn forget(&mut self, path: &[u8]) {
        self.files.remove(path);
    }

    /// Files whose content is certain while their state stays.
    pub fn certain(&self) -> usize {
        self.files.values().filter(|slot| slot.is_certain).count()
    }

    /// Look at everything below a folder. Everything stays as it was known until it is noted or forgotten.
    pub fn look(&mut self, root: &std::path::Path, max_entries: usize) -> Result<Look, LookError> {
        self.round = self.round.wrapping_add(1);
        let (mut look, matched) = look::pass(root, max_entries, |path, state| {
            let slot = self.files.get_mut(path)?;
            slot.round = self.round;
            Some(slot.is_certain && slot.state == *state)
        })?;
        if matched < self.files.len() {
            let round = self.round;
            let gone = self.files.iter().filter(|(_, slot)| slot.round != round);
            look.gone.extend(gone.map(|(path, _)| path.clone()));
        }
        Ok(look)
    }
}
