//! What source files import.

mod ecmascript;
mod import;
mod python;

pub use import::{Import, imports};
