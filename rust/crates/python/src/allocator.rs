//! The allocator: trees are many small pieces, and parsing is the cost of linting.

use std::ffi::c_void;
use std::process::abort;

use libmimalloc_sys::{mi_calloc, mi_free, mi_malloc, mi_realloc};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Let the parser use it, too. Called once, before the first parse.
pub(crate) fn install() {
    let allocator = tree_sitter::Allocator {
        malloc,
        calloc,
        realloc,
        free: mi_free,
    };
    // SAFETY: the functions belong together, answer no null, align as libc does, and the module is loaded before it can
    // parse.
    unsafe { tree_sitter::set_allocator(Some(allocator)) };
}

/// The parser does not look whether there was memory.
fn present(memory: *mut c_void, size: usize) -> *mut c_void {
    if memory.is_null() && size > 0 {
        abort()
    }
    memory
}

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: every size is allowed.
    present(unsafe { mi_malloc(size) }, size)
}

unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: every count and size are allowed; too much is null.
    present(unsafe { mi_calloc(count, size) }, size)
}

unsafe extern "C" fn realloc(memory: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the memory is of `malloc`, `calloc` or this function.
    present(unsafe { mi_realloc(memory, size) }, size)
}
