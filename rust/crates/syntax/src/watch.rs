//! When work on one source must end: a time budget, and a token that others can cancel.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::NotChecked;

/// What one source may cost where the caller does not say.
pub const DEFAULT_BUDGET: Duration = Duration::from_secs(10);

/// Tells work in other threads to end. Clones are the same token.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// From now on all work that holds the token ends as soon as it looks.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag itself, for work that does not know this type.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether the work is unwanted.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Watches the work on one source.
#[derive(Clone, Debug)]
pub struct Watch<'a> {
    started: Instant,
    budget: Duration,
    cancel: Option<&'a CancelToken>,
}

impl<'a> Watch<'a> {
    /// The clock runs from here.
    pub fn new(budget: Duration, cancel: Option<&'a CancelToken>) -> Self {
        Self {
            started: Instant::now(),
            budget,
            cancel,
        }
    }

    /// An error when the work must end.
    pub fn check(&self) -> Result<(), NotChecked> {
        if self.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(NotChecked::Cancelled);
        }
        if self.started.elapsed() > self.budget {
            return Err(NotChecked::TooSlow(self.budget));
        }
        Ok(())
    }
}

impl Default for Watch<'_> {
    fn default() -> Self {
        Self::new(DEFAULT_BUDGET, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_and_a_token_end_work() {
        let token = CancelToken::default();
        let watch = Watch::new(DEFAULT_BUDGET, Some(&token));
        assert_eq!(watch.check(), Ok(()));
        token.clone().cancel();
        assert_eq!(watch.check(), Err(NotChecked::Cancelled));
        let none = Watch::new(Duration::ZERO, None);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(none.check().unwrap_err().to_string(), "took longer than 0 s");
    }
}
