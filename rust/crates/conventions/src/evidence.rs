//! When the facts are enough to speak of a convention.

/// The share of agreeing facts must be at least this with 95 % confidence.
pub const MIN_LIMIT: f64 = 0.9;

/// From this limit on, a deviation may refuse a change: 88 of 88, 155 of 156.
pub const STRICT_LIMIT: f64 = 0.97;

/// Fewer telling facts prove nothing.
pub const MIN_FACTS: u32 = 20;

/// Nor do facts from fewer files.
pub const MIN_FILES: u32 = 3;

/// Quantile of the normal distribution for a one-sided limit at 95 %.
const Z: f64 = 1.644_853_626_951_472_2;

/// Lower limit of the Wilson score interval, one-sided at 95 %: E. B. Wilson, "Probable inference, the law of
/// succession, and statistical inference", JASA 22 (1927). 25 of 25 are enough for 0.9, 47 of 48, 68 of 70.
pub fn lower_limit(agreeing: u32, total: u32) -> f64 {
    if total == 0 {
        return 0.0;
    }
    let (count, share) = (f64::from(total), f64::from(agreeing) / f64::from(total));
    let square = Z * Z;
    let centre = share + square / (2.0 * count);
    let spread = Z * ((share * (1.0 - share) + square / (4.0 * count)) / count).sqrt();
    (centre - spread) / (1.0 + square / count)
}

/// The most choices that a habit has.
pub(crate) const MAX_CHOICES: usize = 5;

/// What was counted of one habit in one folder and all below it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    agreeing: [u32; MAX_CHOICES],
    total: u32,
    file_count: u32,
}

/// The choice that most facts agree with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Number of the choice.
    pub choice: usize,
    /// Facts that agree with it.
    pub agreeing: u32,
    /// Facts that tell choices apart.
    pub total: u32,
    /// See [`lower_limit`].
    pub limit: f64,
}

impl Tally {
    /// Count what one file says.
    pub(crate) fn add(&mut self, file: &FileTally) {
        for (sum, count) in self.agreeing.iter_mut().zip(file.agreeing) {
            *sum += count;
        }
        self.total += file.total;
        self.file_count += u32::from(file.total > 0);
    }

    /// Whether there is enough to decide, one way or the other.
    pub(crate) fn decides(&self) -> bool {
        self.total >= MIN_FACTS
    }

    /// The convention, when there is one.
    pub(crate) fn evidence(&self) -> Option<Evidence> {
        let (choice, agreeing) = (0..).zip(self.agreeing).max_by_key(|(_, count)| *count)?;
        let limit = lower_limit(agreeing, self.total);
        let is_strong = self.decides() && self.file_count >= MIN_FILES && limit >= MIN_LIMIT;
        is_strong.then_some(Evidence {
            choice,
            agreeing,
            total: self.total,
            limit,
        })
    }
}

/// What one file says of one habit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FileTally {
    agreeing: [u32; MAX_CHOICES],
    total: u32,
}

impl FileTally {
    /// Count a fact that agrees with the choices in `mask`, `weight` times. One that agrees with several, as `read`
    /// does with `snake_case` and `camelCase`, tells nothing.
    pub(crate) fn add(&mut self, mask: u8, weight: u32) {
        if mask.count_ones() > 1 {
            return;
        }
        for (choice, count) in self.agreeing.iter_mut().enumerate() {
            *count += weight * u32::from(mask >> choice & 1);
        }
        self.total += weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_wilsons() {
        assert!((lower_limit(25, 25) - 0.9024).abs() < 1e-4);
        assert!(lower_limit(24, 24) < MIN_LIMIT);
        assert!((lower_limit(212, 214) - 0.9717).abs() < 1e-3);
        assert!(lower_limit(90, 100) < 0.85);
        assert!(lower_limit(0, 0).abs() < f64::EPSILON);
    }

    #[test]
    fn few_files_prove_nothing() {
        let mut file = FileTally::default();
        (0..60).for_each(|_| file.add(1, 1));
        file.add(3, 1);
        let mut tally = Tally::default();
        tally.add(&file);
        assert!(tally.evidence().is_none());
        tally.add(&file);
        tally.add(&file);
        assert_eq!(tally.evidence().unwrap().total, 180);
    }
}
