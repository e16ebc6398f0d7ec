//! Wrong indentation in Python, which its grammar lets pass: a body that is missing, a line too far in or out.

use tree_sitter::Node;

use crate::{Document, Span, SupportLang, SyntaxError};

/// The first place in a whole document.
pub(crate) fn indentation_error(document: &Document) -> Option<SyntaxError> {
    if *document.lang() != SupportLang::Python {
        return None;
    }
    let root = document.root().get_inner_node();
    top_indentation_error(document).or_else(|| indentation_error_below(document, root))
}

/// A statement at the top of a document that is too far in.
pub fn top_indentation_error(document: &Document) -> Option<SyntaxError> {
    if *document.lang() != SupportLang::Python {
        return None;
    }
    check_lines(document, document.root().get_inner_node(), true)
}

/// The first place in the bodies below a node.
pub fn indentation_error_below(document: &Document, top: Node<'_>) -> Option<SyntaxError> {
    if *document.lang() != SupportLang::Python {
        return None;
    }
    let mut cursor = top.walk();
    loop {
        let node = cursor.node();
        if node.kind() == "block"
            && let Some(error) = check_lines(document, node, false)
        {
            return Some(error);
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

fn check_lines(document: &Document, block: Node<'_>, is_module: bool) -> Option<SyntaxError> {
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
            Some(expected) if expected != indent => {
                return Some(error_at(document, statement, "Unexpected indentation"));
            }
            Some(_) => {}
        }
    }
    (is_empty && !is_module).then(|| {
        // Where Python notices it: at what stands there instead.
        let instead = following(block).unwrap_or(block);
        error_at(document, instead, "Expected an indented block")
    })
}

fn error_at(document: &Document, node: Node<'_>, message: &str) -> SyntaxError {
    SyntaxError {
        span: Span::of(&document.adopt(node)),
        message: message.to_owned(),
    }
}

/// The next statement behind a node, comments left out.
fn following(node: Node<'_>) -> Option<Node<'_>> {
    let mut around = node;
    loop {
        let mut beside = around;
        while let Some(next) = beside.next_named_sibling() {
            if !next.is_extra() {
                return Some(next);
            }
            beside = next;
        }
        around = around.parent()?;
    }
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
