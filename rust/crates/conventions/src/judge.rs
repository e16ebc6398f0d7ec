//! Judging a file by the conventions around it.

use std::collections::HashMap;

use crate::evidence::{Evidence, STRICT_LIMIT};
use crate::fact::{Fact, Place};
use crate::file::facts_of;
use crate::habit::{Family, Habit, Severity};
use crate::learn::{Conventions, run};
use crate::style::is_composed;

/// A file that has more is of another make; the first say it.
const MAX_DEVIATIONS: usize = 50;

/// Something that a change does in another way than the repository.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// Which question.
    pub habit: Habit,
    /// Whether it refuses the change.
    pub severity: Severity,
    /// What is different, with the evidence.
    pub message: String,
    /// What stands there.
    pub text: String,
    /// Where.
    pub place: Place,
}

impl Conventions {
    /// The deviations of a file that were not in it when the conventions were learned; None when it is not looked at
    /// (another language, foreign, generated, or with syntax errors). `moved_from` are paths that are gone: a file
    /// that was moved brings its deviations along.
    pub fn judge(&self, path: &str, source: &[u8], moved_from: &[String]) -> Option<Vec<Deviation>> {
        let (family, mut facts) = run(|| facts_of(path, source, &self.packages))?;
        self.errors.add_facts(&mut facts);
        let text = String::from_utf8_lossy(source);
        let mut known = self.known_of(path, moved_from);
        let mut found = Vec::new();
        for fact in &facts.facts {
            let Some((folder, evidence)) = self.deviation(family, path, fact) else {
                continue;
            };
            if let Some(left) = known
                .get_mut(&(fact.habit, fact.text.clone()))
                .filter(|left| **left > 0)
            {
                *left -= 1;
                continue;
            }
            if fact.habit.is_name() && (self.words.contains(&fact.text) || is_given(&text, fact)) {
                continue;
            }
            found.push(Deviation {
                habit: fact.habit,
                severity: severity(fact.habit, evidence),
                message: message(fact, folder, evidence),
                text: fact.text.clone(),
                place: fact.place,
            });
            if found.len() == MAX_DEVIATIONS {
                break;
            }
        }
        Some(found)
    }

    /// The convention that a fact deviates from.
    pub(crate) fn deviation(&self, family: Family, path: &str, fact: &Fact) -> Option<(&str, Evidence)> {
        if fact.is_exempt {
            return None;
        }
        let is_named = fact.habit.is_name() || fact.habit == Habit::FileName;
        if is_named && (fact.mask == 0 || !is_composed(&fact.text)) {
            return None;
        }
        let (folder, evidence) = self.holding(family, fact.habit, path)?;
        let deviates = fact.mask >> evidence.choice & 1 == 0 && fact.habit.is_asked(evidence.choice);
        deviates.then_some((folder, evidence))
    }

    fn known_of(&self, path: &str, moved_from: &[String]) -> HashMap<(Habit, String), usize> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let mut all: HashMap<_, usize> = HashMap::new();
        for known in moved_from.iter().filter_map(|gone| self.known.get(gone)) {
            for (deviation, count) in known {
                *all.entry(deviation.clone()).or_default() += count;
            }
        }
        all
    }
}

/// Whether a name is probably not the author's: it also stands in quotes (a key of some format), or a parameter or
/// variable is named like an attribute of something else.
fn is_given(source: &str, fact: &Fact) -> bool {
    let name = &fact.text;
    let is_quoted = ['"', '\'', '`']
        .iter()
        .any(|quote| source.contains(&format!("{quote}{name}{quote}")));
    let is_value = matches!(fact.habit, Habit::ParameterName | Habit::VariableName);
    is_quoted || (is_value && source.contains(&format!(".{name}")))
}

/// Whether a deviation refuses a change: when the habit is one that can, and hardly anything here deviates.
fn severity(habit: Habit, evidence: Evidence) -> Severity {
    if evidence.limit >= STRICT_LIMIT {
        habit.severity()
    } else {
        Severity::Info
    }
}

fn message(fact: &Fact, folder: &str, evidence: Evidence) -> String {
    let habit = fact.habit;
    let place = if folder.is_empty() {
        "here".to_owned()
    } else {
        format!("in {folder}")
    };
    let Evidence { agreeing, total, .. } = evidence;
    let (noun, choice) = (habit.noun(), habit.choices()[evidence.choice]);
    if habit.is_name() || habit == Habit::FileName {
        format!(
            "{} is not {choice}; {agreeing} of {total} {noun} {place} are",
            fact.text
        )
    } else {
        format!("this is unlike {agreeing} of {total} {noun} {place}, which are {choice}")
    }
}
