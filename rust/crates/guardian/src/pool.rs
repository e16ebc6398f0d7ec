//! The threads that parse and match.

use std::sync::LazyLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Patterns and rules are compiled by recursion over their tree. Address space only: pages come when they are touched.
const STACK_BYTES: usize = 64 * 1024 * 1024;

static POOL: LazyLock<ThreadPool> = LazyLock::new(|| {
    ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .thread_name(|index| format!("guardian-{index}"))
        .build()
        .expect("threads can be started")
});

/// Run on the pool and wait. A panic goes on in the caller.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    POOL.install(work)
}
