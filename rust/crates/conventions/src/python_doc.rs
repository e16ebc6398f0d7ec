//! Docstrings, and the grouping of imports.

use tree_sitter::Node;

use crate::fact::Collector;
use crate::file::FileKind;
use crate::habit::Habit;

/// Facts of the module as a whole.
pub(crate) fn module(root: Node<'_>, kind: FileKind<'_>, collector: &mut Collector<'_>) {
    if kind.is_test || kind.is_stub {
        return;
    }
    let docstring = first_statement(root).and_then(string_of);
    if root.named_child_count() > 0 && !kind.is_package_file {
        let mask = if docstring.is_some() { 1 } else { 2 };
        let first = root.named_child(0).unwrap_or(root);
        collector.add(Habit::ModuleDocstring, mask, "module", first, false);
    }
    if let Some(docstring) = docstring {
        shape(docstring, collector);
    }
    groups(root, kind, collector);
}

/// Facts of a function or a class.
pub(crate) fn definition(node: Node<'_>, habit: Habit, is_exempt: bool, collector: &mut Collector<'_>) {
    let docstring = node
        .child_by_field_name("body")
        .and_then(first_statement)
        .and_then(string_of);
    if let Some(name) = node.child_by_field_name("name") {
        let mask = if docstring.is_some() { 1 } else { 2 };
        let text = collector.text(name);
        collector.add(habit, mask, text, name, is_exempt);
    }
    if let Some(docstring) = docstring {
        shape(docstring, collector);
    }
}

fn first_statement(block: Node<'_>) -> Option<Node<'_>> {
    let mut cursor = block.walk();
    let mut statements = block
        .named_children(&mut cursor)
        .filter(|child| child.kind() != "comment");
    statements.next()
}

fn string_of(statement: Node<'_>) -> Option<Node<'_>> {
    let child = statement
        .named_child(0)
        .filter(|_| statement.kind() == "expression_statement")?;
    (child.kind() == "string").then_some(child)
}

fn shape(docstring: Node<'_>, collector: &mut Collector<'_>) {
    let text = collector.text(docstring);
    let identity = text.lines().take(3).collect::<Vec<_>>().join(" ");
    let quoted = text.trim_start_matches(['r', 'R', 'u', 'U']);
    let body = quoted
        .strip_prefix("\"\"\"")
        .or_else(|| quoted.strip_prefix("'''"));
    if let Some(body) = body.filter(|body| body.contains('\n')) {
        let begins_below = body
            .lines()
            .next()
            .is_none_or(|line| line.trim().is_empty() || line.trim() == "\\");
        let mask = if begins_below { 2 } else { 1 };
        collector.add(Habit::DocstringStart, mask, &identity, docstring, false);
    }
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let has_rule = |name: &str| {
        lines
            .windows(2)
            .any(|pair| pair[0] == name && pair[1].starts_with("---"))
    };
    let mask = u8::from(lines.contains(&"Args:"))
        | u8::from(has_rule("Parameters")) << 1
        | u8::from(lines.iter().any(|line| line.starts_with(":param "))) << 2;
    if mask.is_power_of_two() {
        collector.add(Habit::DocstringSections, mask, &identity, docstring, false);
    }
}

/// Whether a blank line stands between the last import of another package and the first own one behind it.
fn groups(root: Node<'_>, kind: FileKind<'_>, collector: &mut Collector<'_>) {
    let mut cursor = root.walk();
    let mut other: Option<Node<'_>> = None;
    for statement in root.named_children(&mut cursor) {
        let field = match statement.kind() {
            "import_statement" => "name",
            "import_from_statement" => "module_name",
            _ => continue,
        };
        let Some(module) = statement.child_by_field_name(field) else {
            continue;
        };
        let text = collector.text(module);
        if !text.starts_with('.') && !kind.is_own_package(text) {
            other = Some(statement);
            continue;
        }
        let Some(other) = other else {
            return;
        };
        let between = collector
            .source
            .get(other.end_byte()..statement.start_byte())
            .unwrap_or_default();
        let is_apart = between.lines().skip(1).any(|line| line.trim().is_empty());
        collector.add(
            Habit::ImportGroups,
            if is_apart { 1 } else { 2 },
            "imports",
            statement,
            false,
        );
        return;
    }
}
