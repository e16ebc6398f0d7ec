//! Imports of one file.

use ast_grep_core::Node as AstNode;
use ast_grep_core::tree_sitter::StrDoc;
use syntax::{NotChecked, Span, SupportLang};

use crate::{ecmascript, python};

pub(crate) type Node<'r> = AstNode<'r, StrDoc<SupportLang>>;

/// One imported module as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// `a.b`, empty for `from . import x`; for JavaScript the specifier.
    pub module: String,
    /// Leading dots of a relative Python import.
    pub level: usize,
    /// Names taken from the module; `*` for all, `default` for the default export; empty for a plain import.
    pub names: Vec<String>,
    /// The clause of a plain Python import, else the whole statement or call.
    pub span: Span,
    /// The program can live without the module: it is imported for types only, dynamically, or its lack is caught.
    pub is_guarded: bool,
}

/// Imports in the order of the source; None for languages without this knowledge.
pub fn imports(path: &str, source: &[u8]) -> Result<Option<Vec<Import>>, NotChecked> {
    let Some(language) = syntax::language_of(path) else {
        return Ok(None);
    };
    let collect = match language {
        SupportLang::Python => python::collect,
        SupportLang::JavaScript | SupportLang::TypeScript | SupportLang::Tsx => ecmascript::collect,
        _ => return Ok(None),
    };
    let document = syntax::parse_bytes(source, language)?;
    let mut found = Vec::new();
    for node in document.root().dfs() {
        collect(&node, &mut found);
    }
    Ok(Some(found))
}

/// The text of a string literal without interpolation or escapes; None for anything else.
pub(crate) fn literal(node: &Node<'_>) -> Option<String> {
    if node.kind() != "string" {
        return None;
    }
    let parts: Vec<_> = node
        .named_children()
        .map(|part| (part.kind().into_owned(), part.text()))
        .collect();
    let is_content = |kind: &str| kind == "string_content" || kind == "string_fragment";
    let is_delimiter = |kind: &str| kind == "string_start" || kind == "string_end";
    let mut text = String::new();
    for (kind, part) in parts {
        if is_content(&kind) {
            text.push_str(&part);
        } else if !is_delimiter(&kind) {
            return None;
        }
    }
    Some(text)
}
