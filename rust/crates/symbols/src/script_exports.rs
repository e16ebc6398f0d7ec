//! What a script exports: statements of ES modules, and plain assignments to `module.exports`.

use tree_sitter::Node;

use crate::facts::Name;
use crate::scopes::MODULE;
use crate::script_facts::{Here, Walker};
use crate::script_signature::{string_text, unchained};
use crate::source::{children, fields};

/// An `export` statement.
pub(crate) fn export(walker: &mut Walker<'_>, node: Node<'_>, here: Here) {
    if here.is_nested || here.scope != MODULE {
        return walker.all(node, here);
    }
    let mut cursor = node.walk();
    let tokens: Vec<_> = node.children(&mut cursor).collect();
    let has = |kind: &str| tokens.iter().any(|token| token.kind() == kind);
    if has("=") || has("import_alias") || has("import") {
        walker.facts.is_dynamic = true; // `export = x`
        return walker.all(node, here);
    }
    let from = node
        .child_by_field_name("source")
        .map(|source| string_text(source, &mut walker.source));
    if has("default") {
        return default(walker, node, here);
    }
    let parts = children(node);
    if let Some(from) = &from {
        if let Some(namespace) = parts.iter().find(|part| part.kind() == "namespace_export") {
            let name = children(*namespace).first().map(|name| walker.source.text(*name));
            let name = walker
                .source
                .intern(name.unwrap_or("*").trim_matches(['"', '\'']));
            let whole = walker.source.intern("*");
            walker.add_export(name, Some(whole), Some(from.clone()), node);
        } else if has("*") {
            let whole = walker.source.intern("*");
            walker.add_export(whole, None, Some(from.clone()), node);
        }
    }
    for clause in parts.iter().filter(|part| part.kind() == "export_clause") {
        specifiers(walker, *clause, from.as_ref(), here);
    }
    if let Some(declaration) = node.child_by_field_name("declaration") {
        declared(walker, declaration, here);
    }
}

fn default(walker: &mut Walker<'_>, node: Node<'_>, here: Here) {
    let before = walker.facts.bindings.len();
    let declaration = node.child_by_field_name("declaration");
    walker.each(fields(node, "decorator"), here);
    walker.each(fields(node, "declaration"), here);
    walker.each(fields(node, "value"), here);
    let value = node
        .child_by_field_name("value")
        .filter(|value| value.kind() == "identifier");
    let local = match (declaration, value) {
        (Some(_), _) => walker
            .facts
            .bindings
            .get(before)
            .map(|binding| binding.name.clone()),
        (None, Some(value)) => Some(walker.source.name(value)),
        (None, None) => None,
    };
    let local = local.filter(|name| walker.facts.globals.contains_key(name));
    let name = walker.source.intern("default");
    walker.add_export(name, local, None, node);
}

fn specifiers(walker: &mut Walker<'_>, clause: Node<'_>, from: Option<&Name>, here: Here) {
    for specifier in children(clause) {
        let Some(name) = specifier.child_by_field_name("name") else {
            continue;
        };
        let alias = specifier.child_by_field_name("alias").unwrap_or(name);
        let outside = string_text(alias, &mut walker.source);
        let inside = string_text(name, &mut walker.source);
        walker.add_export(outside, Some(inside), from.cloned(), specifier);
        if from.is_none() {
            walker.chain(name, &[], name, None, here);
        }
    }
}

/// `export const …`, `export function …`: every name that the declaration binds.
fn declared(walker: &mut Walker<'_>, declaration: Node<'_>, here: Here) {
    let before = walker.facts.bindings.len();
    walker.visit(declaration, here);
    let names: Vec<Name> = walker.facts.bindings[before..]
        .iter()
        .filter(|binding| binding.is_global)
        .map(|binding| binding.name.clone())
        .collect();
    for name in names {
        walker.add_export(name.clone(), Some(name), None, declaration);
    }
}

/// Note an assignment to `module.exports`; false when it is none.
pub(crate) fn assigned(walker: &mut Walker<'_>, left: Node<'_>, right: Option<Node<'_>>) -> bool {
    let Ok((root, attributes)) = unchained(left) else {
        return false;
    };
    let path: Vec<&str> = std::iter::once(root)
        .chain(attributes)
        .map(|part| walker.source.text(part))
        .collect();
    match path[..] {
        ["module", "exports"] => {
            let names = right.and_then(|right| properties(walker, right));
            let is_first = walker.facts.required.is_none();
            walker.facts.is_dynamic |= names.is_none() || !is_first;
            walker
                .facts
                .required
                .get_or_insert_default()
                .extend(names.unwrap_or_default());
        }
        ["module", "exports", name] | ["exports", name] => {
            let name = walker.source.intern(name);
            walker.facts.required.get_or_insert_default().push(name);
        }
        _ => return false,
    }
    true
}

/// The keys of an object literal; None when it holds others than plain ones.
fn properties(walker: &mut Walker<'_>, node: Node<'_>) -> Option<Vec<Name>> {
    if node.kind() != "object" {
        return None;
    }
    let mut found = Vec::new();
    for part in children(node) {
        let key = match part.kind() {
            "shorthand_property_identifier" => part,
            "pair" => part.child_by_field_name("key")?,
            "method_definition" => part.child_by_field_name("name")?,
            _ => return None,
        };
        if key.kind() == "computed_property_name" {
            return None;
        }
        found.push(string_text(key, &mut walker.source));
    }
    Some(found)
}
