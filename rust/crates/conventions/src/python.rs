//! Facts of Python.

use tree_sitter::Node;

use crate::fact::{ClassFact, Collector, Place};
use crate::file::FileKind;
use crate::habit::Habit;
use crate::python_doc;
use crate::style::is_dispatched;

/// Bases that give no names to override.
const PLAIN_BASES: [&str; 12] = [
    "object",
    "ABC",
    "Protocol",
    "Generic",
    "Exception",
    "ValueError",
    "RuntimeError",
    "Enum",
    "StrEnum",
    "IntEnum",
    "NamedTuple",
    "TypedDict",
];

/// Where a node stands.
#[derive(Clone, Copy, Default)]
struct Scope {
    /// Directly in a class: whether its methods may override others.
    class: Option<bool>,
    is_in_function: bool,
    /// Someone else may have given the names of this function.
    is_override: bool,
}

/// Collects the facts of a Python file.
pub(crate) struct PythonFacts<'a, 'b> {
    collector: &'b mut Collector<'a>,
    kind: FileKind<'b>,
    quote_counts: [u32; 2],
    first_quotes: [Option<Place>; 2],
}

impl<'a, 'b> PythonFacts<'a, 'b> {
    /// Collect.
    pub(crate) fn collect(root: Node<'_>, kind: FileKind<'b>, collector: &'b mut Collector<'a>) {
        let mut facts = Self {
            collector,
            kind,
            quote_counts: [0; 2],
            first_quotes: [None; 2],
        };
        python_doc::module(root, kind, facts.collector);
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
        match node.kind() {
            "function_definition" => self.function(node, scope),
            "class_definition" => self.class(node, scope),
            "decorated_definition" => {
                let text = self.collector.text(node);
                let is_override = text
                    .lines()
                    .take(10)
                    .any(|line| line.trim_start().starts_with('@') && line.contains("override"));
                self.children(node, Scope { is_override, ..scope });
            }
            "assignment" => {
                self.assignment(node, scope);
                self.children(node, scope);
            }
            "raise_statement" => {
                self.raised(node);
                self.children(node, scope);
            }
            "import_statement" | "import_from_statement" if !scope.is_in_function => self.import(node),
            "string" => self.string(node),
            "expression_statement" if is_lone_string(node) => {} // a docstring, or a comment in the form of a string
            _ => self.children(node, scope),
        }
    }

    fn function(&mut self, node: Node<'_>, scope: Scope) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let text = self.collector.text(name);
        let is_test = self.kind.is_test && text.starts_with("test");
        let may_override = scope.is_override || scope.class == Some(true) || is_dispatched(text);
        if is_test {
            self.collector.name(Habit::TestName, name, false);
        } else if !self.kind.is_test {
            let habit = if scope.class.is_some() {
                Habit::MethodName
            } else {
                Habit::FunctionName
            };
            self.collector.name(habit, name, may_override);
            self.parameters(node, may_override || scope.is_in_function);
            let is_public = !text.starts_with('_') && !scope.is_in_function;
            if is_public {
                python_doc::definition(node, Habit::FunctionDocstring, may_override, self.collector);
            }
        }
        let inner = Scope {
            is_in_function: true,
            ..Scope::default()
        };
        self.children(node, inner);
    }

    fn parameters(&mut self, function: Node<'_>, is_exempt: bool) {
        let Some(parameters) = function.child_by_field_name("parameters") else {
            return;
        };
        let mut cursor = parameters.walk();
        for parameter in parameters.named_children(&mut cursor) {
            let name = match parameter.kind() {
                "identifier" => Some(parameter),
                "typed_parameter" => parameter
                    .named_child(0)
                    .filter(|child| child.kind() == "identifier"),
                "default_parameter" | "typed_default_parameter" => parameter.child_by_field_name("name"),
                _ => None,
            };
            if let Some(name) = name {
                self.collector.name(Habit::ParameterName, name, is_exempt);
            }
        }
    }

    fn class(&mut self, node: Node<'_>, scope: Scope) {
        let Some(name) = node.child_by_field_name("name") else {
            return;
        };
        let text = self.collector.text(name);
        let bases = self.bases(node);
        let has_unknown_base = bases.iter().any(|base| !PLAIN_BASES.contains(&base.as_str()));
        if !self.kind.is_test {
            self.collector.name(Habit::ClassName, name, scope.is_in_function);
            if !text.starts_with('_') && !scope.is_in_function {
                python_doc::definition(node, Habit::ClassDocstring, false, self.collector);
            }
            let place = self.collector.place(name);
            self.collector.found.classes.push(ClassFact {
                name: text.to_owned(),
                bases,
                place,
            });
        }
        // A metaclass or a class decorator may ask for names as well as a base.
        let is_decorated = node
            .parent()
            .is_some_and(|parent| parent.kind() == "decorated_definition");
        let inner = Scope {
            class: Some(has_unknown_base || (is_decorated && scope.is_override)),
            ..Scope::default()
        };
        self.children(node, inner);
    }

    /// The last parts of the names of the bases; keyword arguments count as unknown bases.
    fn bases(&self, class: Node<'_>) -> Vec<String> {
        let Some(arguments) = class.child_by_field_name("superclasses") else {
            return Vec::new();
        };
        let mut cursor = arguments.walk();
        let named = arguments
            .named_children(&mut cursor)
            .filter(|child| child.kind() != "comment");
        let last = named.map(|base| {
            let text = self.collector.text(base);
            let plain = text.split('[').next().unwrap_or(text).trim();
            plain.rsplit('.').next().unwrap_or(plain).to_owned()
        });
        last.collect()
    }

    fn assignment(&mut self, node: Node<'_>, scope: Scope) {
        let (Some(left), Some(right)) = (
            node.child_by_field_name("left"),
            node.child_by_field_name("right"),
        ) else {
            return;
        };
        if left.kind() != "identifier" || scope.class.is_some() || self.kind.is_test {
            return;
        }
        if scope.is_in_function {
            // A class or a constant may be made in a function.
            let is_other = self
                .collector
                .text(left)
                .trim_start_matches('_')
                .starts_with(char::is_uppercase);
            self.collector.name(Habit::VariableName, left, is_other);
        } else if matches!(right.kind(), "integer" | "float" | "string" | "tuple") {
            self.collector.name(Habit::ConstantName, left, false);
        }
    }

    fn raised(&mut self, node: Node<'_>) {
        let Some(error) = node.named_child(0).filter(|error| error.kind() == "call") else {
            return;
        };
        let Some(class) = error.child_by_field_name("function") else {
            return;
        };
        let text = self.collector.text(class);
        let name = text.rsplit('.').next().unwrap_or(text).to_owned();
        let place = self.collector.place(error);
        if !self.kind.is_test && name.starts_with(char::is_uppercase) {
            self.collector.found.raised.push((name, place));
        }
    }

    fn import(&mut self, node: Node<'_>) {
        let is_from = node.kind() == "import_from_statement";
        let module = node.child_by_field_name(if is_from { "module_name" } else { "name" });
        let Some(module) = module else {
            return;
        };
        let text = self.collector.text(module);
        let is_relative = text.starts_with('.');
        let is_own = is_relative || self.kind.is_own_package(text);
        let line = self.collector.text(node);
        if is_own && self.kind.package.is_some() {
            self.collector.add(
                Habit::ImportReach,
                if is_relative { 1 } else { 2 },
                line,
                node,
                self.kind.is_test,
            );
        }
        if !is_relative {
            self.collector
                .add(Habit::ImportForm, if is_from { 1 } else { 2 }, line, node, true);
        }
    }

    fn string(&mut self, node: Node<'_>) {
        let text = self.collector.text(node);
        let body = text.trim_start_matches(|character: char| character.is_ascii_alphabetic());
        let is_triple = body.starts_with("\"\"\"") || body.starts_with("'''");
        let choice = match body.as_bytes().first() {
            Some(b'"') => 0,
            Some(b'\'') => 1,
            _ => return,
        };
        // The other quotes inside are a reason; so are the strings in the braces of a formatted one.
        let inner = body.get(1..body.len().saturating_sub(1)).unwrap_or_default();
        if is_triple || inner.contains(['"', '\'', '{']) || inner.is_empty() {
            return;
        }
        self.quote_counts[choice] += 1;
        let place = self.collector.place(node);
        self.first_quotes[choice].get_or_insert(place);
    }
}

fn is_lone_string(statement: Node<'_>) -> bool {
    statement.named_child_count() == 1
        && statement
            .named_child(0)
            .is_some_and(|child| child.kind() == "string")
}
