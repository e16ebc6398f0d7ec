//! The facts of a Python file.

use tree_sitter::Node;

use crate::facts::{Binding, Class, FileFacts, Guards, Kind, Making, Name, Receiver, Root, Use};
use crate::python_class;
use crate::python_guards;
use crate::python_signature::{self as shapes, Decorators, ORIGINS};
use crate::scopes::{Bound, MODULE, ScopeKind, Scopes};
use crate::source::{Source, children, fields};

/// Where the walk is.
#[derive(Clone, Copy)]
pub(crate) struct Here {
    pub scope: usize,
    pub guards: Guards,
    pub class: Option<u32>,
    pub owner: Option<u32>,
}

pub(crate) struct Walker<'s> {
    pub source: Source<'s>,
    pub facts: FileFacts,
    pub scopes: Scopes,
    use_scopes: Vec<usize>,
    pub store_scopes: Vec<usize>,
    base_scopes: Vec<(u32, usize)>,
}

/// Walk a parsed Python file.
pub(crate) fn facts(text: &str, root: Node<'_>) -> FileFacts {
    let mut walker = Walker {
        source: Source::new(text),
        facts: FileFacts {
            is_broken: root.has_error(),
            ..FileFacts::default()
        },
        scopes: Scopes::new(),
        use_scopes: Vec::new(),
        store_scopes: Vec::new(),
        base_scopes: Vec::new(),
    };
    let here = Here {
        scope: MODULE,
        guards: Guards::default(),
        class: None,
        owner: None,
    };
    walker.all(root, here);
    walker.finish()
}

impl Walker<'_> {
    fn finish(mut self) -> FileFacts {
        let resolve = |found: &mut Use, scope: usize, scopes: &Scopes| {
            found.target = scopes.resolve(scope, &found.root);
        };
        for (found, scope) in self.facts.uses.iter_mut().zip(&self.use_scopes) {
            resolve(found, *scope, &self.scopes);
        }
        for (found, scope) in self.facts.stores.iter_mut().zip(&self.store_scopes) {
            resolve(found, *scope, &self.scopes);
        }
        for (class, scope) in &self.base_scopes {
            for base in &mut self.facts.classes[*class as usize].bases {
                resolve(base, *scope, &self.scopes);
            }
        }
        // A local variable by itself tells nothing; what is asked of it may still be looked for by name.
        self.facts
            .uses
            .retain(|found| found.target != Root::Unknown || !found.attributes.is_empty());
        let makes_names = |name: &&str| self.facts.globals.contains_key(*name);
        self.facts.is_dynamic |= ["__getattr__", "__path__"].iter().any(makes_names);
        self.facts
    }

    pub(crate) fn all(&mut self, node: Node<'_>, here: Here) {
        for child in children(node) {
            self.visit(child, here);
        }
    }

    pub(crate) fn each(&mut self, nodes: Vec<Node<'_>>, here: Here) {
        for node in nodes {
            self.visit(node, here);
        }
    }

    pub(crate) fn visit(&mut self, node: Node<'_>, here: Here) {
        match node.kind() {
            "identifier" => self.chain(node, &[], node, None, here),
            "attribute" => self.attribute(node, None, here),
            "call" => self.call(node, here),
            "decorated_definition" => self.decorated(node, here),
            "function_definition" => self.function(node, &[], here),
            "class_definition" => self.class(node, &[], here),
            "lambda" => self.lambda(node, here),
            "list_comprehension"
            | "set_comprehension"
            | "dictionary_comprehension"
            | "generator_expression" => self.comprehension(node, here),
            "assignment" | "augmented_assignment" => self.assignment(node, here),
            "named_expression" => {
                self.each(fields(node, "value"), here);
                let home = self.scopes.home(here.scope);
                self.each_target(fields(node, "name"), Here { scope: home, ..here });
            }
            "for_statement" => {
                self.each_target(fields(node, "left"), here);
                self.rest(node, &["left"], here);
            }
            "as_pattern" => self.as_pattern(node, here),
            "keyword_argument" => self.each(fields(node, "value"), here),
            "import_statement" => self.plain_import(node, here),
            "import_from_statement" | "future_import_statement" => self.import_names(node, here),
            "global_statement" => {
                for name in children(node) {
                    let name = self.source.name(name);
                    self.scopes.declare_global(here.scope, name);
                }
            }
            "nonlocal_statement" | "string_content" | "string_start" | "string_end" => {}
            "try_statement" => self.attempt(node, here),
            "with_statement" => self.with(node, here),
            "if_statement" | "elif_clause" | "while_statement" | "conditional_expression" => {
                self.condition(node, here);
            }
            "boolean_operator" => {
                let guards = python_guards::of_condition(&self.source, node, here.guards);
                self.all(node, Here { guards, ..here });
            }
            "case_clause" => self.case(node, here),
            "type_alias_statement" => self.type_alias(node, here),
            "print_statement" | "exec_statement" => self.facts.is_broken = true,
            _ => self.all(node, here),
        }
    }

    pub(crate) fn rest(&mut self, node: Node<'_>, without: &[&str], here: Here) {
        let done: Vec<_> = without.iter().flat_map(|field| fields(node, field)).collect();
        for child in children(node) {
            if !done.contains(&child) {
                self.visit(child, here);
            }
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
        if let Some(at) = attributes
            .iter()
            .position(|name| self.source.text(*name) == "__dict__")
        {
            // `self.__dict__.update(...)` and the like
            self.open_class(here);
            self.open_names(if at == 0 { root } else { attributes[at - 1] });
        }
        let found = self.a_use(root, attributes, whole, call, here);
        self.facts.uses.push(found);
        self.use_scopes.push(here.scope);
    }

    pub(crate) fn a_use(
        &mut self,
        root: Node<'_>,
        attributes: &[Node<'_>],
        whole: Node<'_>,
        call: Option<Node<'_>>,
        here: Here,
    ) -> Use {
        let attributes = attributes.iter().map(|node| self.source.name(*node)).collect();
        Use {
            root: self.source.name(root),
            target: Root::Unknown,
            attributes,
            place: self.source.place(whole),
            call: call.map(|call| Box::new(shapes::call_shape(&mut self.source, call))),
            guards: here.guards,
            owner: here.owner,
        }
    }

    pub(crate) fn attribute(&mut self, node: Node<'_>, call: Option<Node<'_>>, here: Here) {
        let last = fields(node, "attribute")
            .first()
            .map(|name| self.source.text(*name));
        // `enum` writes the members of such classes into the module.
        self.facts.is_dynamic |= matches!(last, Some("_convert_" | "_convert" | "global_enum"));
        // What hooks into the import system makes modules of its own.
        self.facts.is_dynamic |= matches!(last, Some("meta_path" | "path_hooks"));
        match unchained(node) {
            Ok((root, attributes)) => self.chain(root, &attributes, node, call, here),
            Err(object) => self.visit(object, here),
        }
    }

    pub(crate) fn call(&mut self, node: Node<'_>, here: Here) {
        let Some(function) = node.child_by_field_name("function") else {
            return self.all(node, here);
        };
        match function.kind() {
            "identifier" => {
                self.special_call(node, self.source.text(function), here);
                self.chain(function, &[], function, Some(node), here);
            }
            "attribute" => self.attribute(function, Some(node), here),
            _ => self.visit(function, here),
        }
        if here.owner.is_none() {
            // What is handed to a function while the module loads may be changed by it.
            let handed = fields(node, "arguments").into_iter().flat_map(children);
            handed.for_each(|argument| self.open_names(argument));
        }
        self.each(fields(node, "arguments"), here);
    }

    /// Calls that look at names, or make them.
    pub(crate) fn special_call(&mut self, node: Node<'_>, function: &str, here: Here) {
        let arguments: Vec<_> = fields(node, "arguments").into_iter().flat_map(children).collect();
        match function {
            "globals" => self.facts.is_dynamic |= !is_only_read(node),
            "__import__" | "exec" => self.facts.is_dynamic = true,
            "vars" | "locals" if arguments.is_empty() => {
                self.facts.is_dynamic |= here.owner.is_none();
                self.open_class(here);
            }
            "hasattr" | "getattr" | "setattr" | "delattr" => {
                match arguments.get(1).filter(|name| name.kind() == "string") {
                    Some(name) => {
                        let name = self
                            .source
                            .intern(self.source.text(*name).trim_matches(['"', '\'']));
                        self.facts.probed.insert(name);
                    }
                    None if function == "setattr" => {
                        let target = arguments.first().map(|target| self.source.text(*target));
                        let is_module = target.is_some_and(|target| target.contains("modules"));
                        self.facts.is_dynamic |= is_module;
                        self.open_class(here);
                        if let Some(target) = arguments.first() {
                            self.open_names(*target);
                        }
                    }
                    None => {}
                }
            }
            "vars" => {
                self.open_class(here);
                self.open_names(arguments[0]);
            }
            _ => {}
        }
    }

    /// What this names can have attributes that are not written.
    fn open_names(&mut self, target: Node<'_>) {
        let last = target.child_by_field_name("attribute").unwrap_or(target);
        if last.kind() == "identifier" {
            let name = self.source.name(last);
            self.facts.opened.insert(name);
        }
    }

    /// The class whose body or method this is can have names that are not written.
    pub(crate) fn open_class(&mut self, here: Here) {
        let owner = here
            .owner
            .map_or(here.class, |owner| self.facts.bindings[owner as usize].class);
        if let Some(class) = here.class.or(owner) {
            self.facts.classes[class as usize].is_open = true;
        }
    }

    // Definitions.

    pub(crate) fn bind(&mut self, name: Name, node: Node<'_>, kind: Kind, here: Here) -> Option<u32> {
        let is_global = self.scopes.is_global(here.scope, &name);
        let is_member = here.class.is_some() && self.scopes.kind(here.scope) == ScopeKind::Class;
        if !is_global && !is_member && matches!(kind, Kind::Variable) {
            self.scopes.bind(here.scope, name, Bound::Plain);
            return None;
        }
        let index = self.facts.bindings.len() as u32;
        let place = self.source.place(node);
        self.facts.bindings.push(Binding {
            name: name.clone(),
            kind,
            place,
            class: here.class.filter(|_| is_member),
            is_global,
            guards: here.guards,
        });
        if is_global {
            self.facts.globals.entry(name).or_default().push(index);
            return Some(index);
        }
        if let Some(class) = here.class.filter(|_| is_member) {
            let members = &mut self.facts.classes[class as usize].members;
            members.entry(name.clone()).or_default().push(index);
        }
        self.scopes.bind(here.scope, name, Bound::One(index));
        Some(index)
    }

    pub(crate) fn bind_variable(&mut self, node: Node<'_>, here: Here) {
        let name = self.source.name(node);
        self.bind(name, node, Kind::Variable, here);
    }

    pub(crate) fn decorated(&mut self, node: Node<'_>, here: Here) {
        let decorators: Vec<_> = children(node)
            .into_iter()
            .filter(|child| child.kind() == "decorator")
            .collect();
        self.each(decorators.clone(), here);
        match node.child_by_field_name("definition") {
            Some(inner) if inner.kind() == "class_definition" => self.class(inner, &decorators, here),
            Some(inner) => self.function(inner, &decorators, here),
            None => {}
        }
    }

    pub(crate) fn decorators<'t>(&self, nodes: &[Node<'t>]) -> Decorators<'t> {
        let from_known = |index: &u32| match &self.facts.bindings[*index as usize].kind {
            Kind::Import(import) => ORIGINS.contains(&&*import.module),
            _ => false,
        };
        shapes::decorators(&self.source, nodes, |root| {
            self.facts.global(root).iter().all(from_known) && !self.facts.global(root).is_empty()
        })
    }

    pub(crate) fn function(&mut self, node: Node<'_>, decorators: &[Node<'_>], here: Here) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let found = self.decorators(decorators);
        let signature = shapes::signature(&mut self.source, node, &found);
        let receiver = signature.receiver;
        let kind = if found.is_property {
            Kind::Variable
        } else {
            Kind::Function(Box::new(signature))
        };
        let text = self.source.name(name);
        let owner = self.bind(text, name, kind, here).or(here.owner);
        // A block: from here, the names of a class around it are still seen.
        let inner = self.scopes.open(ScopeKind::Block, here.scope);
        self.type_parameters(node, Here { scope: inner, ..here });
        let parameters = node.child_by_field_name("parameters");
        if let Some(list) = parameters {
            // Defaults are outside; annotations may use the type parameters.
            self.parameter_values(list, Here { scope: inner, ..here });
        }
        if let Some(answer) = node.child_by_field_name("return_type") {
            self.visit(answer, Here { scope: inner, ..here });
        }
        let body_scope = self.scopes.open(ScopeKind::Function, inner);
        let is_method = here.class.is_some() && self.scopes.kind(here.scope) == ScopeKind::Class;
        let class = here.class.filter(|_| is_method && receiver != Receiver::Static);
        self.bind_parameters(parameters, class, body_scope);
        let guards = Guards {
            import: false,
            ..here.guards
        };
        let inside = Here {
            scope: body_scope,
            guards,
            class: None,
            owner,
        };
        self.each(fields(node, "body"), inside);
    }

    pub(crate) fn parameter_values(&mut self, list: Node<'_>, here: Here) {
        for parameter in children(list) {
            for field in ["type", "value"] {
                self.each(fields(parameter, field), here);
            }
        }
    }

    pub(crate) fn bind_parameters(&mut self, list: Option<Node<'_>>, class: Option<u32>, scope: usize) {
        let Some(list) = list else { return };
        for (index, name) in shapes::bound_parameters(list).into_iter().enumerate() {
            let is_named = name
                .parent()
                .is_some_and(|parent| parent.kind() != "list_splat_pattern");
            let bound = match class {
                Some(class) if index == 0 && is_named => Bound::Receiver(class),
                _ => Bound::Plain,
            };
            let name = self.source.name(name);
            self.scopes.bind(scope, name, bound);
        }
    }

    pub(crate) fn type_parameters(&mut self, node: Node<'_>, here: Here) {
        for list in fields(node, "type_parameters") {
            for parameter in children(list) {
                for name in identifiers(parameter) {
                    let name = self.source.name(name);
                    self.scopes.bind(here.scope, name, Bound::Plain);
                }
            }
        }
    }

    pub(crate) fn class(&mut self, node: Node<'_>, decorators: &[Node<'_>], here: Here) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let index = self.facts.classes.len() as u32;
        self.facts.classes.push(Class::default());
        let text = self.source.name(name);
        let binding = self
            .bind(text, name, Kind::Class(index), here)
            .unwrap_or_default();
        let outer = self.scopes.open(ScopeKind::Block, here.scope);
        self.type_parameters(node, Here { scope: outer, ..here });
        let outside = Here {
            scope: outer,
            class: None,
            ..here
        };
        let mut class = Class {
            binding,
            ..Class::default()
        };
        for list in fields(node, "superclasses") {
            self.bases(list, &mut class, outside);
        }
        self.base_scopes.push((index, outer));
        self.facts.classes[index as usize] = class;
        let inside = Here {
            scope: self.scopes.open(ScopeKind::Class, outer),
            guards: here.guards,
            class: Some(index),
            owner: Some(binding),
        };
        self.each(fields(node, "body"), inside);
        let found = self.decorators(decorators);
        python_class::complete(self, index, node, &found);
    }

    pub(crate) fn bases(&mut self, list: Node<'_>, class: &mut Class, here: Here) {
        for base in children(list) {
            self.visit(base, here);
            let plain = match base.kind() {
                // `Generic[T]`, `list[int]`: the class is what is subscripted.
                "subscript" => base.child_by_field_name("value").unwrap_or(base),
                _ => base,
            };
            match plain.kind() {
                "identifier" => class.bases.push(self.a_use(plain, &[], plain, None, here)),
                "attribute" => match unchained(plain) {
                    Ok((root, attributes)) => {
                        class.bases.push(self.a_use(root, &attributes, plain, None, here));
                    }
                    Err(_) => class.is_open = true,
                },
                "keyword_argument" => {
                    let text: String = self.source.text(plain).split_whitespace().collect();
                    if !matches!(&*text, "metaclass=ABCMeta" | "metaclass=abc.ABCMeta") {
                        class.is_open = true;
                        class.making = Making::Opaque;
                    }
                }
                _ => class.is_open = true,
            }
        }
    }

    pub(crate) fn lambda(&mut self, node: Node<'_>, here: Here) {
        let inner = self.scopes.open(ScopeKind::Function, here.scope);
        for list in fields(node, "parameters") {
            self.parameter_values(list, here);
            self.bind_parameters(Some(list), None, inner);
        }
        self.each(
            fields(node, "body"),
            Here {
                scope: inner,
                class: None,
                ..here
            },
        );
    }

    pub(crate) fn comprehension(&mut self, node: Node<'_>, here: Here) {
        let scope = self.scopes.open(ScopeKind::Block, here.scope);
        let inside = Here {
            scope,
            class: None,
            ..here
        };
        for clause in children(node) {
            if clause.kind() == "for_in_clause" {
                for target in fields(clause, "left") {
                    self.bind_local(target, inside);
                }
                self.rest(clause, &["left"], inside);
            } else {
                self.visit(clause, inside);
            }
        }
    }

    pub(crate) fn bind_local(&mut self, node: Node<'_>, here: Here) {
        for name in identifiers(node) {
            let name = self.source.name(name);
            self.scopes.bind(here.scope, name, Bound::Plain);
        }
    }
}

/// Whether the namespace that a `globals()` answers is only looked into.
fn is_only_read(call: Node<'_>) -> bool {
    let Some(outer) = call.parent() else {
        return false;
    };
    match outer.kind() {
        "comparison_operator" => true,
        "subscript" => outer
            .parent()
            .is_none_or(|statement| statement.child_by_field_name("left") != Some(outer)),
        "attribute" => fields(outer, "attribute")
            .iter()
            .all(|name| name.byte_range().len() == 3), // `.get`
        _ => false,
    }
}

/// `a.b.c` as its first identifier and the rest; Err with what stands first when that is no name.
pub(crate) fn unchained(node: Node<'_>) -> Result<(Node<'_>, Vec<Node<'_>>), Node<'_>> {
    let mut attributes = Vec::new();
    let mut inner = node;
    while inner.kind() == "attribute" {
        attributes.extend(inner.child_by_field_name("attribute"));
        match inner.child_by_field_name("object") {
            Some(object) => inner = object,
            None => return Err(inner),
        }
    }
    attributes.reverse();
    if inner.kind() == "identifier" {
        Ok((inner, attributes))
    } else {
        Err(inner)
    }
}

/// All identifiers below a node, attributes and subscripts left out.
pub(crate) fn identifiers(node: Node<'_>) -> Vec<Node<'_>> {
    match node.kind() {
        "identifier" => vec![node],
        "attribute" | "subscript" => Vec::new(),
        _ => children(node).into_iter().flat_map(identifiers).collect(),
    }
}
