//! Parameters and arguments of scripts.

use tree_sitter::Node;

use crate::facts::{CallShape, Name, Parameter, ParameterKind, Signature};
use crate::source::{Source, children, fields};

/// The nodes of a function's parameters, in order.
pub(crate) fn parameters(function: Node<'_>) -> Vec<Node<'_>> {
    let single = fields(function, "parameter");
    if !single.is_empty() {
        return single;
    }
    fields(function, "parameters")
        .into_iter()
        .flat_map(children)
        .collect()
}

/// The shape of a function, method or arrow function.
pub(crate) fn signature(source: &mut Source<'_>, function: Node<'_>) -> Signature {
    let mut shape = Signature::default();
    for node in parameters(function) {
        let pattern = node.child_by_field_name("pattern").unwrap_or(node);
        if source.text(pattern) == "this" {
            continue;
        }
        let is_rest = pattern.kind() == "rest_pattern";
        let has_default =
            node.child_by_field_name("value").is_some() || pattern.kind() == "assignment_pattern";
        shape.parameters.push(Parameter {
            name: source.name(pattern),
            kind: if is_rest {
                ParameterKind::Rest
            } else {
                ParameterKind::Positional
            },
            is_optional: is_rest
                || has_default
                || node.kind() == "optional_parameter"
                || may_be_left(source, node),
        });
    }
    shape.text = match fields(function, "parameters").first() {
        Some(list) => source.line(*list),
        None => format!(
            "({})",
            shape.parameters.iter().map(|one| &*one.name).collect::<String>()
        ),
    };
    if let Some(answer) = function.child_by_field_name("return_type") {
        shape.text += &source.line(answer);
    }
    shape
}

/// A parameter of type `void`, `any` or `unknown`, or one whose type is not written, can be left out.
fn may_be_left(source: &Source<'_>, parameter: Node<'_>) -> bool {
    let Some(annotation) = parameter.child_by_field_name("type") else {
        return true;
    };
    source
        .text(annotation)
        .split(|character: char| !character.is_alphanumeric())
        .any(|word| matches!(word, "void" | "any" | "unknown"))
}

/// The arguments of a `call_expression`.
pub(crate) fn call_shape(call: Node<'_>) -> CallShape {
    let mut shape = CallShape::default();
    for list in fields(call, "arguments") {
        if list.kind() == "template_string" {
            shape.has_spread = true;
            continue;
        }
        for argument in children(list) {
            if argument.kind() == "spread_element" {
                shape.has_spread = true;
            } else {
                shape.positional += 1;
            }
        }
    }
    shape
}

/// The module of `require("x")`.
pub(crate) fn required(value: Node<'_>, source: &mut Source<'_>) -> Option<Name> {
    let function = value.child_by_field_name("function")?;
    if value.kind() != "call_expression" || source.text(function) != "require" {
        return None;
    }
    let arguments = children(value.child_by_field_name("arguments")?);
    let module = arguments.first().filter(|module| module.kind() == "string")?;
    Some(string_text(*module, source))
}

/// The text of a string literal.
pub(crate) fn string_text(node: Node<'_>, source: &mut Source<'_>) -> Name {
    let text = source.text(node).trim_matches(['"', '\'', '`']);
    source.intern(text)
}

/// `a.b.c` as its first identifier and the rest; Err with what stands first when that is no name.
pub(crate) fn unchained(node: Node<'_>) -> Result<(Node<'_>, Vec<Node<'_>>), Node<'_>> {
    let mut attributes = Vec::new();
    let mut inner = node;
    loop {
        let (object, property) = match inner.kind() {
            "member_expression" | "nested_identifier" => ("object", "property"),
            "nested_type_identifier" => ("module", "name"),
            "identifier" => break,
            _ => return Err(inner),
        };
        attributes.extend(inner.child_by_field_name(property));
        match inner.child_by_field_name(object) {
            Some(object) => inner = object,
            None => return Err(inner),
        }
    }
    attributes.reverse();
    Ok((inner, attributes))
}

/// Whether a declaration says `const`.
pub(crate) fn is_constant(declaration: Node<'_>, source: &Source<'_>) -> bool {
    declaration
        .child_by_field_name("kind")
        .is_some_and(|kind| source.text(kind) == "const")
}
