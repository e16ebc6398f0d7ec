//! Which failures a Python program expects at a place.

use tree_sitter::Node;

use crate::facts::Guards;
use crate::source::{Source, children};

const IMPORT: [&str; 4] = ["ImportError", "ModuleNotFoundError", "Exception", "BaseException"];
const ANY: [&str; 3] = ["NameError", "AttributeError", "TypeError"];

/// Words in a condition that ask where the program runs, or what exists.
const QUESTIONS: [&str; 12] = [
    "version_info",
    "platform",
    "hexversion",
    "implementation",
    "hasattr",
    "WINDOWS",
    "WIN",
    "PYPY",
    "IS_WINDOWS",
    "IS_PYPY",
    "python_implementation",
    "find_spec",
];

/// The guards inside the body of a `try`.
pub(crate) fn of_try(source: &Source<'_>, node: Node<'_>, outer: Guards) -> Guards {
    let mut guards = outer;
    for handler in children(node) {
        if !handler.kind().starts_with("except") {
            continue;
        }
        match children(handler).into_iter().next() {
            Some(caught) if caught.kind() != "block" => {
                let text = source.text(caught);
                guards.import |= mentions(text, &IMPORT);
                guards.any |= mentions(text, &ANY);
            }
            // A bare `except:`.
            _ => {
                guards = Guards {
                    import: true,
                    any: true,
                    ..guards
                }
            }
        }
    }
    guards
}

/// The guards inside a `with`: errors that are suppressed or expected by a test.
pub(crate) fn of_with(source: &Source<'_>, clause: Node<'_>, outer: Guards) -> Guards {
    let text = source.text(clause);
    let is_expected = ["suppress(", "raises(", "assertRaises", "warns("]
        .iter()
        .any(|word| text.contains(word));
    Guards {
        import: outer.import || (is_expected && mentions(text, &IMPORT)),
        any: outer.any || (is_expected && (mentions(text, &ANY) || mentions(text, &["Exception"]))),
        ..outer
    }
}

/// The guards in both branches of a condition that asks for a version, a platform or an attribute.
pub(crate) fn of_condition(source: &Source<'_>, condition: Node<'_>, outer: Guards) -> Guards {
    let text = source.text(condition);
    // A name other than `__main__` tells of source that another program runs with names of its own.
    let is_hosted = text.contains("__name__") && !text.contains("__main__");
    let is_asked = mentions(text, &QUESTIONS)
        || text.contains("PY2")
        || text.contains("PY3")
        || text.contains("os.name")
        || is_hosted;
    Guards {
        import: outer.import || is_asked,
        any: outer.any || is_asked,
        branch: true,
    }
}

/// `TYPE_CHECKING` in any spelling.
pub(crate) fn is_type_checking(source: &Source<'_>, condition: Node<'_>) -> bool {
    source.text(condition).ends_with("TYPE_CHECKING")
}

fn mentions(text: &str, words: &[&str]) -> bool {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
        .any(|word| words.contains(&word))
}
