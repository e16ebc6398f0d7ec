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

/// Show every node, parents before children, in the order of the source.
pub fn visit<'t>(
    document: &'t Document,
    watch: &Watch<'_>,
    mut see: impl FnMut(Node<'t>),
) -> Result<(), NotChecked> {
    let root = document.root().get_inner_node();
    let mut cursor = root.walk();
    let (mut depth, mut path_length, mut seen) = (0_usize, 0_usize, 0_usize);
    loop {
        see(cursor.node());
        path_length += depth;
        seen += 1;
        if depth > MAX_DEPTH || path_length > MAX_PATH_LENGTH {
            return Err(NotChecked::TooDeep);
        }
        if seen.is_multiple_of(NODES_PER_LOOK) {
            watch.check()?;
        }
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Ok(());
            }
            depth -= 1;
        }
    }
}
