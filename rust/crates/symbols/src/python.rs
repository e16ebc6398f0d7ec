//! Imports of Python.

use syntax::Span;

use crate::import::{Import, Node, literal};

/// Calls that import the module that their first argument names.
const DYNAMIC_CALLS: [&str; 5] = [
    "__import__",
    "importlib.import_module",
    "import_module",
    "pytest.importorskip",
    "importorskip",
];

/// Exceptions whose handler says that a missing module is expected.
const CAUGHT: [&str; 4] = ["ImportError", "ModuleNotFoundError", "Exception", "BaseException"];

pub(crate) fn collect(node: &Node<'_>, found: &mut Vec<Import>) {
    match &*node.kind() {
        "import_statement" => plain(node, found),
        "import_from_statement" | "future_import_statement" => from(node, found),
        "call" => dynamic(node, found),
        _ => {}
    }
}

fn plain(node: &Node<'_>, found: &mut Vec<Import>) {
    let is_guarded = is_guarded(node);
    for clause in node.field_children("name") {
        found.push(Import {
            module: imported_name(&clause),
            level: 0,
            names: Vec::new(),
            span: Span::of(&clause),
            is_guarded,
        });
    }
}

fn from(node: &Node<'_>, found: &mut Vec<Import>) {
    let (module, level) = match node.field("module_name") {
        None => ("__future__".to_owned(), 0),
        Some(name) => split_relative(&name.text()),
    };
    let mut names: Vec<_> = node
        .field_children("name")
        .map(|name| imported_name(&name))
        .collect();
    if node.children().any(|child| child.kind() == "wildcard_import") {
        names.push("*".to_owned());
    }
    found.push(Import {
        module,
        level,
        names,
        span: Span::of(node),
        is_guarded: is_guarded(node),
    });
}

/// `..a.b` to (`a.b`, 2). White space may stand between the dots.
fn split_relative(text: &str) -> (String, usize) {
    let text: String = text
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect();
    let module = text.trim_start_matches('.');
    (module.to_owned(), text.len() - module.len())
}

/// The name before `as`.
fn imported_name(node: &Node<'_>) -> String {
    let name = if node.kind() == "aliased_import" {
        node.field("name")
    } else {
        None
    };
    let text = name.as_ref().unwrap_or(node).text();
    text.chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}

fn dynamic(node: &Node<'_>, found: &mut Vec<Import>) {
    let Some(function) = node.field("function") else {
        return;
    };
    if !DYNAMIC_CALLS.contains(&&*function.text()) {
        return;
    }
    let Some(arguments) = node.field("arguments") else {
        return;
    };
    let Some(module) = arguments
        .named_children()
        .next()
        .and_then(|first| literal(&first))
    else {
        return;
    };
    let (module, level) = split_relative(&module);
    found.push(Import {
        module,
        level,
        names: Vec::new(),
        span: Span::of(node),
        is_guarded: true,
    });
}

fn is_guarded(node: &Node<'_>) -> bool {
    let mut inner = node.clone();
    while let Some(outer) = inner.parent() {
        let is_guard = match &*outer.kind() {
            // A function body runs when it is called, not where it is written.
            "function_definition" | "lambda" => return false,
            "try_statement" => has_import_handler(&outer) && !is_else_part(&inner),
            "if_statement" => is_type_checking(&outer) && inner.kind() == "block",
            "with_statement" => suppresses(&outer),
            _ => false,
        };
        if is_guard {
            return true;
        }
        inner = outer;
    }
    false
}

fn is_else_part(node: &Node<'_>) -> bool {
    matches!(&*node.kind(), "else_clause" | "finally_clause")
}

fn has_import_handler(node: &Node<'_>) -> bool {
    let mut handlers = node.children().filter(|child| child.kind().starts_with("except"));
    handlers.any(|handler| {
        let mut parts = handler.named_children().filter(|part| part.kind() != "comment");
        match parts.next() {
            Some(caught) if caught.kind() != "block" => mentions_import_error(&caught.text()),
            _ => true, // a bare `except:`
        }
    })
}

fn mentions_import_error(text: &str) -> bool {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
        .any(|word| CAUGHT.contains(&word))
}

fn is_type_checking(node: &Node<'_>) -> bool {
    let Some(condition) = node.field("condition") else {
        return false;
    };
    matches!(
        &*condition.text(),
        "TYPE_CHECKING" | "typing.TYPE_CHECKING" | "t.TYPE_CHECKING"
    )
}

fn suppresses(node: &Node<'_>) -> bool {
    let Some(clause) = node.children().find(|child| child.kind() == "with_clause") else {
        return false;
    };
    let text = clause.text();
    text.contains("suppress(") && mentions_import_error(&text)
}

#[cfg(test)]
mod tests {
    use crate::imports;

    fn shown(source: &str) -> Vec<String> {
        let found = imports("a.py", source.as_bytes()).unwrap().unwrap();
        let guard = |is_guarded| if is_guarded { "?" } else { "" };
        let show = |one: &crate::Import| {
            format!(
                "{}{}[{}]{}",
                ".".repeat(one.level),
                one.module,
                one.names.join(","),
                guard(one.is_guarded)
            )
        };
        found.iter().map(show).collect()
    }

    #[test]
    fn statements() {
        assert_eq!(shown("import a.b, c as d\n"), ["a.b[]", "c[]"]);
        assert_eq!(shown("from a import (b as c, d,)\n"), ["a[b,d]"]);
        assert_eq!(
            shown("from . import x\nfrom ..a.b import *\n"),
            [".[x]", "..a.b[*]"]
        );
        assert_eq!(
            shown("from __future__ import annotations\n"),
            ["__future__[annotations]"]
        );
        assert_eq!(
            shown("import importlib\nm = importlib.import_module('x.y')\n"),
            ["importlib[]", "x.y[]?"]
        );
        assert!(shown("text = 'import a'\n# import b\n__import__(name)\n").is_empty());
    }

    #[test]
    fn guards() {
        assert_eq!(
            shown("try:\n    import a\nexcept ImportError:\n    import b\n"),
            ["a[]?", "b[]?"]
        );
        assert_eq!(
            shown("try:\n    import a\nexcept (OSError, ModuleNotFoundError) as e:\n    pass\n"),
            ["a[]?"]
        );
        assert_eq!(
            shown("try:\n    import a\nexcept:\n    pass\nelse:\n    import b\n"),
            ["a[]?", "b[]"]
        );
        assert_eq!(shown("try:\n    import a\nexcept OSError:\n    pass\n"), ["a[]"]);
        assert_eq!(
            shown("if TYPE_CHECKING:\n    from a import b\nelse:\n    import c\n"),
            ["a[b]?", "c[]"]
        );
        assert_eq!(
            shown("with contextlib.suppress(ImportError):\n    import a\n"),
            ["a[]?"]
        );
        assert_eq!(shown("def f():\n    import a\n"), ["a[]"]);
    }

    #[test]
    fn other_languages_are_not_known() {
        assert_eq!(imports("a.go", b"import \"fmt\"").unwrap(), None);
        assert!(imports("a.py", b"\xff").is_err());
    }
}
