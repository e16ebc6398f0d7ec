//! Rules that match only where a second node of their kind has the same name beside it, such as duplicate definitions.
//!
//! Comparing each sibling with each takes quadratic time. A rule that says `metadata: {twins: FIELD}` claims that a node
//! can match only if another node that the rule looks at has the same parent and the same text in that field. Those are
//! found in one pass, and only they meet the rule: the findings are the same.

use std::collections::{HashMap, HashSet};

use syntax::Document;
use tree_sitter::Node;

use crate::plan::Plan;

/// For the rules of a plan that have twins, by their position, the nodes that may match.
pub(crate) struct Twins(HashMap<u16, HashSet<usize>>);

impl Twins {
    /// Among nodes of a document. `parent_of` tells nodes with different parents apart.
    pub fn among(
        plan: &Plan,
        document: &Document,
        nodes: &[Node<'_>],
        parent_of: impl Fn(Node<'_>) -> Option<usize>,
    ) -> Self {
        let mut found = HashMap::new();
        for (position, rule) in plan.rules.iter().enumerate() {
            if let Some(field) = &rule.twin_field {
                let position = position as u16;
                found.insert(
                    position,
                    twins(plan, position, field, document, nodes, &parent_of),
                );
            }
        }
        Self(found)
    }

    /// Whether a node may match the rule at a position of the plan.
    pub fn may_match(&self, position: u16, node: Node<'_>) -> bool {
        self.0
            .get(&position)
            .is_none_or(|nodes| nodes.contains(&node.id()))
    }
}

fn twins(
    plan: &Plan,
    position: u16,
    field: &str,
    document: &Document,
    nodes: &[Node<'_>],
    parent_of: impl Fn(Node<'_>) -> Option<usize>,
) -> HashSet<usize> {
    let mut by_name: HashMap<(Option<usize>, &str), Vec<usize>> = HashMap::new();
    for node in nodes {
        if !plan.for_kind(node.kind_id()).contains(&position) {
            continue;
        }
        if let Some(name) = node.child_by_field_name(field) {
            let text = document.source().get(name.byte_range()).unwrap_or_default();
            by_name
                .entry((parent_of(*node), text))
                .or_default()
                .push(node.id());
        }
    }
    by_name
        .into_values()
        .filter(|same| same.len() > 1)
        .flatten()
        .collect()
}
