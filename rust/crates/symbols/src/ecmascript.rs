//! Imports of JavaScript and TypeScript.

use syntax::Span;

use crate::import::{Import, Node, literal};

pub(crate) fn collect(node: &Node<'_>, found: &mut Vec<Import>) {
    match &*node.kind() {
        "import_statement" | "export_statement" => statement(node, found),
        "call_expression" => call(node, found),
        _ => {}
    }
}

fn statement(node: &Node<'_>, found: &mut Vec<Import>) {
    let required = node
        .children()
        .find(|child| child.kind() == "import_require_clause");
    let source = node
        .field("source")
        .or_else(|| required.and_then(|clause| clause.field("source")));
    let Some(module) = source.and_then(|source| literal(&source)) else {
        return;
    };
    let mut names = Vec::new();
    for child in node.named_children() {
        match &*child.kind() {
            "import_clause" => clause_names(&child, &mut names),
            "export_clause" => specifier_names(&child, &mut names),
            "namespace_export" => names.push("*".to_owned()),
            _ => {}
        }
    }
    let is_whole = node.kind() == "export_statement" && node.children().any(|child| child.kind() == "*");
    if is_whole {
        names.push("*".to_owned());
    }
    // `import type` leaves nothing behind at run time.
    let is_guarded = node.children().any(|child| child.kind() == "type");
    found.push(Import {
        module,
        level: 0,
        names,
        span: Span::of(node),
        is_guarded,
    });
}

fn clause_names(clause: &Node<'_>, names: &mut Vec<String>) {
    for child in clause.named_children() {
        match &*child.kind() {
            "identifier" => names.push("default".to_owned()),
            "namespace_import" => names.push("*".to_owned()),
            "named_imports" => specifier_names(&child, names),
            _ => {}
        }
    }
}

fn specifier_names(list: &Node<'_>, names: &mut Vec<String>) {
    let specifiers = list
        .named_children()
        .filter_map(|specifier| specifier.field("name"));
    names.extend(specifiers.map(|name| name.text().trim_matches(['"', '\'']).to_owned()));
}

fn call(node: &Node<'_>, found: &mut Vec<Import>) {
    let Some(function) = node.field("function") else {
        return;
    };
    let name = function.text();
    let is_dynamic = function.kind() == "import";
    if !is_dynamic && name != "require" && name != "require.resolve" {
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
    let is_guarded = is_dynamic || name == "require.resolve" || is_in_try(node);
    found.push(Import {
        module,
        level: 0,
        names: Vec::new(),
        span: Span::of(node),
        is_guarded,
    });
}

fn is_in_try(node: &Node<'_>) -> bool {
    let mut inner = node.clone();
    while let Some(outer) = inner.parent() {
        if outer.kind() == "try_statement" {
            let has_handler = outer.field("handler").is_some();
            return has_handler && inner.kind() == "statement_block";
        }
        inner = outer;
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::imports;

    fn shown(source: &str) -> Vec<String> {
        let found = imports("a.ts", source.as_bytes()).unwrap().unwrap();
        let guard = |is_guarded| if is_guarded { "?" } else { "" };
        let show =
            |one: &crate::Import| format!("{}[{}]{}", one.module, one.names.join(","), guard(one.is_guarded));
        found.iter().map(show).collect()
    }

    #[test]
    fn statements() {
        assert_eq!(
            shown("import 'a'; import b, {c as d, e} from \"./b\";"),
            ["a[]", "./b[default,c,e]"]
        );
        assert_eq!(
            shown("import * as a from 'a'; export {b} from 'b'; export * from 'c';"),
            ["a[*]", "b[b]", "c[*]"]
        );
        assert_eq!(
            shown("import type {A} from 'a'; import b = require('b');"),
            ["a[A]?", "b[]"]
        );
        assert_eq!(shown("export * as ns from 'n'; export const x = 1;"), ["n[*]"]);
    }

    #[test]
    fn calls() {
        assert_eq!(
            shown("const a = require('a'); await import('b'); require(c);"),
            ["a[]", "b[]?"]
        );
        assert_eq!(
            shown("try { require('a') } catch { require('b') }"),
            ["a[]?", "b[]"]
        );
        assert!(shown("const s = \"import 'a'\"; // require('b')").is_empty());
    }

    #[test]
    fn plain_javascript_too() {
        assert_eq!(imports("a.mjs", b"import x from 'x'").unwrap().unwrap().len(), 1);
    }
}
