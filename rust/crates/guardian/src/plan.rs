//! The rules for files of one language, arranged so that each node meets only those that its kind can match.

use std::sync::Arc;

use ast_grep_core::Matcher;
use ast_grep_core::tree_sitter::LanguageExt;
use syntax::SupportLang;

use crate::facts::Facts;
use crate::prefilter::Prefilter;
use crate::rule::CompiledRule;

/// Made once for each language and choice of rules, then shared.
pub(crate) struct Plan {
    pub rules: Vec<Arc<CompiledRule>>,
    /// For each kind of node the positions in `rules`.
    by_kind: Vec<Vec<u16>>,
    is_comment: Vec<bool>,
    prefilter: Prefilter,
    /// Conditions of rules on the file.
    pub facts: Facts,
}

impl Plan {
    pub fn new(language: SupportLang, rules: Vec<Arc<CompiledRule>>) -> Self {
        let grammar = language.get_ts_language();
        let kinds = grammar.node_kind_count();
        let mut by_kind: Vec<Vec<u16>> = vec![Vec::new(); kinds + 1];
        for (position, rule) in rules.iter().enumerate() {
            for kind in &rule.config.matcher.potential_kinds().unwrap_or_default() {
                by_kind[kind.min(kinds)].push(position as u16); // the kind of errors is the largest number
            }
        }
        let is_comment = (0..kinds)
            .map(|kind| grammar.node_kind_for_id(kind as u16))
            .map(|name| name.is_some_and(|name| name.contains("comment")))
            .collect();
        Self {
            facts: Facts::new(&rules, kinds),
            prefilter: Prefilter::new(rules.iter().map(|rule| &rule.need)),
            rules,
            by_kind,
            is_comment,
        }
    }

    /// Positions of the rules that a node of this kind may match.
    pub fn for_kind(&self, kind: u16) -> &[u16] {
        let last = self.by_kind.len() - 1;
        &self.by_kind[usize::from(kind).min(last)]
    }

    pub fn is_comment(&self, kind: u16) -> bool {
        self.is_comment.get(usize::from(kind)).copied().unwrap_or(false)
    }

    /// For each rule whether it can match in this source.
    pub fn possible(&self, source: &str) -> Vec<bool> {
        self.prefilter.possible(source.as_bytes())
    }
}
