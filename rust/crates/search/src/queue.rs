//! Work that makes more work, shared by threads.

use std::sync::{Condvar, Mutex};

/// A stack of jobs that ends when it is empty and no thread is at a job that could add to it.
#[derive(Debug)]
pub(crate) struct WorkQueue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    jobs: Vec<T>,
    busy_count: usize,
    is_stopped: bool,
}

impl<T> Default for WorkQueue<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                jobs: Vec::new(),
                busy_count: 0,
                is_stopped: false,
            }),
            changed: Condvar::new(),
        }
    }
}

impl<T> WorkQueue<T> {
    /// Add jobs.
    pub(crate) fn add(&self, jobs: Vec<T>) {
        let is_many = match jobs.len() {
            0 => return,
            count => count > 1,
        };
        if let Ok(mut state) = self.state.lock() {
            state.jobs.extend(jobs);
        }
        if is_many {
            self.changed.notify_all();
        } else {
            self.changed.notify_one();
        }
    }

    /// The next job; waits while others may add one. None at the end. Each one taken must be finished.
    pub(crate) fn take(&self) -> Option<T> {
        let mut state = self.state.lock().ok()?;
        loop {
            if state.is_stopped {
                return None;
            }
            if let Some(job) = state.jobs.pop() {
                state.busy_count += 1;
                return Some(job);
            }
            if state.busy_count == 0 {
                return None;
            }
            state = self.changed.wait(state).ok()?;
        }
    }

    /// A job is done; `is_enough` ends the work of all.
    pub(crate) fn finish(&self, is_enough: bool) {
        if let Ok(mut state) = self.state.lock() {
            state.busy_count -= 1;
            state.is_stopped |= is_enough;
            if state.busy_count > 0 && !state.is_stopped {
                return;
            }
        }
        self.changed.notify_all();
    }

    /// Hold this while working: the other threads would wait for ever for one that panicked.
    pub(crate) fn stop_on_panic(&self) -> StopOnPanic<'_, T> {
        StopOnPanic(self)
    }
}

/// See [`WorkQueue::stop_on_panic`].
pub(crate) struct StopOnPanic<'a, T>(&'a WorkQueue<T>);

impl<T> Drop for StopOnPanic<'_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Ok(mut state) = self.0.state.lock() {
                state.is_stopped = true;
            }
            self.0.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once_and_the_work_ends() {
        let queue = WorkQueue::default();
        queue.add(vec![12_u32]);
        let done: usize = std::thread::scope(|scope| {
            let work = || {
                let mut count = 0;
                while let Some(job) = queue.take() {
                    count += 1;
                    let below = job.checked_sub(1);
                    queue.add(below.into_iter().chain(below).collect());
                    queue.finish(false);
                }
                count
            };
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(done, (1 << 13) - 1);
    }
}
