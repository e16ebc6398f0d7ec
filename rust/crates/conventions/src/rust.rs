//! Facts of Rust: the compiler knows the names of the language, so only functions and types are looked at.

use tree_sitter::Node;

use crate::fact::Collector;
use crate::file::FileKind;
use crate::habit::Habit;

/// Collect.
pub(crate) fn collect(root: Node<'_>, kind: FileKind<'_>, collector: &mut Collector<'_>) {
    let mut cursor = root.walk();
    let mut open = vec![(root, false)];
    while let Some((node, is_given)) = open.pop() {
        let habit = match node.kind() {
            "function_item" => Some(Habit::FunctionName),
            "struct_item" | "enum_item" | "trait_item" => Some(Habit::ClassName),
            "const_item" => Some(Habit::ConstantName),
            _ => None,
        };
        if let Some((habit, name)) = habit.zip(node.child_by_field_name("name"))
            && !kind.is_test
        {
            collector.name(habit, name, is_given);
        }
        // Methods of a trait are named by the trait, and foreign functions by their library.
        let is_trait = node.kind() == "impl_item" && node.child_by_field_name("trait").is_some();
        let is_given =
            is_given || is_trait || node.kind() == "foreign_mod_item" || node.kind() == "macro_definition";
        open.extend(node.named_children(&mut cursor).map(|child| (child, is_given)));
    }
}
