//! The allocator: trees are many small pieces, and parsing is the cost of linting.

use std::ffi::c_void;
use std::process::abort;

use libmimalloc_sys::{mi_calloc, mi_free, mi_malloc, mi_realloc};
#[cfg(target_os = "linux")]
use libmimalloc_sys::{mi_option_set, mi_option_t};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_arena_eager_commit` of mimalloc 3, which the bindings do not name.
#[cfg(target_os = "linux")]
const ARENA_EAGER_COMMIT: mi_option_t = 4;

/// Memory is committed piece by piece, which must be said when the module is loaded, before the first piece: an arena that
/// is committed at once is filled by huge pages, of which a linter of many small trees touches little.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static COMMIT_IN_PIECES: extern "C" fn() = {
    extern "C" fn set() {
        // SAFETY: the number is one of an option, which is a static of mimalloc.
        unsafe { mi_option_set(ARENA_EAGER_COMMIT, 0) };
    }
    set
};

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
