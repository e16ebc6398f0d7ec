//! Parameters, arguments and decorators of Python.

use tree_sitter::Node;

use crate::facts::{CallShape, Parameter, ParameterKind, Receiver, Signature};
use crate::source::{Source, children, fields};

/// Decorators that leave a function callable as it is written, by their last name, when they come from [`ORIGINS`].
const TRANSPARENT: [&str; 9] = [
    "abstractmethod",
    "override",
    "final",
    "overload",
    "lru_cache",
    "cache",
    "contextmanager",
    "asynccontextmanager",
    "no_type_check",
];

/// Modules whose decorators are known.
pub(crate) const ORIGINS: [&str; 7] = [
    "functools",
    "contextlib",
    "typing",
    "typing_extensions",
    "abc",
    "dataclasses",
    "enum",
];

/// Decorators that make an attribute of a method.
const PROPERTIES: [&str; 6] = [
    "property",
    "cached_property",
    "abstractproperty",
    "setter",
    "getter",
    "deleter",
];

/// What the decorators say of a definition.
#[derive(Default)]
pub(crate) struct Decorators<'t> {
    pub receiver: Receiver,
    pub is_property: bool,
    pub is_overload: bool,
    pub is_opaque: bool,
    pub dataclass: Option<Node<'t>>,
}

/// Read decorators. `is_known` tells whether a first name was imported from one of [`ORIGINS`].
pub(crate) fn decorators<'t>(
    source: &Source<'_>,
    nodes: &[Node<'t>],
    is_known: impl Fn(&str) -> bool,
) -> Decorators<'t> {
    let mut found = Decorators::default();
    for node in nodes {
        let Some(expression) = children(*node).into_iter().next() else {
            continue;
        };
        let callee = expression.child_by_field_name("function").unwrap_or(expression);
        let text = source.text(callee);
        let (root, last) = (
            text.split('.').next().unwrap_or_default(),
            text.rsplit('.').next().unwrap_or_default(),
        );
        match last {
            "staticmethod" => found.receiver = Receiver::Static,
            "classmethod" => found.receiver = Receiver::Class,
            "dataclass" if is_known(root) => found.dataclass = Some(expression),
            _ if PROPERTIES.contains(&last) => found.is_property = true,
            _ if TRANSPARENT.contains(&last) && is_known(root) => found.is_overload |= last == "overload",
            "unique" | "total_ordering" | "runtime_checkable" if is_known(root) => {}
            _ => found.is_opaque = true,
        }
    }
    found
}

/// The shape of a `function_definition`.
pub(crate) fn signature(source: &mut Source<'_>, node: Node<'_>, found: &Decorators<'_>) -> Signature {
    let mut signature = Signature {
        is_opaque: found.is_opaque,
        is_overload: found.is_overload,
        receiver: found.receiver,
        ..Signature::default()
    };
    if let Some(list) = node.child_by_field_name("parameters") {
        signature.text = source.line(list);
        signature.parameters = parameters(source, list);
    }
    if let Some(answer) = node.child_by_field_name("return_type") {
        signature.text += " -> ";
        signature.text += &source.line(answer);
    }
    signature
}

fn parameters(source: &mut Source<'_>, list: Node<'_>) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    let mut kind = ParameterKind::Normal;
    for node in children(list) {
        let (name, is_optional) = match node.kind() {
            "positional_separator" => {
                for before in &mut found {
                    before.kind = ParameterKind::Positional;
                }
                continue;
            }
            "keyword_separator" => {
                kind = ParameterKind::Keyword;
                continue;
            }
            "default_parameter" | "typed_default_parameter" => (node.child_by_field_name("name"), true),
            "typed_parameter" => (children(node).into_iter().next(), false),
            _ => (Some(node), false),
        };
        let Some(name) = name else { continue };
        match name.kind() {
            "list_splat_pattern" => {
                found.push(rest(source, name, ParameterKind::Rest));
                kind = ParameterKind::Keyword;
            }
            "dictionary_splat_pattern" => found.push(rest(source, name, ParameterKind::Keywords)),
            _ => found.push(Parameter {
                name: source.name(name),
                kind,
                is_optional,
            }),
        }
    }
    found
}

fn rest(source: &mut Source<'_>, node: Node<'_>, kind: ParameterKind) -> Parameter {
    let inner = children(node).into_iter().next().unwrap_or(node);
    Parameter {
        name: source.name(inner),
        kind,
        is_optional: true,
    }
}

/// The identifiers that parameters bind.
pub(crate) fn bound_parameters(list: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    for node in children(list) {
        let name = match node.kind() {
            "default_parameter" | "typed_default_parameter" => node.child_by_field_name("name"),
            "typed_parameter" => children(node).into_iter().next(),
            _ => Some(node),
        };
        match name {
            Some(name) if name.kind() == "identifier" => found.push(name),
            Some(name) => found.extend(
                children(name)
                    .into_iter()
                    .filter(|inner| inner.kind() == "identifier"),
            ),
            None => {}
        }
    }
    found
}

/// The arguments of a `call`.
pub(crate) fn call_shape(source: &mut Source<'_>, call: Node<'_>) -> CallShape {
    let mut shape = CallShape::default();
    for list in fields(call, "arguments") {
        if list.kind() == "generator_expression" {
            shape.positional = 1;
            return shape;
        }
        for argument in children(list) {
            match argument.kind() {
                "list_splat" => shape.has_spread = true,
                "dictionary_splat" => shape.has_keyword_spread = true,
                "keyword_argument" => {
                    if let Some(name) = argument.child_by_field_name("name") {
                        shape.keywords.push(source.name(name));
                    }
                }
                "parenthesized_expression" if source.text(argument).starts_with("(*") => {
                    shape.has_spread = true;
                }
                _ => shape.positional += 1,
            }
        }
    }
    shape
}
