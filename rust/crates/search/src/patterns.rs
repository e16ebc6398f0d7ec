//! Compiled patterns of a search.

use grep_matcher::{Match, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};

use crate::error::SearchError;
use crate::grep::Grep;

const MAX_PATTERNS: usize = 1_000;

/// What all patterns together may take when they are compiled. Repetitions inside repetitions go beyond it; matching
/// takes time linear in the text, whatever the pattern.
const MAX_COMPILED_BYTES: usize = 10 * 1024 * 1024;
const MAX_NESTING: u32 = 100;

/// The patterns of a search.
pub(crate) struct Patterns {
    /// Matches the lines in which any of the patterns matches.
    pub any: RegexMatcher,
    /// Each alone; empty when there is one pattern only.
    each: Vec<RegexMatcher>,
}

impl Patterns {
    /// Compile.
    pub(crate) fn new(query: &Grep) -> Result<Self, SearchError> {
        let patterns = &query.patterns;
        if patterns.is_empty() || patterns.len() > MAX_PATTERNS {
            return Err(SearchError::Pattern(format!("give 1 to {MAX_PATTERNS} patterns")));
        }
        let mut builder = RegexMatcherBuilder::new();
        builder
            .case_insensitive(!query.is_case_sensitive)
            .fixed_strings(!query.is_regex)
            .line_terminator(Some(b'\n'))
            .multi_line(true)
            .nest_limit(MAX_NESTING)
            .size_limit(MAX_COMPILED_BYTES);
        let any = builder.build_many(patterns).map_err(|error| wrong(&error))?;
        let each = if patterns.len() == 1 { &[] } else { &patterns[..] };
        let each = each
            .iter()
            .map(|pattern| builder.build(pattern).map_err(|error| wrong(&error)));
        Ok(Self {
            any,
            each: each.collect::<Result<_, _>>()?,
        })
    }

    /// The first match of each pattern that matches in a line: number of the pattern, where.
    pub(crate) fn find_each(&self, line: &[u8]) -> impl Iterator<Item = (usize, Match)> {
        let each = if self.each.is_empty() {
            std::slice::from_ref(&self.any)
        } else {
            &self.each[..]
        };
        let found = each.iter().map(move |pattern| pattern.find(line));
        found
            .enumerate()
            .filter_map(|(number, found)| Some((number, found.ok()??)))
    }
}

fn wrong(error: &grep_regex::Error) -> SearchError {
    let text = error.to_string();
    SearchError::Pattern(if text.contains("size limit") {
        format!("{text}; write it with fewer or smaller repetitions, or search for less at once")
    } else {
        text
    })
}
