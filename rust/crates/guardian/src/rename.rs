//! Renaming an identifier in one file, by name alone.

use ast_grep_core::Node;
use ast_grep_core::tree_sitter::StrDoc;
use syntax::SupportLang;

use crate::error::GuardianError;

/// Kinds of identifier nodes whose names do not end in "identifier".
const OTHER_KINDS: [&str; 4] = [
    "shorthand_property_identifier_pattern",
    "constant",
    "variable_name",
    "name",
];

/// A file with the new name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The new source.
    pub source: Vec<u8>,
    /// How many places changed.
    pub count: usize,
    /// The new name was an identifier in this file before.
    pub has_new_name: bool,
}

/// Rename identifiers that equal `old`, in Python also strings in `__all__`. None when the language is unknown.
pub fn rename_identifier(
    path: &str,
    source: &[u8],
    old: &str,
    new: &str,
) -> Result<Option<Rename>, GuardianError> {
    for name in [old, new] {
        if !is_identifier(name) {
            return Err(GuardianError::Identifier(name.to_owned()));
        }
    }
    let Some(language) = syntax::language_of(path) else {
        return Ok(None);
    };
    let document = syntax::parse_bytes(source, language).map_err(|reason| GuardianError::Source {
        path: path.to_owned(),
        reason,
    })?;
    let mut rename = Rename {
        source: Vec::with_capacity(source.len()),
        count: 0,
        has_new_name: false,
    };
    let mut position = 0;
    for node in document.root().dfs().filter(|node| is_name_node(node, language)) {
        let text = node.text();
        rename.has_new_name |= text == new;
        if text == old {
            let range = node.range();
            rename.source.extend_from_slice(&source[position..range.start]);
            rename.source.extend_from_slice(new.as_bytes());
            position = range.end;
            rename.count += 1;
        }
    }
    rename.source.extend_from_slice(&source[position..]);
    Ok(Some(rename))
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.trim_start_matches('#').chars();
    let is_start = |character: char| character.is_alphabetic() || character == '_' || character == '$';
    characters.next().is_some_and(is_start) && characters.all(|next| is_start(next) || next.is_numeric())
}

fn is_name_node(node: &Node<'_, StrDoc<SupportLang>>, language: SupportLang) -> bool {
    if !node.is_named() || !node.is_leaf() {
        return false;
    }
    let kind = node.kind();
    kind.ends_with("identifier")
        || OTHER_KINDS.contains(&&*kind)
        || (language == SupportLang::Python && kind == "string_content" && is_exported_name(node))
}

/// Whether a string stands in the list or tuple of `__all__` (assigned, added, appended or extended).
fn is_exported_name(content: &Node<'_, StrDoc<SupportLang>>) -> bool {
    let mut node = content.parent();
    for _ in 0..4 {
        let Some(current) = node else { return false };
        let target = match &*current.kind() {
            "assignment" | "augmented_assignment" => current.field("left"),
            "call" => current
                .field("function")
                .and_then(|function| function.field("object")),
            "string" | "list" | "tuple" | "argument_list" | "binary_operator" | "expression_list" => None,
            _ => return false,
        };
        if let Some(target) = target {
            return target.text() == "__all__";
        }
        node = current.parent();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(path: &str, source: &str) -> (String, usize, bool) {
        let rename = rename_identifier(path, source.as_bytes(), "old", "new")
            .unwrap()
            .unwrap();
        (
            String::from_utf8(rename.source).unwrap(),
            rename.count,
            rename.has_new_name,
        )
    }

    #[test]
    fn identifiers_change_and_text_stays() {
        let source = "from a import old\n# old\nx = 'old' + f'{old} old' + older + b.old(old=1)\n";
        let wanted = "from a import new\n# old\nx = 'old' + f'{new} old' + older + b.new(new=1)\n";
        assert_eq!(renamed("a.py", source), (wanted.to_owned(), 4, false));
    }

    #[test]
    fn exported_names_change() {
        let source = "__all__ = ['old', 'x']\n__all__ += ('old',)\n__all__.append('old')\nother = ['old']\n";
        let wanted = "__all__ = ['new', 'x']\n__all__ += ('new',)\n__all__.append('new')\nother = ['old']\n";
        assert_eq!(renamed("a.py", source), (wanted.to_owned(), 3, false));
    }

    #[test]
    fn typescript_types_and_properties_change() {
        let source = "type old = {old: number}; const {old} = f<old>(this.old); new;";
        assert_eq!(renamed("a.ts", source).1, 5);
        assert!(!renamed("a.ts", "const a = new Map(), b = old; let c = newer").2);
    }

    #[test]
    fn an_existing_new_name_is_told() {
        assert!(renamed("a.py", "old = 1\nnew = 2\n").2);
    }

    #[test]
    fn wrong_names_are_refused_and_unknown_languages_are_none() {
        assert!(rename_identifier("a.py", b"", "old", "new name").is_err());
        assert!(rename_identifier("a.py", b"", "", "x").is_err());
        assert_eq!(rename_identifier("a.unknown", b"", "old", "new").unwrap(), None);
    }
}
