//! The request that the server sends, and the words of the reports that it gets back.
//!
//! Both travel over one socket, the launcher's standard input, so that no secret stands in an
//! argument list. A request is a little-endian `u32` length and then `key NUL value NUL` pairs;
//! `arg`, `env`, `write`, `hide` and `require` may repeat. After it the server may send [`STOP`] or [`KILL`]; the
//! end of the stream means that the server is gone. Reports are lines of `word key=value ...`.

use std::ffi::CString;

/// Byte after the request: terminate, wait for the grace period, then kill.
pub const STOP: u8 = b'T';
/// Byte after the request: kill at once.
pub const KILL: u8 = b'K';
/// A longer request is refused; the kernel takes about 2 MB of arguments and environment.
pub const REQUEST_CAP_BYTES: usize = 4 << 20;

/// Which way of holding a subtree together the server asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// A PID namespace where the kernel grants one, else a subreaper.
    Auto,
    /// A PID namespace, or refuse to start.
    PidNamespace,
    /// A subreaper, even where a namespace could be had.
    Subreaper,
}

/// Resource limits; `None` leaves what the server itself runs under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Processes and threads alive at once in the subtree.
    pub processes: Option<u64>,
    /// Largest file that can be written.
    pub file_size_bytes: Option<u64>,
    /// Open file descriptors in one process.
    pub open_files: Option<u64>,
    /// Address space of one process.
    pub address_space_bytes: Option<u64>,
}

/// One command to run, with everything that it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Program and arguments; never empty.
    pub argv: Vec<CString>,
    /// `NAME=value`, the whole environment.
    pub env: Vec<CString>,
    /// Absolute working directory.
    pub cwd: CString,
    /// Folders that may be written; empty means that writing is not confined.
    pub writable: Vec<CString>,
    /// Folders and files that a confined command must not find, where a mount namespace allows it. Writable folders
    /// below them stay.
    pub hidden: Vec<CString>,
    /// Words that the level of confinement must hold, or nothing is run.
    pub required: Vec<CString>,
    /// Wall time after which the command is stopped.
    pub timeout_ms: u64,
    /// Time between the polite signal and the killing one.
    pub grace_ms: u64,
    /// False asks for an empty network namespace, or a refusal.
    pub is_network_allowed: bool,
    /// How the subtree is held together.
    pub isolation: Isolation,
    /// Resource limits of the command.
    pub limits: Limits,
}

/// Why a request cannot be understood; the text names the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError(pub &'static str);

impl Request {
    /// Reads the body of a request (without its length prefix).
    pub fn decode(body: &[u8]) -> Result<Self, RequestError> {
        let mut request = Self {
            argv: Vec::new(),
            env: Vec::new(),
            cwd: CString::default(),
            writable: Vec::new(),
            hidden: Vec::new(),
            required: Vec::new(),
            timeout_ms: 0,
            grace_ms: 0,
            is_network_allowed: true,
            isolation: Isolation::Auto,
            limits: Limits::default(),
        };
        let body = body.strip_suffix(b"\0").ok_or(RequestError("end"))?;
        let mut fields = body.split(|byte| *byte == 0);
        while let Some(key) = fields.next() {
            let value = fields.next().ok_or(RequestError("value"))?;
            request.set(key, value)?;
        }
        request.checked()
    }

    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), RequestError> {
        match key {
            b"arg" => self.argv.push(text(value)?),
            b"env" => self.env.push(text(value)?),
            b"write" => self.writable.push(text(value)?),
            b"require" => self.required.push(text(value)?),
            b"hide" => self.hidden.push(text(value)?),
            b"cwd" => self.cwd = text(value)?,
            b"timeout_ms" => self.timeout_ms = number(value, "timeout_ms")?,
            b"grace_ms" => self.grace_ms = number(value, "grace_ms")?,
            b"network" => self.is_network_allowed = value == b"allowed",
            b"isolation" => self.isolation = isolation(value)?,
            b"processes" => self.limits.processes = Some(number(value, "processes")?),
            b"file_size_bytes" => {
                self.limits.file_size_bytes = Some(number(value, "file_size_bytes")?);
            }
            b"open_files" => self.limits.open_files = Some(number(value, "open_files")?),
            b"address_space_bytes" => {
                self.limits.address_space_bytes = Some(number(value, "address_space_bytes")?);
            }
            // An unknown field could be a restriction: dropping it would widen what is allowed.
            _ => return Err(RequestError("unknown")),
        }
        Ok(())
    }

    fn checked(self) -> Result<Self, RequestError> {
        if self.argv.is_empty() || self.argv[0].is_empty() {
            return Err(RequestError("arg"));
        }
        if self.cwd.as_bytes().first() != Some(&b'/') {
            return Err(RequestError("cwd"));
        }
        if self.timeout_ms == 0 {
            return Err(RequestError("timeout_ms"));
        }
        Ok(self)
    }
}

fn text(value: &[u8]) -> Result<CString, RequestError> {
    CString::new(value).map_err(|_| RequestError("nul"))
}

fn number(value: &[u8], name: &'static str) -> Result<u64, RequestError> {
    std::str::from_utf8(value)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or(RequestError(name))
}

fn isolation(value: &[u8]) -> Result<Isolation, RequestError> {
    match value {
        b"auto" => Ok(Isolation::Auto),
        b"pidns" => Ok(Isolation::PidNamespace),
        b"subreaper" => Ok(Isolation::Subreaper),
        _ => Err(RequestError("isolation")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(fields: &[(&str, &str)]) -> Vec<u8> {
        fields
            .iter()
            .flat_map(|(key, value)| format!("{key}\0{value}\0").into_bytes())
            .collect()
    }

    #[test]
    fn a_full_request_is_read() {
        let request = Request::decode(&body(&[
            ("arg", "echo"),
            ("arg", ""),
            ("cwd", "/"),
            ("env", "A=b=c"),
            ("timeout_ms", "5"),
            ("network", "denied"),
            ("processes", "7"),
        ]))
        .expect("valid");
        assert_eq!(request.argv.len(), 2);
        assert_eq!(request.env[0].to_bytes(), b"A=b=c");
        assert!(!request.is_network_allowed);
        assert_eq!(request.limits.processes, Some(7));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let good = [("arg", "x"), ("cwd", "/"), ("timeout_ms", "1")];
        assert!(Request::decode(&body(&good)).is_ok());
        let bad: [(&str, &str); 5] = [
            ("surprise", "1"),
            ("timeout_ms", "soon"),
            ("timeout_ms", "0"),
            ("cwd", "relative"),
            ("isolation", "jail"),
        ];
        for field in bad {
            let mut fields = good.to_vec();
            fields.push(field);
            assert!(Request::decode(&body(&fields)).is_err(), "{field:?}");
        }
        assert!(Request::decode(b"").is_err());
        assert!(Request::decode(b"arg\0x").is_err());
        assert!(Request::decode(&body(&good[1..])).is_err());
    }
}
