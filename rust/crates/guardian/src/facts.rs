//! The conditions on the whole file that the rules of a plan have, and which of them hold in a part of a file.

use std::sync::Arc;

use ast_grep_core::Matcher as _;
use ast_grep_core::matcher::MatcherExt as _;
use syntax::Document;
use tree_sitter::Node;

use crate::file_fact::FileFact;
use crate::finding::Finding;
use crate::prefilter::Prefilter;
use crate::rule::CompiledRule;

/// The numbers of the facts that a part of a file has.
pub(crate) type Held = Vec<u16>;

/// All facts that the rules of a plan ask for.
pub(crate) struct Facts {
    /// The rule, by its position, and the place of the fact in it.
    asked: Vec<(usize, usize)>,
    /// For each kind of node the facts that it may be.
    by_kind: Vec<Vec<u16>>,
    prefilter: Prefilter,
}

impl Facts {
    /// `kind_count` is that of the grammar.
    pub fn new(rules: &[Arc<CompiledRule>], kind_count: usize) -> Self {
        let mut asked = Vec::new();
        let mut by_kind = vec![Vec::new(); kind_count + 1];
        for (position, rule) in rules.iter().enumerate() {
            for (place, fact) in facts_of(rule).iter().enumerate() {
                for kind in &fact.matcher.potential_kinds().unwrap_or_default() {
                    by_kind[kind.min(kind_count)].push(asked.len() as u16);
                }
                asked.push((position, place));
            }
        }
        let needs = asked
            .iter()
            .map(|&(rule, place)| &facts_of(&rules[rule])[place].need);
        Self {
            prefilter: Prefilter::new(needs),
            asked,
            by_kind,
        }
    }

    /// Which facts the text of a part may hold.
    pub fn possible(&self, text: &[u8]) -> Vec<bool> {
        if self.asked.is_empty() {
            return Vec::new();
        }
        self.prefilter.possible(text)
    }

    /// Add the facts that a node is. `is_top`: it is a child of the root.
    pub fn add(
        &self,
        rules: &[Arc<CompiledRule>],
        document: &Document,
        node: Node<'_>,
        is_top: bool,
        possible: &[bool],
        held: &mut Held,
    ) {
        let last = self.by_kind.len() - 1;
        for &number in &self.by_kind[usize::from(node.kind_id()).min(last)] {
            let (rule, place) = self.asked[usize::from(number)];
            let fact = &facts_of(&rules[rule])[place];
            if possible[usize::from(number)]
                && (fact.is_deep || is_top)
                && !held.contains(&number)
                && fact.matcher.match_node(document.adopt(node)).is_some()
            {
                held.push(number);
            }
        }
    }

    /// Take out the findings of rules whose conditions do not hold in a file that has these facts.
    pub fn sift<'h>(
        &self,
        rules: &[Arc<CompiledRule>],
        held: impl Iterator<Item = &'h u16>,
        findings: &mut Vec<Finding>,
    ) {
        let mut is_held = vec![false; self.asked.len()];
        held.for_each(|&number| is_held[usize::from(number)] = true);
        let asked = self.asked.iter().zip(&is_held);
        let silent: Vec<_> = asked
            .filter(|&(&(rule, place), is_held)| facts_of(&rules[rule])[place].is_wanted != *is_held)
            .map(|(&(rule, _), _)| &rules[rule].rule_id)
            .collect();
        if !silent.is_empty() {
            findings.retain(|finding| !silent.iter().any(|rule| Arc::ptr_eq(rule, &finding.rule_id)));
        }
    }
}

fn facts_of(rule: &CompiledRule) -> &[FileFact] {
    rule.parts
        .as_ref()
        .map(|parts| &parts.facts[..])
        .unwrap_or_default()
}
