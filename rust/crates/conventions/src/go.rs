//! Facts of Go: functions and types. Capitals say who may see a name, so both styles with them are one.

use tree_sitter::Node;

use crate::fact::Collector;
use crate::file::FileKind;
use crate::habit::Habit;
use crate::style::{CAMEL, PASCAL, styles};

/// Collect.
pub(crate) fn collect(root: Node<'_>, kind: FileKind<'_>, collector: &mut Collector<'_>) {
    let mut cursor = root.walk();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let habit = match node.kind() {
            "function_declaration" => Some(Habit::FunctionName),
            "type_spec" => Some(Habit::ClassName),
            _ => None,
        };
        if let Some((habit, name)) = habit.zip(node.child_by_field_name("name"))
            && !kind.is_test
        {
            let text = collector.text(name);
            if let Some(mask) = styles(text) {
                let mask = if mask & (CAMEL | PASCAL) == 0 { mask } else { CAMEL };
                collector.add(habit, mask, text, name, false);
            }
        }
        open.extend(node.named_children(&mut cursor));
    }
}
