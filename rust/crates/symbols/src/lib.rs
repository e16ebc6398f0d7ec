//! What source files import, define and use, and what of it does not fit together.
//!
//! [`FileFacts`] hold what one file says; a [`SymbolIndex`] the facts of a tree; [`check`] compares them across files.
//! A finding is made only where every step to it is certain: what can't be seen is Unknown, never missing.

mod arguments;
mod builtins;
mod check;
mod classes;
mod duplicates;
mod ecmascript;
mod evidence;
mod facts;
mod import;
mod index;
mod link;
mod modules;
mod nearest;
mod pool;
mod python;
mod python_class;
mod python_facts;
mod python_guards;
mod python_signature;
mod python_statements;
mod query;
mod scopes;
mod script_check;
mod script_exports;
mod script_facts;
mod script_link;
mod script_signature;
mod source;
mod subclasses;

pub use check::{MAX_FINDINGS, SyncFinding, check};
pub use facts::{FileFacts, Place};
pub use import::{Import, imports};
pub use index::{Alias, Layout, SymbolIndex, facts_of, family_of};
pub use query::{Definition, Reference};
