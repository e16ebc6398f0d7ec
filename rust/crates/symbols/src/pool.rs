//! The threads that read and walk.

use std::sync::LazyLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// The walk recurses with the tree, which is at most [`syntax::MAX_DEPTH`] deep. Address space only.
const STACK_BYTES: usize = 64 * 1024 * 1024;

static POOL: LazyLock<ThreadPool> = LazyLock::new(|| {
    ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .thread_name(|index| format!("symbols-{index}"))
        .build()
        .expect("threads can be started")
});

/// Run on the pool and wait. A panic goes on in the caller.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    POOL.install(work)
}
