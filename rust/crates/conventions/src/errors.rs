//! Which classes are errors of the project.

use std::collections::HashSet;

use crate::fact::{ClassFact, Fact, Facts};
use crate::habit::Habit;

/// Errors that say what went wrong in the project's own work. Others (`TypeError`, `NotImplementedError`) belong to
/// the language.
const BUILTIN: [&str; 8] = [
    "Exception",
    "ValueError",
    "RuntimeError",
    "KeyError",
    "LookupError",
    "OSError",
    "IOError",
    "PermissionError",
];

/// The error classes of a repository, by name.
#[derive(Debug, Default)]
pub(crate) struct ErrorTypes {
    own: HashSet<String>,
    /// Those that others derive from.
    parents: HashSet<String>,
}

impl ErrorTypes {
    /// All classes that are errors, directly or through others.
    pub(crate) fn of<'a>(classes: impl Iterator<Item = &'a ClassFact> + Clone) -> Self {
        let mut own = HashSet::new();
        loop {
            let is_error = |base: &String| BUILTIN.contains(&base.as_str()) || own.contains(base);
            let fresh = classes
                .clone()
                .filter(|class| !own.contains(&class.name) && class.bases.iter().any(is_error));
            let fresh: Vec<_> = fresh.map(|class| class.name.clone()).collect();
            if fresh.is_empty() {
                break;
            }
            own.extend(fresh);
        }
        let parents = classes.flat_map(|class| class.bases.iter().cloned()).collect();
        Self { own, parents }
    }

    /// Add what the classes and raised errors of a file say, once the error types of the repository are known.
    pub(crate) fn add_facts(&self, facts: &mut Facts) {
        let local: HashSet<&str> = facts
            .classes
            .iter()
            .flat_map(|class| &class.bases)
            .map(String::as_str)
            .collect();
        let mut found = Vec::new();
        for class in &facts.classes {
            let is_derived = class.bases.iter().any(|base| self.own.contains(base));
            let is_direct = class.bases.iter().any(|base| BUILTIN.contains(&base.as_str()));
            let is_parent = self.parents.contains(&class.name) || local.contains(class.name.as_str());
            if is_derived || (is_direct && !is_parent) {
                found.push(answer(Habit::ErrorBase, is_derived, &class.name, class.place));
            }
        }
        for (name, place) in &facts.raised {
            if self.own.contains(name) || BUILTIN.contains(&name.as_str()) {
                found.push(answer(Habit::RaisedError, self.own.contains(name), name, *place));
            }
        }
        facts.facts.extend(found);
    }
}

fn answer(habit: Habit, is_own: bool, text: &str, place: crate::fact::Place) -> Fact {
    Fact {
        habit,
        mask: if is_own { 1 } else { 2 },
        weight: 1,
        text: text.to_owned(),
        place,
        is_exempt: false,
    }
}
