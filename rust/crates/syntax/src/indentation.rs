//! Wrong indentation in Python, which its grammar lets pass: a body that is missing, a line too far in or out.

use tree_sitter::Node;

use crate::Document;

/// The first place: a node there, and what is wrong.
pub(crate) fn indentation_error(document: &Document) -> Option<(Node<'_>, &'static str)> {
    let mut cursor = document.root().get_inner_node().walk();
    loop {
        let node = cursor.node();
        let found = match node.kind() {
            "module" => check_lines(document, node, true),
            "block" => check_lines(document, node, false),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        if holds_statements(node) && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}

/// Expressions hold no blocks; leaving them out makes this a walk over statements alone.
fn holds_statements(node: Node<'_>) -> bool {
    let kind = node.kind();
    ["module", "block", "statement", "definition", "clause"]
        .iter()
        .any(|end| kind.ends_with(end))
}

fn check_lines<'t>(
    document: &'t Document,
    block: Node<'t>,
    is_module: bool,
) -> Option<(Node<'t>, &'static str)> {
    let mut cursor = block.walk();
    let mut expected = is_module.then_some("");
    let mut is_empty = true;
    for statement in block.children(&mut cursor) {
        if !statement.is_named() || statement.is_extra() {
            continue;
        }
        is_empty = false;
        let Some(indent) = indent_of(document.source(), statement) else {
            continue; // behind something else on its line
        };
        match expected {
            None => expected = Some(indent),
            Some(expected) if expected != indent => return Some((statement, "Unexpected indentation")),
            Some(_) => {}
        }
    }
    (is_empty && !is_module).then_some((block, "Expected an indented block"))
}

/// The blanks before a statement that is the first on its line.
fn indent_of<'s>(source: &'s str, statement: Node<'_>) -> Option<&'s str> {
    let start = statement.start_byte();
    let line = source.get(start.checked_sub(statement.start_position().column)?..start)?;
    let line = line.trim_start_matches(['\u{feff}', '\u{c}']);
    line.chars()
        .all(|char| char == ' ' || char == '\t')
        .then_some(line)
}
