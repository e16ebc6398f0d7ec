//! One pass over a tree, which also sees whether it is too deep to be searched.

use tree_sitter::Node;

use crate::watch::Watch;
use crate::{Document, NotChecked};

/// Deeper trees are not searched.
pub const MAX_DEPTH: usize = 3_000;

/// Nor are trees whose nodes are together this far from their root. Relational rules walk from a node to the root, so
/// this is what a rule can cost; large real files stay below a fifth of it.
const MAX_PATH_LENGTH: usize = 50_000_000;

/// Nodes between two looks at the watch.
const NODES_PER_LOOK: usize = 4096;

/// How large a part of a tree is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    node_count: usize,
    /// Levels below its top.
    deepest: usize,
    /// The sum of the levels of its nodes.
    path_length: usize,
}

impl Extent {
    /// One more node, so many levels below the top. An error when the whole is too deep.
    pub fn add(&mut self, depth: usize) -> Result<(), NotChecked> {
        self.node_count += 1;
        self.deepest = self.deepest.max(depth);
        self.path_length += depth;
        self.check()
    }

    /// A part whose top is so many levels below the top. An error when the whole is too deep.
    pub fn add_part(&mut self, part: &Self, depth: usize) -> Result<(), NotChecked> {
        self.node_count += part.node_count;
        self.deepest = self.deepest.max(part.deepest + depth);
        self.path_length += part.path_length + part.node_count * depth;
        self.check()
    }

    fn check(&self) -> Result<(), NotChecked> {
        if self.deepest > MAX_DEPTH || self.path_length > MAX_PATH_LENGTH {
            return Err(NotChecked::TooDeep);
        }
        Ok(())
    }
}

/// Show every node, parents before children, in the order of the source.
pub fn visit<'t>(
    document: &'t Document,
    watch: &Watch<'_>,
    see: impl FnMut(Node<'t>),
) -> Result<(), NotChecked> {
    visit_below(document.root().get_inner_node(), watch, see).map(|_| ())
}

/// The same for a node and what is in it.
pub fn visit_below<'t>(
    top: Node<'t>,
    watch: &Watch<'_>,
    mut see: impl FnMut(Node<'t>),
) -> Result<Extent, NotChecked> {
    let mut cursor = top.walk();
    let (mut depth, mut extent) = (0_usize, Extent::default());
    loop {
        see(cursor.node());
        extent.add(depth)?;
        if extent.node_count.is_multiple_of(NODES_PER_LOOK) {
            watch.check()?;
        }
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Ok(extent);
            }
            depth -= 1;
        }
    }
}
