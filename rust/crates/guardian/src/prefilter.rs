//! Which rules can match in a source at all: one pass over its bytes for all of them.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem::Finder;

use crate::need::Need;

/// Up to here each literal is looked for alone, which ends at its first place; beyond, all at once.
const MAX_FINDERS: usize = 24;

/// Answers for a fixed list of rules.
pub(crate) struct Prefilter {
    search: Search,
    literal_count: usize,
    formulas: Vec<Formula>,
}

enum Search {
    Each(Vec<Finder<'static>>),
    Together(Box<AhoCorasick>),
}

/// A need over numbered literals.
enum Formula {
    True,
    Literal(usize),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

impl Formula {
    fn holds(&self, has: &dyn Fn(usize) -> bool) -> bool {
        match self {
            Self::True => true,
            Self::Literal(number) => has(*number),
            Self::All(parts) => parts.iter().all(|part| part.holds(has)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(has)),
        }
    }
}

impl Prefilter {
    pub fn new<'n>(needs: impl IntoIterator<Item = &'n Need>) -> Self {
        let mut numbers = HashMap::new();
        let formulas = needs
            .into_iter()
            .map(|need| numbered(need, &mut numbers))
            .collect();
        let mut literals: Vec<(&str, usize)> = numbers.into_iter().collect();
        literals.sort_unstable_by_key(|(_, number)| *number);
        let literals: Vec<&str> = literals.into_iter().map(|(text, _)| text).collect();
        Self {
            search: Search::new(&literals),
            literal_count: literals.len(),
            formulas,
        }
    }

    /// For each rule whether it can match.
    pub fn possible(&self, source: &[u8]) -> Vec<bool> {
        match &self.search {
            Search::Each(finders) => {
                let known: Vec<std::cell::OnceCell<bool>> = vec![std::cell::OnceCell::new(); finders.len()];
                let has =
                    |number: usize| *known[number].get_or_init(|| finders[number].find(source).is_some());
                self.formulas.iter().map(|formula| formula.holds(&has)).collect()
            }
            Search::Together(automaton) => {
                let found = self.find_all(automaton, source);
                self.formulas
                    .iter()
                    .map(|formula| formula.holds(&|number| found[number]))
                    .collect()
            }
        }
    }

    /// Whether all of the rules can match; quicker than [`Self::possible`] for a short text.
    pub fn is_possible(&self, text: &[u8]) -> bool {
        match &self.search {
            Search::Each(finders) => {
                let has = |number: usize| finders[number].find(text).is_some();
                self.formulas.iter().all(|formula| formula.holds(&has))
            }
            Search::Together(_) => !self.possible(text).contains(&false),
        }
    }

    fn find_all(&self, automaton: &AhoCorasick, source: &[u8]) -> Vec<bool> {
        let mut found = vec![false; self.literal_count];
        let mut left = self.literal_count;
        for hit in automaton.find_overlapping_iter(source) {
            let seen = &mut found[hit.pattern().as_usize()];
            if !*seen {
                *seen = true;
                left -= 1;
                if left == 0 {
                    break;
                }
            }
        }
        found
    }
}

impl Search {
    fn new(literals: &[&str]) -> Self {
        if literals.len() > MAX_FINDERS {
            let built = AhoCorasick::builder()
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::DFA))
                .build(literals);
            if let Ok(automaton) = built {
                return Self::Together(Box::new(automaton));
            }
        }
        let finders = literals
            .iter()
            .map(|text| Finder::new(text.as_bytes()).into_owned());
        Self::Each(finders.collect())
    }
}

fn numbered<'n>(need: &'n Need, numbers: &mut HashMap<&'n str, usize>) -> Formula {
    match need {
        Need::Nothing => Formula::True,
        Need::Literal(text) => {
            let next = numbers.len();
            Formula::Literal(*numbers.entry(text).or_insert(next))
        }
        Need::All(parts) => Formula::All(parts.iter().map(|part| numbered(part, numbers)).collect()),
        Need::Any(parts) => Formula::Any(parts.iter().map(|part| numbered(part, numbers)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(extra: usize) {
        let word = |text: &str| Need::literal(text);
        let mut needs = vec![
            word("pass"),
            word("password"),
            Need::All(vec![word("a"), word("zz")]),
            Need::Any(vec![word("zz"), word("swo")]),
            Need::Any(vec![]),
            Need::Nothing,
        ];
        needs.extend((0..extra).map(|number| word(&format!("never{number}"))));
        let possible = Prefilter::new(&needs).possible(b"the password");
        assert_eq!(possible[..6], [true, true, false, true, false, true]);
        assert!(possible[6..].iter().all(|is_possible| !is_possible));
    }

    #[test]
    fn both_ways_find_the_same() {
        check(0);
        check(MAX_FINDERS);
    }
}
