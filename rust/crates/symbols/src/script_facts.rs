//! The facts of a script: JavaScript and TypeScript.

use tree_sitter::Node;

use crate::facts::{
    Binding, Class, Export, Family, FileFacts, Guards, ImportRef, Kind, Making, Name, Root, Use,
};
use crate::scopes::{Bound, MODULE, ScopeKind, Scopes};
use crate::script_exports;
use crate::script_signature::{
    call_shape, is_constant, parameters, required, signature, string_text, unchained,
};
use crate::source::{Source, children, fields};

/// Where the walk is.
#[derive(Clone, Copy)]
pub(crate) struct Here {
    pub scope: usize,
    pub guards: Guards,
    pub owner: Option<u32>,
    /// In `namespace X {}`: what is exported there is not the file's.
    pub is_nested: bool,
}

pub(crate) struct Walker<'s> {
    pub source: Source<'s>,
    pub facts: FileFacts,
    scopes: Scopes,
    use_scopes: Vec<usize>,
    store_scopes: Vec<usize>,
}

/// Walk a parsed script.
pub(crate) fn facts(text: &str, root: Node<'_>, family: Family) -> FileFacts {
    let mut walker = Walker {
        source: Source::new(text),
        facts: FileFacts {
            family,
            is_broken: root.has_error(),
            ..FileFacts::default()
        },
        scopes: Scopes::new(),
        use_scopes: Vec::new(),
        store_scopes: Vec::new(),
    };
    let here = Here {
        scope: MODULE,
        guards: Guards::default(),
        owner: None,
        is_nested: false,
    };
    walker.all(root, here);
    walker.finish()
}

impl Walker<'_> {
    fn finish(mut self) -> FileFacts {
        for (found, scope) in self.facts.uses.iter_mut().zip(&self.use_scopes) {
            found.target = self.scopes.resolve(*scope, &found.root);
            // Any other look at these may write exports that can't be seen.
            let is_exporting = matches!(&*found.root, "module" | "exports");
            self.facts.is_dynamic |= is_exporting && found.target == Root::Global;
        }
        for (found, scope) in self.facts.stores.iter_mut().zip(&self.store_scopes) {
            found.target = self.scopes.resolve(*scope, &found.root);
        }
        self.facts
            .uses
            .retain(|found| found.target != Root::Unknown || !found.attributes.is_empty());
        self.facts
    }

    pub(crate) fn all(&mut self, node: Node<'_>, here: Here) {
        self.each(children(node), here);
    }

    pub(crate) fn each(&mut self, nodes: Vec<Node<'_>>, here: Here) {
        for node in nodes {
            self.visit(node, here);
        }
    }

    fn block(&mut self, node: Node<'_>, here: Here) {
        let scope = self.scopes.open(ScopeKind::Block, here.scope);
        self.all(node, Here { scope, ..here });
    }

    pub(crate) fn visit(&mut self, node: Node<'_>, here: Here) {
        match node.kind() {
            "identifier" | "type_identifier" | "shorthand_property_identifier" => {
                self.chain(node, &[], node, None, here);
            }
            "member_expression" | "nested_identifier" | "nested_type_identifier" => {
                self.member(node, None, here);
            }
            "call_expression" => self.call(node, here),
            "import_statement" => self.import(node, here),
            "export_statement" => script_exports::export(self, node, here),
            "function_declaration" | "generator_function_declaration" | "function_signature" => {
                self.function(node, here);
            }
            "function_expression" | "generator_function" | "arrow_function" | "method_definition" => {
                let scope = self.scopes.open(ScopeKind::Function, here.scope);
                if let Some(name) = node.child_by_field_name("name")
                    && name.kind() == "identifier"
                {
                    let name = self.source.name(name);
                    self.scopes.bind(scope, name, Bound::Plain);
                }
                self.body(node, Here { scope, ..here });
            }
            "class_declaration" | "abstract_class_declaration" | "class" => self.class(node, here),
            "variable_declaration" => {
                let home = self.scopes.home(here.scope);
                self.variables(node, here, home);
            }
            "lexical_declaration" => self.variables(node, here, here.scope),
            "enum_declaration" => self.named(node, Kind::Variable, here),
            "interface_declaration" | "type_alias_declaration" => self.type_declaration(node, here),
            "internal_module" | "module" => self.namespace(node, here),
            "import_alias" => {
                if let Some(name) = children(node).first() {
                    self.bind_node(*name, Kind::Variable, here);
                }
            }
            "statement_block" | "switch_body" | "for_statement" => self.block(node, here),
            "for_in_statement" => self.for_in(node, here),
            "catch_clause" => {
                let scope = self.scopes.open(ScopeKind::Block, here.scope);
                let inside = Here { scope, ..here };
                self.each_pattern(fields(node, "parameter"), inside, scope);
                self.each(fields(node, "body"), inside);
            }
            "try_statement" => self.attempt(node, here),
            "assignment_expression" => self.assignment(node, here),
            "infer_type" | "mapped_type_clause" | "type_parameter" => self.type_variable(node, here),
            "statement_identifier" | "property_identifier" | "private_property_identifier" => {}
            _ => self.all(node, here),
        }
    }

    // Uses.

    pub(crate) fn chain(
        &mut self,
        root: Node<'_>,
        attributes: &[Node<'_>],
        whole: Node<'_>,
        call: Option<Node<'_>>,
        here: Here,
    ) {
        let found = self.a_use(root, attributes, whole, call, here);
        self.facts.uses.push(found);
        self.use_scopes.push(here.scope);
    }

    fn a_use(
        &mut self,
        root: Node<'_>,
        attributes: &[Node<'_>],
        whole: Node<'_>,
        call: Option<Node<'_>>,
        here: Here,
    ) -> Use {
        Use {
            root: self.source.name(root),
            target: Root::Unknown,
            attributes: attributes.iter().map(|node| self.source.name(*node)).collect(),
            place: self.source.place(whole),
            call: call.map(|call| Box::new(call_shape(call))),
            guards: here.guards,
            owner: here.owner,
        }
    }

    fn member(&mut self, node: Node<'_>, call: Option<Node<'_>>, here: Here) {
        match unchained(node) {
            Ok((root, attributes)) => self.chain(root, &attributes, node, call, here),
            Err(object) => self.visit(object, here),
        }
    }

    fn call(&mut self, node: Node<'_>, here: Here) {
        match node.child_by_field_name("function") {
            Some(function) if function.kind() == "identifier" => {
                self.chain(function, &[], function, Some(node), here);
            }
            Some(function) if function.kind() == "member_expression" => {
                self.member(function, Some(node), here);
            }
            Some(function) => self.visit(function, here),
            None => {}
        }
        self.each(fields(node, "type_arguments"), here);
        self.each(fields(node, "arguments"), here);
    }

    // Definitions.

    pub(crate) fn bind(
        &mut self,
        name: Name,
        node: Node<'_>,
        kind: Kind,
        here: Here,
        scope: usize,
    ) -> Option<u32> {
        let is_global = scope == MODULE;
        if !is_global && matches!(kind, Kind::Variable | Kind::Type) {
            self.scopes.bind(scope, name, Bound::Plain);
            return None;
        }
        let index = self.push(name.clone(), node, kind, None, here);
        self.facts.bindings[index as usize].is_global = is_global;
        if is_global {
            self.facts.globals.entry(name).or_default().push(index);
        } else {
            self.scopes.bind(scope, name, Bound::One(index));
        }
        Some(index)
    }

    fn push(&mut self, name: Name, node: Node<'_>, kind: Kind, class: Option<u32>, here: Here) -> u32 {
        let place = self.source.place(node);
        self.facts.bindings.push(Binding {
            name,
            kind,
            place,
            class,
            is_global: false,
            guards: here.guards,
        });
        self.facts.bindings.len() as u32 - 1
    }

    pub(crate) fn bind_node(&mut self, node: Node<'_>, kind: Kind, here: Here) -> Option<u32> {
        let name = self.source.name(node);
        self.bind(name, node, kind, here, here.scope)
    }

    fn named(&mut self, node: Node<'_>, kind: Kind, here: Here) {
        if let Some(name) = node.child_by_field_name("name") {
            self.bind_node(name, kind, here);
        }
        self.each(fields(node, "body"), here);
    }

    fn function(&mut self, node: Node<'_>, here: Here) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let mut shape = signature(&mut self.source, node);
        shape.is_overload = node.kind() == "function_signature";
        let owner = self
            .bind_node(name, Kind::Function(Box::new(shape)), here)
            .or(here.owner);
        let scope = self.scopes.open(ScopeKind::Function, here.scope);
        self.body(node, Here { scope, owner, ..here });
    }

    /// Parameters, types and body of a function whose scope is open.
    fn body(&mut self, node: Node<'_>, here: Here) {
        self.each(fields(node, "type_parameters"), here);
        for parameter in parameters(node) {
            let pattern = parameter.child_by_field_name("pattern").unwrap_or(parameter);
            self.pattern(pattern, here, here.scope);
            for field in ["type", "value"] {
                self.each(fields(parameter, field), here);
            }
            self.each(fields(parameter, "decorator"), here);
        }
        self.each(fields(node, "return_type"), here);
        let guards = Guards::default();
        self.each(fields(node, "body"), Here { guards, ..here });
    }

    fn class(&mut self, node: Node<'_>, here: Here) {
        let index = self.facts.classes.len() as u32;
        self.facts.classes.push(Class {
            is_open: true,
            making: Making::Opaque,
            ..Class::default()
        });
        let scope = self.scopes.open(ScopeKind::Block, here.scope);
        let mut owner = here.owner;
        if let Some(name) = node.child_by_field_name("name") {
            let is_declared = node.kind() != "class";
            let at = Here {
                scope: if is_declared { here.scope } else { scope },
                ..here
            };
            owner = self.bind_node(name, Kind::Class(index), at).or(owner);
            self.facts.classes[index as usize].binding = owner.unwrap_or_default();
        }
        let inside = Here { scope, owner, ..here };
        for child in children(node) {
            match child.kind() {
                "class_body" => self.class_body(child, index, inside),
                "type_identifier" | "identifier" => {}
                _ => self.visit(child, inside),
            }
        }
    }

    fn class_body(&mut self, body: Node<'_>, class: u32, here: Here) {
        for member in children(body) {
            let mut inside = here;
            if let Some(name) = member.child_by_field_name("name")
                && name.kind() == "property_identifier"
                && node_has_owner(&self.facts, class)
            {
                let kind = if member.kind().starts_with("method") {
                    Kind::Function(Box::new(signature(&mut self.source, member)))
                } else {
                    Kind::Variable
                };
                let text = self.source.name(name);
                let binding = self.push(text.clone(), name, kind, Some(class), here);
                let members = &mut self.facts.classes[class as usize].members;
                members.entry(text).or_default().push(binding);
                inside.owner = Some(binding);
            }
            self.visit(member, inside);
        }
    }

    fn variables(&mut self, node: Node<'_>, here: Here, scope: usize) {
        for declarator in children(node) {
            let Some(name) = declarator.child_by_field_name("name") else {
                continue;
            };
            let value = declarator.child_by_field_name("value");
            let mut inside = here;
            if let Some(module) = value.and_then(|value| required(value, &mut self.source)) {
                self.require(name, &module, here, scope);
            } else if name.kind() == "identifier" {
                let text = self.source.name(name);
                let kind = match value {
                    Some(value) if matches!(value.kind(), "arrow_function" | "function_expression") => {
                        let mut shape = signature(&mut self.source, value);
                        // A declared type may be wider than the function.
                        shape.is_opaque = declarator.child_by_field_name("type").is_some()
                            || !is_constant(node, &self.source);
                        Kind::Function(Box::new(shape))
                    }
                    _ => Kind::Variable,
                };
                inside.owner = self.bind(text, name, kind, here, scope).or(here.owner);
            } else {
                self.pattern(name, here, scope);
            }
            self.each(fields(declarator, "type"), here);
            self.each(fields(declarator, "value"), inside);
        }
    }

    fn require(&mut self, name: Node<'_>, module: &Name, here: Here, scope: usize) {
        let import = |name| ImportRef {
            module: module.clone(),
            level: 0,
            name,
            is_top_only: false,
            is_required: true,
        };
        if name.kind() == "identifier" {
            let text = self.source.name(name);
            self.bind(text, name, Kind::Import(Box::new(import(None))), here, scope);
            return;
        }
        for part in children(name) {
            let (key, local) = match part.kind() {
                "shorthand_property_identifier_pattern" => (Some(part), Some(part)),
                "pair_pattern" => (
                    part.child_by_field_name("key"),
                    part.child_by_field_name("value")
                        .filter(|local| local.kind() == "identifier"),
                ),
                _ => (None, None),
            };
            match (key, local) {
                (Some(key), Some(local)) => {
                    let kind = Kind::Import(Box::new(import(Some(self.source.name(key)))));
                    let text = self.source.name(local);
                    self.bind(text, part, kind, here, scope);
                }
                _ => self.pattern(part, here, scope),
            }
        }
    }

    fn type_declaration(&mut self, node: Node<'_>, here: Here) {
        if let Some(name) = node.child_by_field_name("name") {
            self.bind_node(name, Kind::Type, here);
        }
        let scope = self.scopes.open(ScopeKind::Block, here.scope);
        let inside = Here { scope, ..here };
        for child in children(node) {
            if Some(child) != node.child_by_field_name("name") {
                self.visit(child, inside);
            }
        }
    }

    fn type_variable(&mut self, node: Node<'_>, here: Here) {
        for child in children(node) {
            let is_name = node.child_by_field_name("name") == Some(child) || node.kind() == "infer_type";
            if is_name && child.kind() == "type_identifier" {
                let name = self.source.name(child);
                self.scopes.bind(here.scope, name, Bound::Plain);
            } else {
                self.visit(child, here);
            }
        }
    }

    fn namespace(&mut self, node: Node<'_>, here: Here) {
        match node.child_by_field_name("name") {
            Some(name) if name.kind() == "identifier" => {
                self.bind_node(name, Kind::Variable, here);
            }
            Some(_) => self.facts.is_dynamic = true, // `declare module "x"` speaks of other files
            None => {}
        }
        let inside = Here {
            is_nested: true,
            ..here
        };
        self.each(fields(node, "body"), inside);
    }

    // Statements.

    fn each_pattern(&mut self, nodes: Vec<Node<'_>>, here: Here, scope: usize) {
        for node in nodes {
            self.pattern(node, here, scope);
        }
    }

    /// Something that binds names.
    fn pattern(&mut self, node: Node<'_>, here: Here, scope: usize) {
        match node.kind() {
            "identifier" | "shorthand_property_identifier_pattern" => {
                let name = self.source.name(node);
                self.bind(name, node, Kind::Variable, here, scope);
            }
            "assignment_pattern" | "object_assignment_pattern" => {
                self.each_pattern(fields(node, "left"), here, scope);
                self.each(fields(node, "right"), here);
            }
            "pair_pattern" => {
                self.each(
                    fields(node, "key")
                        .into_iter()
                        .filter(|key| key.kind() == "computed_property_name")
                        .collect(),
                    here,
                );
                self.each_pattern(fields(node, "value"), here, scope);
            }
            "object_pattern" | "array_pattern" | "rest_pattern" => {
                self.each_pattern(children(node), here, scope);
            }
            _ => self.visit(node, here),
        }
    }

    fn for_in(&mut self, node: Node<'_>, here: Here) {
        let scope = self.scopes.open(ScopeKind::Block, here.scope);
        let inside = Here { scope, ..here };
        let is_declared = node.child_by_field_name("kind");
        for left in fields(node, "left") {
            match is_declared.map(|kind| self.source.text(kind)) {
                Some("var") => {
                    let home = self.scopes.home(here.scope);
                    self.pattern(left, inside, home);
                }
                Some(_) => self.pattern(left, inside, scope),
                None => self.target(left, inside),
            }
        }
        self.each(fields(node, "right"), inside);
        self.each(fields(node, "body"), inside);
    }

    fn attempt(&mut self, node: Node<'_>, here: Here) {
        let guards = Guards {
            import: node.child_by_field_name("handler").is_some() || here.guards.import,
            ..here.guards
        };
        self.each(fields(node, "body"), Here { guards, ..here });
        self.each(fields(node, "handler"), here);
        self.each(fields(node, "finalizer"), here);
    }

    fn assignment(&mut self, node: Node<'_>, here: Here) {
        if let Some(left) = node.child_by_field_name("left") {
            let right = node.child_by_field_name("right");
            if !script_exports::assigned(self, left, right) {
                self.target(left, here);
            }
        }
        self.each(fields(node, "right"), here);
    }

    /// Something that is assigned to, and exists already.
    fn target(&mut self, node: Node<'_>, here: Here) {
        if node.kind() != "member_expression" {
            if node.kind() == "identifier" {
                // A function that is assigned anew is no longer the one that is written.
                let name = self.source.name(node);
                if self.facts.globals.contains_key(&name) {
                    self.bind(name, node, Kind::Variable, here, MODULE);
                }
            }
            return self.visit(node, here);
        }
        if let Ok((root, attributes)) = unchained(node) {
            let found = self.a_use(root, &attributes, node, None, here);
            self.facts.stores.push(found);
            self.store_scopes.push(here.scope);
        }
        self.each(fields(node, "object"), here);
    }

    // Imports.

    fn import(&mut self, node: Node<'_>, here: Here) {
        let clauses = children(node);
        if let Some(clause) = clauses
            .iter()
            .find(|child| child.kind() == "import_require_clause")
        {
            let source = clause.child_by_field_name("source");
            let module = source.map(|source| string_text(source, &mut self.source));
            if let (Some(module), Some(name)) = (module, children(*clause).first()) {
                self.require(*name, &module, here, here.scope);
            }
            return;
        }
        let Some(source) = node.child_by_field_name("source") else {
            return;
        };
        let module = string_text(source, &mut self.source);
        for clause in clauses
            .into_iter()
            .filter(|child| child.kind() == "import_clause")
            .flat_map(children)
        {
            match clause.kind() {
                "identifier" => {
                    let name = self.source.intern("default");
                    self.imported(clause, clause, &module, Some(name), here);
                }
                "namespace_import" => {
                    if let Some(local) = children(clause).first() {
                        self.imported(*local, clause, &module, None, here);
                    }
                }
                _ => {
                    for specifier in children(clause) {
                        let Some(name) = specifier.child_by_field_name("name") else {
                            continue;
                        };
                        let local = specifier.child_by_field_name("alias").unwrap_or(name);
                        let text = self.source.text(name).trim_matches(['"', '\'']);
                        let name = self.source.intern(text);
                        self.imported(local, specifier, &module, Some(name), here);
                    }
                }
            }
        }
    }

    fn imported(&mut self, local: Node<'_>, place: Node<'_>, module: &Name, name: Option<Name>, here: Here) {
        let import = ImportRef {
            module: module.clone(),
            level: 0,
            name,
            is_top_only: false,
            is_required: false,
        };
        let text = self.source.name(local);
        self.bind(text, place, Kind::Import(Box::new(import)), here, here.scope);
    }

    pub(crate) fn add_export(&mut self, name: Name, local: Option<Name>, from: Option<Name>, node: Node<'_>) {
        let place = self.source.place(node);
        self.facts.exports.push(Export {
            name,
            local,
            from,
            place,
        });
    }
}

fn node_has_owner(facts: &FileFacts, class: u32) -> bool {
    let binding = facts.classes[class as usize].binding as usize;
    matches!(facts.bindings.get(binding).map(|one| &one.kind), Some(Kind::Class(index)) if *index == class)
}
