//! Parse errors: where the grammar did not go on, and what was missing.

use tree_sitter::Node;

use crate::indentation::indentation_error;
use crate::span::shorten;
use crate::{Document, Span};

/// No more than this many are reported for a file.
pub const MAX_SYNTAX_ERRORS: usize = 20;

const MAX_TEXT_CHARS: usize = 40;

/// One place where the source does not follow its grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong there, as a sentence.
    pub message: String,
}

/// Error nodes (the outermost) and missing nodes in the order of the source.
pub fn syntax_errors(document: &Document) -> Vec<SyntaxError> {
    let root = document.root();
    let tree_root = root.get_inner_node();
    let mut found = Vec::new();
    if !tree_root.has_error() {
        found.extend(indentation_error(document));
        return found;
    }
    let mut cursor = tree_root.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            found.push(describe(document, node));
            if found.len() == MAX_SYNTAX_ERRORS {
                return found;
            }
        } else if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

fn describe(document: &Document, node: Node<'_>) -> SyntaxError {
    let adopted = document.adopt(node);
    let message = if node.is_missing() {
        format!("Missing `{}`", node.kind())
    } else {
        let text = adopted.text();
        let line = text.trim_start().lines().next().unwrap_or_default();
        if line.is_empty() {
            "Unexpected end".to_owned()
        } else {
            format!("Unexpected `{}`", shorten(line, MAX_TEXT_CHARS))
        }
    };
    SyntaxError {
        span: Span::of(&adopted),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SupportLang, parse};

    fn messages(source: &str, language: SupportLang) -> Vec<String> {
        let document = parse(source, language).unwrap();
        syntax_errors(&document)
            .into_iter()
            .map(|error| error.message)
            .collect()
    }

    #[test]
    fn valid_sources_have_none() {
        assert!(messages("def f(a, *, b=1):\n    return a\n", SupportLang::Python).is_empty());
        assert!(messages("const a: number = 1;\n", SupportLang::TypeScript).is_empty());
    }

    #[test]
    fn broken_sources_have_some() {
        assert!(!messages("def f(:\n    return\n", SupportLang::Python).is_empty());
        assert!(!messages("function f( { return 1 }", SupportLang::JavaScript).is_empty());
        assert_eq!(messages("f(1;\n", SupportLang::JavaScript).len(), 1);
    }

    #[test]
    fn wrong_indentation_of_python_is_an_error() {
        let error = |source: &str| messages(source, SupportLang::Python).pop();
        let body = "Expected an indented block".to_owned();
        let line = "Unexpected indentation".to_owned();
        assert_eq!(error("def f():\n\nx = 1\n"), Some(body.clone()));
        assert_eq!(error("class A:\n    def f(self):\n    x = 1\n"), Some(body));
        assert_eq!(error("if a:\n    x = 1\n  y = 2\nz = 3\n"), Some(line.clone()));
        assert_eq!(error("x = 1\n    y = 2\n"), Some(line));
        let fine = "\u{feff}x = 1; y = 2\nif a: b\nelse:\n\tc = (1,\n2)\n\t# d\n# e\n\tf = 1\nmatch x:\n case 1:\n  pass\n";
        assert_eq!(error(fine), None);
    }

    #[test]
    fn a_missing_body_is_told_where_python_tells_it() {
        let line = |source: &str| {
            let document = parse(source, SupportLang::Python).unwrap();
            syntax_errors(&document)[0].span.start_line
        };
        assert_eq!(line("def f():\n\nx = 1\n"), 2);
        assert_eq!(
            line("class A:\n    def f(self):\n        # later\n    def g(self):\n        pass\n"),
            3
        );
        assert_eq!(line("if a:\n    for b in c:\nelse:\n    pass\n"), 2);
        assert_eq!(line("x = 1\ndef f():\n"), 1);
    }

    #[test]
    fn the_number_is_capped() {
        let found = messages(&"x = )\n".repeat(500), SupportLang::Python);
        assert!(!found.is_empty() && found.len() <= MAX_SYNTAX_ERRORS);
    }
}
