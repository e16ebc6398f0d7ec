//! What the server and the launcher say to each other.
//!
//! The launcher program itself lives beside this library in `main.rs`; everything that touches
//! the kernel is there. This library holds the types alone, so that others can depend on them.

pub mod protocol;

pub use protocol::{Isolation, Limits, Request, RequestError};
