//! A source while it is walked: texts, places, shared names.

use std::collections::HashSet;
use std::sync::Arc;

use tree_sitter::Node;

use crate::facts::{Name, Place};

const MAX_TEXT_CHARS: usize = 160;

/// The text of a file and what is remembered of it.
pub(crate) struct Source<'s> {
    text: &'s str,
    names: HashSet<Name>,
    is_ascii: bool,
    // Columns count code points; the last count is continued, so that a long line costs one pass.
    last: (usize, usize, usize),
}

impl<'s> Source<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Self {
            text,
            names: HashSet::new(),
            is_ascii: text.is_ascii(),
            last: (usize::MAX, 0, 0),
        }
    }

    pub(crate) fn text(&self, node: Node<'_>) -> &'s str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    pub(crate) fn name(&mut self, node: Node<'_>) -> Name {
        self.intern(self.text(node))
    }

    pub(crate) fn intern(&mut self, text: &str) -> Name {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let name: Name = Arc::from(text);
        self.names.insert(Arc::clone(&name));
        name
    }

    pub(crate) fn place(&mut self, node: Node<'_>) -> Place {
        self.between(node, node)
    }

    pub(crate) fn between(&mut self, first: Node<'_>, last: Node<'_>) -> Place {
        let (start, end) = (first.start_position(), last.end_position());
        Place {
            start_line: start.row as u32,
            start_column: self.column(start.row, first.start_byte(), start.column),
            end_line: end.row as u32,
            end_column: self.column(end.row, last.end_byte(), end.column),
        }
    }

    fn column(&mut self, row: usize, byte: usize, column_bytes: usize) -> u32 {
        if self.is_ascii {
            return column_bytes as u32;
        }
        let (last_row, last_byte, last_column) = self.last;
        let (from, before) = if last_row == row && last_byte <= byte {
            (last_byte, last_column)
        } else {
            (byte.saturating_sub(column_bytes), 0)
        };
        let text = self.text.get(from..byte).unwrap_or_default();
        let column = before + text.chars().count();
        self.last = (row, byte, column);
        column as u32
    }

    /// A text in one line, cut.
    pub(crate) fn line(&self, node: Node<'_>) -> String {
        let words: Vec<&str> = self.text(node).split_whitespace().take(80).collect();
        syntax::shorten(&words.join(" "), MAX_TEXT_CHARS)
    }
}

/// The named children, comments left out.
pub(crate) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    let all = node.named_children(&mut cursor);
    all.filter(|child| child.kind() != "comment").collect()
}

/// The children of a field.
pub(crate) fn fields<'t>(node: Node<'t>, field: &str) -> Vec<Node<'t>> {
    let mut cursor = node.walk();
    node.children_by_field_name(field, &mut cursor).collect()
}
