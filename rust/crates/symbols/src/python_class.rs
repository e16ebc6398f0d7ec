//! What the body and the decorators of a Python class say of its instances.

use tree_sitter::Node;

use crate::facts::{Field, Making};
use crate::python_facts::Walker;
use crate::python_signature::Decorators;
use crate::source::{children, fields};

/// Names in a class that let attributes come from elsewhere.
const OPENING: [&str; 4] = [
    "__getattr__",
    "__getattribute__",
    "__init_subclass__",
    "__slots__",
];

/// Fill in what is known only when the body has been walked.
pub(crate) fn complete(walker: &mut Walker<'_>, index: u32, node: Node<'_>, found: &Decorators<'_>) {
    let class = &walker.facts.classes[index as usize];
    let is_opening = OPENING.iter().any(|name| class.members.contains_key(*name));
    let is_tuple = class.bases.iter().any(|base| {
        let last = base.attributes.last().unwrap_or(&base.root);
        matches!(&**last, "NamedTuple")
    });
    let is_open = class.is_open || is_opening || found.is_opaque;
    let making = match (&class.making, found.dataclass) {
        (Making::Opaque, _) => Making::Opaque,
        _ if found.is_opaque => Making::Opaque,
        (_, Some(decorator)) => dataclass(walker, node, decorator, index),
        _ if is_tuple => body_fields(walker, node, false).map_or(Making::Opaque, Making::Fields),
        _ => Making::Plain,
    };
    let class = &mut walker.facts.classes[index as usize];
    class.is_open = is_open;
    class.making = making;
}

fn dataclass(walker: &Walker<'_>, node: Node<'_>, decorator: Node<'_>, index: u32) -> Making {
    let class = &walker.facts.classes[index as usize];
    if class.members.contains_key("__init__") {
        return Making::Plain;
    }
    let options: String = walker.source.text(decorator).split_whitespace().collect();
    if options.contains("init=") || options.contains("**") {
        return Making::Opaque;
    }
    match body_fields(walker, node, options.contains("kw_only=True")) {
        Some(found) => Making::Fields(found),
        None => Making::Opaque,
    }
}

/// The annotated names of a class body; None when one is out of the ordinary.
fn body_fields(walker: &Walker<'_>, node: Node<'_>, is_keyword: bool) -> Option<Vec<Field>> {
    let mut found: Vec<Field> = Vec::new();
    let mut is_keyword = is_keyword;
    for statement in fields(node, "body").into_iter().flat_map(children) {
        if matches!(
            statement.kind(),
            "if_statement" | "try_statement" | "for_statement" | "with_statement"
        ) {
            return None;
        }
        let Some(assignment) = children(statement)
            .into_iter()
            .find(|part| part.kind() == "assignment")
        else {
            continue;
        };
        let (Some(left), Some(annotation)) = (
            assignment.child_by_field_name("left"),
            assignment.child_by_field_name("type"),
        ) else {
            continue;
        };
        let text = walker.source.text(annotation);
        if text.contains("ClassVar") {
            continue;
        }
        if text.ends_with("KW_ONLY") {
            is_keyword = true;
            continue;
        }
        let value = assignment.child_by_field_name("right");
        let value_text: String = value
            .map(|value| walker.source.text(value).split_whitespace().collect())
            .unwrap_or_default();
        if value_text.contains("init=") || value_text.contains("kw_only=") || value_text.contains("**") {
            return None;
        }
        let is_bare_field = value_text.contains("field(") && !value_text.contains("default");
        let name = walker.source.text(left);
        found.retain(|known| &*known.name != name);
        found.push(Field {
            name: name.into(),
            is_optional: value.is_some() && !is_bare_field,
            is_keyword,
        });
    }
    Some(found)
}
