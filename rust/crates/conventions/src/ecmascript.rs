//! Facts of JavaScript and TypeScript.

use tree_sitter::Node;

use crate::fact::{Collector, Place};
use crate::file::FileKind;
use crate::habit::Habit;

/// Where a node stands.
#[derive(Clone, Copy, Default)]
struct Scope {
    is_in_function: bool,
    /// In a class whose methods may override others.
    is_in_subclass: bool,
}

/// Collects the facts of a script.
pub(crate) struct ScriptFacts<'a, 'b> {
    collector: &'b mut Collector<'a>,
    kind: FileKind<'b>,
    quote_counts: [u32; 2],
    first_quotes: [Option<Place>; 2],
}

impl<'a, 'b> ScriptFacts<'a, 'b> {
    /// Collect.
    pub(crate) fn collect(root: Node<'_>, kind: FileKind<'b>, collector: &'b mut Collector<'a>) {
        let mut facts = Self {
            collector,
            kind,
            quote_counts: [0; 2],
            first_quotes: [None; 2],
        };
        facts.children(root, Scope::default());
        facts.collector.quotes(facts.quote_counts, facts.first_quotes);
    }

    fn children(&mut self, node: Node<'_>, scope: Scope) {
        let mut cursor = node.walk();
        if !cursor.goto_first_child() {
            return;
        }
        loop {
            self.visit(cursor.node(), scope);
            if !cursor.goto_next_sibling() {
                return;
            }
        }
    }

    fn visit(&mut self, node: Node<'_>, scope: Scope) {
        let inner = match node.kind() {
            "function_declaration" | "generator_function_declaration" => {
                self.function(node, scope);
                Scope {
                    is_in_function: true,
                    ..Scope::default()
                }
            }
            "function_expression" | "arrow_function" => Scope {
                is_in_function: true,
                ..scope
            },
            "method_definition" => {
                self.method(node, scope);
                Scope {
                    is_in_function: true,
                    ..Scope::default()
                }
            }
            "class_declaration" | "abstract_class_declaration" | "class" => self.class(node, scope),
            "variable_declarator" => {
                self.variable(node, scope);
                scope
            }
            "import_statement" => {
                self.module(node, 1);
                scope
            }
            "call_expression" => {
                self.call(node);
                scope
            }
            "string" if node.is_named() => return self.string(node), // `string` is also a type
            _ => scope,
        };
        self.children(node, inner);
    }

    fn function(&mut self, node: Node<'_>, scope: Scope) {
        if let Some(name) = node.child_by_field_name("name") {
            self.function_name(name);
        }
        self.parameters(node, scope);
    }

    /// A capital first letter says component or constructor, which is another thing than a function.
    fn function_name(&mut self, name: Node<'_>) {
        let is_component = self.collector.text(name).starts_with(char::is_uppercase);
        if !self.kind.is_test && !is_component {
            self.collector.name(Habit::FunctionName, name, false);
        }
    }

    fn parameters(&mut self, function: Node<'_>, scope: Scope) {
        let Some(parameters) = function.child_by_field_name("parameters") else {
            return;
        };
        if self.kind.is_test {
            return;
        }
        let mut cursor = parameters.walk();
        for parameter in parameters.named_children(&mut cursor) {
            let name = match parameter.kind() {
                "identifier" => Some(parameter),
                "required_parameter" | "optional_parameter" => parameter.child_by_field_name("pattern"),
                "assignment_pattern" => parameter.child_by_field_name("left"),
                _ => None,
            };
            if let Some(name) = name.filter(|name| name.kind() == "identifier") {
                let is_class = self.collector.text(name).starts_with(char::is_uppercase);
                self.collector
                    .name(Habit::ParameterName, name, is_class || scope.is_in_subclass);
            }
        }
    }

    fn method(&mut self, node: Node<'_>, scope: Scope) {
        let name = node
            .child_by_field_name("name")
            .filter(|name| name.kind() == "property_identifier");
        let is_in_class = node.parent().is_some_and(|parent| parent.kind() == "class_body");
        if let Some(name) = name.filter(|_| is_in_class && !self.kind.is_test) {
            self.collector.name(Habit::MethodName, name, scope.is_in_subclass);
            self.parameters(node, scope);
        }
    }

    fn class(&mut self, node: Node<'_>, scope: Scope) -> Scope {
        if let Some(name) = node.child_by_field_name("name").filter(|_| !self.kind.is_test) {
            self.collector.name(Habit::ClassName, name, scope.is_in_function);
        }
        let mut cursor = node.walk();
        let mut children = node.children(&mut cursor);
        Scope {
            is_in_subclass: children.any(|child| child.kind() == "class_heritage"),
            ..Scope::default()
        }
    }

    fn variable(&mut self, node: Node<'_>, scope: Scope) {
        let name = node
            .child_by_field_name("name")
            .filter(|name| name.kind() == "identifier");
        let (Some(name), Some(value)) = (name, node.child_by_field_name("value")) else {
            return;
        };
        if self.kind.is_test {
            return;
        }
        match value.kind() {
            "arrow_function" | "function_expression" => {
                self.function_name(name);
                self.parameters(value, scope);
            }
            "number" | "string" if !scope.is_in_function => {}
            _ if scope.is_in_function => {
                let is_other = self
                    .collector
                    .text(name)
                    .trim_start_matches('_')
                    .starts_with(char::is_uppercase);
                self.collector.name(Habit::VariableName, name, is_other);
            }
            _ => {}
        }
    }

    fn call(&mut self, node: Node<'_>) {
        let function = node
            .child_by_field_name("function")
            .map(|function| self.collector.text(function));
        let argument = node
            .child_by_field_name("arguments")
            .and_then(|arguments| arguments.named_child(0));
        if function == Some("require") && argument.is_some_and(|argument| argument.kind() == "string") {
            self.module(node, 2);
        }
    }

    fn module(&mut self, node: Node<'_>, mask: u8) {
        let text = self.collector.text(node);
        // The name of a file decides which of the two it must use, and so may the build.
        self.collector
            .add(Habit::ModuleSystem, mask, text, node, self.kind.is_test);
    }

    fn string(&mut self, node: Node<'_>) {
        let text = self.collector.text(node);
        let is_attribute = node
            .parent()
            .is_some_and(|parent| parent.kind() == "jsx_attribute");
        let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
        if is_attribute || inner.is_empty() || inner.contains(['"', '\'']) {
            return;
        }
        let choice = usize::from(text.starts_with('\''));
        self.quote_counts[choice] += 1;
        let place = self.collector.place(node);
        self.first_quotes[choice].get_or_insert(place);
    }
}
