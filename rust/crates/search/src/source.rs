//! Opening the files that a search reads.

use std::fs::File;

use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::error::Skipped;

/// Larger files are not searched.
pub const MAX_GREP_BYTES: u64 = 1024 * 1024 * 1024;

/// Files up to this size are searched in memory as a whole, larger ones as a stream.
const MAX_WHOLE_BYTES: usize = 4 * 1024 * 1024;

/// What is read of a file before it is known to be no binary.
const HEAD_BYTES: usize = 64 * 1024;

/// How a file is to be searched.
pub(crate) enum Source {
    /// So many bytes at the start of the buffer are the file.
    Whole(usize),
    /// It is too large for the buffer.
    Large(File),
}

/// A buffer for [`open_source`]. Only the pages that are used take memory.
pub(crate) fn new_buffer() -> Vec<u8> {
    vec![0; MAX_WHOLE_BYTES]
}

/// Open a regular file (not through a symlink at its end) and read it into the buffer. The error is the reason why
/// not: "binary" when there is a NUL byte, unless the encoding was given or a byte order mark says UTF-16.
pub(crate) fn open_source(
    root: &OwnedFd,
    path: &str,
    buffer: &mut [u8],
    is_encoded: bool,
) -> Result<Source, String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(root, path, flags, Mode::empty()).map_err(unreadable)?;
    let state = rustix::fs::fstat(&file).map_err(unreadable)?;
    if FileType::from_raw_mode(state.st_mode) != FileType::RegularFile {
        return Err("not a regular file".to_owned());
    }
    let size_bytes = state.st_size.cast_unsigned();
    if size_bytes > MAX_GREP_BYTES {
        return Err("too large".to_owned());
    }
    match buffer.get_mut(..size_bytes as usize) {
        Some(room) => read_whole(&file, room, is_encoded).map(Source::Whole),
        None => Ok(Source::Large(file.into())),
    }
}

/// Fill the room. A file that grows meanwhile is cut where it ended when it was opened, one that shrinks is shorter.
fn read_whole(file: &OwnedFd, room: &mut [u8], is_encoded: bool) -> Result<usize, String> {
    let mut length = 0;
    let mut is_text = is_encoded;
    while length < room.len() {
        let end = if length == 0 {
            room.len().min(HEAD_BYTES)
        } else {
            room.len()
        };
        let count = match rustix::io::read(file, &mut room[length..end]) {
            Ok(0) => break,
            Err(Errno::INTR) => continue,
            outcome => outcome.map_err(unreadable)?,
        };
        let fresh = &room[length..length + count];
        is_text =
            is_text || (length == 0 && (fresh.starts_with(b"\xff\xfe") || fresh.starts_with(b"\xfe\xff")));
        if !is_text && memchr::memchr(0, fresh).is_some() {
            return Err("binary".to_owned());
        }
        length += count;
    }
    Ok(length)
}

fn unreadable(error: Errno) -> String {
    Skipped::unreadable("", &error.into()).reason
}
