//! Conventions that a repository keeps, learned from its files.
//!
//! A [`Habit`] is a question that code answers again and again ("how is a function named?"), a [`Fact`] one answer. A
//! habit is a convention of a folder when nearly all facts below it agree: see [`evidence`](crate::Evidence).

mod ecmascript;
mod errors;
mod evidence;
mod fact;
mod file;
mod go;
mod habit;
mod judge;
mod learn;
mod python;
mod python_doc;
mod rust;
mod style;
mod words;

pub use evidence::{Evidence, MIN_FACTS, MIN_FILES, MIN_LIMIT, STRICT_LIMIT, lower_limit};
pub use fact::Place;
pub use habit::{Family, Habit, Severity};
pub use judge::Deviation;
pub use learn::{Convention, Conventions, learn};
