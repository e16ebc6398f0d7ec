//! Statements and imports of Python: what they bind.

use std::collections::HashSet;

use tree_sitter::Node;

use crate::facts::{ImportRef, Kind, Listed, Name, Place, Root};
use crate::python_facts::{Here, Walker, identifiers, unchained};
use crate::python_guards;
use crate::scopes::{Bound, MODULE, ScopeKind};
use crate::source::{Source, children, fields};

impl Walker<'_> {
    pub(crate) fn assignment(&mut self, node: Node<'_>, here: Here) {
        self.each(fields(node, "right"), here);
        self.each(fields(node, "type"), here);
        let left = fields(node, "left");
        if let Some(target) = left.first()
            && here.scope == MODULE
            && self.source.text(*target) == "__all__"
        {
            self.list(node);
        }
        if node.kind() == "augmented_assignment" {
            // It reads first: a name that is only ever added to is missing.
            self.each(left, here);
            return;
        }
        self.each_target(left, here);
    }

    pub(crate) fn list(&mut self, node: Node<'_>) {
        let value = node.child_by_field_name("right");
        let names = value.and_then(|value| strings(value, &mut self.source));
        let listed = std::mem::take(&mut self.facts.listed);
        self.facts.listed = match (listed, names) {
            (Listed::Absent, Some(names)) => Listed::Names(names),
            (Listed::Names(mut known), Some(names)) if node.kind() == "augmented_assignment" => {
                known.extend(names);
                Listed::Names(known)
            }
            _ => Listed::Computed,
        };
    }

    pub(crate) fn each_target(&mut self, nodes: Vec<Node<'_>>, here: Here) {
        for node in nodes {
            self.target(node, here);
        }
    }

    /// Something that is assigned to.
    pub(crate) fn target(&mut self, node: Node<'_>, here: Here) {
        match node.kind() {
            "identifier" => self.bind_variable(node, here),
            "attribute" => self.store(node, here),
            "subscript" => {
                let object = fields(node, "value")
                    .first()
                    .map(|value| self.source.text(*value));
                self.facts.is_dynamic |= object == Some("sys.modules");
                self.all(node, here);
            }
            _ => self.each_target(children(node), here),
        }
    }

    pub(crate) fn store(&mut self, node: Node<'_>, here: Here) {
        let Ok((root, attributes)) = unchained(node) else {
            let attribute = node
                .child_by_field_name("attribute")
                .map(|name| self.source.name(name));
            self.facts.probed.extend(attribute);
            return self.each(fields(node, "object"), here);
        };
        if let (Root::Receiver(class), [attribute]) = (
            self.scopes.resolve(here.scope, self.source.text(root)),
            &attributes[..],
        ) {
            let attribute = self.source.name(*attribute);
            self.facts.classes[class as usize].attributes.insert(attribute);
        }
        let found = self.a_use(root, &attributes, node, None, here);
        self.facts.stores.push(found);
        self.store_scopes.push(here.scope);
        // What stands before the last dot is read.
        if let Some(object) = node.child_by_field_name("object") {
            self.visit(object, here);
        }
    }

    pub(crate) fn as_pattern(&mut self, node: Node<'_>, here: Here) {
        for child in children(node) {
            if child.kind() == "as_pattern_target" {
                self.each_target(children(child), here);
            } else {
                self.visit(child, here);
            }
        }
    }

    pub(crate) fn attempt(&mut self, node: Node<'_>, here: Here) {
        let guards = python_guards::of_try(&self.source, node, here.guards);
        let body = fields(node, "body");
        for child in children(node) {
            // A handler is the other half of a try over an import: one of the two is expected to fail.
            let is_else = matches!(child.kind(), "else_clause" | "finally_clause");
            let inside = if body.contains(&child) || !is_else {
                Here { guards, ..here }
            } else {
                here
            };
            if child.kind().starts_with("except") {
                self.each_target(fields(child, "alias"), inside);
                self.rest(child, &["alias"], inside);
            } else {
                self.visit(child, inside);
            }
        }
    }

    pub(crate) fn with(&mut self, node: Node<'_>, here: Here) {
        let clause = children(node)
            .into_iter()
            .find(|child| child.kind() == "with_clause");
        let guards = clause.map_or(here.guards, |clause| {
            python_guards::of_with(&self.source, clause, here.guards)
        });
        for child in children(node) {
            let inside = if child.kind() == "block" {
                Here { guards, ..here }
            } else {
                here
            };
            self.visit(child, inside);
        }
    }

    pub(crate) fn condition(&mut self, node: Node<'_>, here: Here) {
        let asked = if node.kind() == "conditional_expression" {
            Some(node)
        } else {
            node.child_by_field_name("condition")
        };
        let mut guards = here.guards;
        if let Some(asked) = asked {
            guards = python_guards::of_condition(&self.source, asked, guards);
            guards.import |= python_guards::is_type_checking(&self.source, asked);
        }
        self.all(node, Here { guards, ..here });
    }

    pub(crate) fn case(&mut self, node: Node<'_>, here: Here) {
        for child in children(node) {
            if child.kind() == "case_pattern" {
                self.pattern(child, here);
            } else {
                self.visit(child, here);
            }
        }
    }

    pub(crate) fn pattern(&mut self, node: Node<'_>, here: Here) {
        for (index, child) in children(node).into_iter().enumerate() {
            match child.kind() {
                "dotted_name" => {
                    let parts = children(child);
                    let is_name = parts.len() == 1 && node.kind() != "class_pattern";
                    match parts.split_first() {
                        Some((name, [])) if is_name => self.bind_variable(*name, here),
                        Some((root, attributes)) => self.chain(*root, attributes, child, None, here),
                        None => {}
                    }
                }
                "identifier" if node.kind() == "keyword_pattern" && index == 0 => {}
                "identifier" => self.bind_variable(child, here),
                "string" | "concatenated_string" => {}
                _ => self.pattern(child, here),
            }
        }
    }

    pub(crate) fn type_alias(&mut self, node: Node<'_>, here: Here) {
        let inner = self.scopes.open(ScopeKind::Function, here.scope);
        for left in fields(node, "left") {
            let mut names = identifiers(left).into_iter();
            if let Some(name) = names.next() {
                self.bind_variable(name, here);
            }
            for name in names {
                let name = self.source.name(name);
                self.scopes.bind(inner, name, Bound::Plain);
            }
        }
        self.each(fields(node, "right"), Here { scope: inner, ..here });
    }

    // Imports.

    pub(crate) fn plain_import(&mut self, node: Node<'_>, here: Here) {
        for clause in fields(node, "name") {
            let module = clause.child_by_field_name("name").unwrap_or(clause);
            let alias = clause.child_by_field_name("alias");
            let module_text = self.squeezed(module);
            let top = module_text.split('.').next().unwrap_or_default();
            let bound = match alias {
                Some(alias) => self.source.name(alias),
                None => self.source.intern(top),
            };
            let import = ImportRef {
                module: module_text.clone(),
                level: 0,
                name: None,
                is_top_only: alias.is_none(),
                is_required: false,
            };
            self.bind(bound, clause, Kind::Import(Box::new(import)), here);
        }
    }

    pub(crate) fn import_names(&mut self, node: Node<'_>, here: Here) {
        let (module, level) = match node.child_by_field_name("module_name") {
            None => (self.source.intern("__future__"), 0),
            Some(name) => {
                let text = self.squeezed(name);
                let module = text.trim_start_matches('.');
                (self.source.intern(module), (text.len() - module.len()) as u32)
            }
        };
        for clause in fields(node, "name") {
            let name = clause.child_by_field_name("name").unwrap_or(clause);
            let alias = clause.child_by_field_name("alias").unwrap_or(name);
            let import = ImportRef {
                module: module.clone(),
                level,
                name: Some(self.source.name(name)),
                is_top_only: false,
                is_required: false,
            };
            let bound = self.source.name(alias);
            self.bind(bound, clause, Kind::Import(Box::new(import)), here);
        }
        if children(node)
            .iter()
            .any(|child| child.kind() == "wildcard_import")
        {
            self.facts.stars.push(ImportRef {
                module,
                level,
                name: None,
                is_top_only: false,
                is_required: false,
            });
        }
    }

    pub(crate) fn squeezed(&mut self, node: Node<'_>) -> Name {
        let text: String = self.source.text(node).split_whitespace().collect();
        self.source.intern(&text)
    }
}

/// The texts of a list or tuple of plain strings.
fn strings(node: Node<'_>, source: &mut Source<'_>) -> Option<Vec<(Name, Place)>> {
    if !matches!(node.kind(), "list" | "tuple") {
        return None;
    }
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for child in children(node) {
        let text = source.text(child);
        let bare = text.trim_matches(['"', '\'']);
        if child.kind() != "string" || bare.len() + 2 != text.len() {
            return None;
        }
        let name = source.intern(bare);
        if seen.insert(name.clone()) {
            found.push((name, source.place(child)));
        }
    }
    Some(found)
}
