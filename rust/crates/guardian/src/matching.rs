//! The rules of a plan against nodes of a document.

use std::sync::Arc;

use ast_grep_core::matcher::MatcherExt as _;
use syntax::{Document, NotChecked, Watch};
use tree_sitter::Node;

use crate::facts::Held;
use crate::finding::Finding;
use crate::plan::Plan;
use crate::report::finding_of;
use crate::rule::CompiledRule;
use crate::twins::Twins;

/// To look for words in a longer node costs more than to match it, for its parts are looked at, too.
const MAX_PREFILTERED_BYTES: usize = 2048;

/// Nodes that are matched between two looks at the watch.
const NODES_PER_LOOK: usize = 64;

/// One document and what it is held against.
pub(crate) struct Matching<'t> {
    pub path: &'t Arc<str>,
    pub document: &'t Document,
    pub plan: &'t Arc<Plan>,
    /// For each rule of the plan whether it can match in this source.
    pub possible: &'t [bool],
    /// Conditions of rules on the file are looked at elsewhere.
    pub is_in_parts: bool,
}

impl<'t> Matching<'t> {
    /// Match nodes with the rules that are wanted. Nodes with one parent are all of its children, or one.
    pub fn each(
        &self,
        nodes: &[Node<'t>],
        is_wanted: impl Fn(&CompiledRule) -> bool,
        watch: &Watch<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), NotChecked> {
        let twins = Twins::among(self.plan, self.document, nodes, |node| {
            node.parent().map(|node| node.id())
        });
        self.all(nodes, is_wanted, &twins, watch, findings)
    }

    /// The same for all children of one parent.
    pub fn siblings(
        &self,
        nodes: &[Node<'t>],
        is_wanted: impl Fn(&CompiledRule) -> bool,
        watch: &Watch<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), NotChecked> {
        let twins = Twins::among(self.plan, self.document, nodes, |_| None);
        self.all(nodes, is_wanted, &twins, watch, findings)
    }

    fn all(
        &self,
        nodes: &[Node<'t>],
        is_wanted: impl Fn(&CompiledRule) -> bool,
        twins: &Twins,
        watch: &Watch<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), NotChecked> {
        let wanted: Vec<bool> = self
            .plan
            .rules
            .iter()
            .zip(self.possible)
            .map(|(rule, is_possible)| *is_possible && is_wanted(rule))
            .collect();
        for (number, &node) in nodes.iter().enumerate() {
            if number % NODES_PER_LOOK == 0 {
                watch.check()?;
            }
            let text = self.short_text(node);
            for &position in self.plan.for_kind(node.kind_id()) {
                let rule = &self.plan.rules[usize::from(position)];
                let can_match = || text.is_none_or(|text| rule.own_need.is_possible(text));
                if !wanted[usize::from(position)] || !can_match() || !twins.may_match(position, node) {
                    continue;
                }
                let parts = rule.parts.as_ref().filter(|_| self.is_in_parts);
                let config = parts.map_or(&rule.config, |parts| &parts.near);
                if let Some(matched) = config.matcher.match_node(self.document.adopt(node)) {
                    findings.push(finding_of(self.path, rule, &matched));
                }
            }
        }
        Ok(())
    }

    /// Whether a rule that is wanted may match this node.
    pub fn is_met(&self, node: Node<'_>, is_wanted: impl Fn(&CompiledRule) -> bool) -> bool {
        let text = self.short_text(node);
        self.plan.for_kind(node.kind_id()).iter().any(|&position| {
            let rule = &self.plan.rules[usize::from(position)];
            is_wanted(rule) && text.is_none_or(|text| rule.own_need.is_possible(text))
        })
    }

    /// The name of a node that rules with twins look at.
    pub fn twin_name(&self, node: Node<'_>) -> Option<Box<str>> {
        let mut rules = self.plan.for_kind(node.kind_id()).iter();
        let field = rules.find_map(|&position| self.plan.rules[usize::from(position)].twin_field.as_ref())?;
        let name = node.child_by_field_name(field)?;
        self.document.source().get(name.byte_range()).map(Into::into)
    }

    /// The facts that rules ask of the file, among the nodes of a part of it. `top` is a child of the root.
    pub fn facts<'n>(
        &self,
        part: Node<'_>,
        nodes: impl Iterator<Item = &'n Node<'n>>,
        top: Option<Node<'_>>,
    ) -> Held {
        let mut held = Held::new();
        let text = self.document.source().as_bytes().get(part.byte_range());
        let possible = self.plan.facts.possible(text.unwrap_or_default());
        if possible.contains(&true) {
            for &node in nodes {
                let is_top = top.is_some_and(|top| top == node);
                let facts = &self.plan.facts;
                facts.add(
                    &self.plan.rules,
                    self.document,
                    node,
                    is_top,
                    &possible,
                    &mut held,
                );
            }
        }
        held
    }

    fn short_text(&self, node: Node<'_>) -> Option<&'t [u8]> {
        let text = self.document.source().as_bytes().get(node.byte_range());
        text.filter(|text| text.len() <= MAX_PREFILTERED_BYTES)
    }
}
