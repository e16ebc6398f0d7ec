//! Comments that silence rules, as ast-grep reads them.
//!
//! `ast-grep-ignore` must be the first word of the comment. Behind code it counts for the code that ends on its line,
//! else for the next line; on the first line, with an empty line after it, for the whole file. After a colon stand the
//! rules that it silences; without them it silences all.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use syntax::Document;
use tree_sitter::Node;

pub(crate) const IGNORE: &str = "ast-grep-ignore";

/// The suppressions of one document.
#[derive(Default)]
pub(crate) struct Suppressions<'t> {
    all: Vec<Suppression<'t>>,
    /// Index in `all` of the one for the file.
    file: Option<usize>,
    /// Index in `all` by line.
    lines: HashMap<usize, usize>,
}

struct Suppression<'t> {
    comment: Node<'t>,
    /// None silences all rules.
    rules: Option<HashSet<String>>,
    is_used: Cell<bool>,
}

enum Scope {
    File,
    Line(usize),
}

impl<'t> Suppressions<'t> {
    /// From the comments in the order of the source.
    pub fn read(document: &Document, comments: &[Node<'t>]) -> Self {
        let mut read = Self::default();
        for comment in comments {
            let text = document.source().get(comment.byte_range()).unwrap_or_default();
            if !is_suppression(text) {
                continue;
            }
            let place = read.all.len();
            read.all.push(Suppression {
                comment: *comment,
                rules: rules_of(text),
                is_used: Cell::new(false),
            });
            match scope(*comment) {
                Scope::Line(line) => {
                    read.lines.insert(line, place);
                }
                Scope::File => {
                    read.file = Some(place);
                    if read.is_all_silenced() {
                        break;
                    }
                }
            }
        }
        read
    }

    /// Whether nothing is reported for this file.
    pub fn is_all_silenced(&self) -> bool {
        self.file.is_some_and(|place| self.all[place].rules.is_none())
    }

    /// Whether a finding is silenced; what silences it is used then.
    pub fn silences(&self, rule_id: &str, line: usize) -> bool {
        self.file.is_some_and(|place| self.all[place].takes(rule_id))
            || self
                .lines
                .get(&line)
                .is_some_and(|place| self.all[*place].takes(rule_id))
    }

    /// Comments that silenced nothing.
    pub fn unused(&self) -> impl Iterator<Item = Node<'t>> {
        let unused = self.all.iter().filter(|one| !one.is_used.get());
        unused.map(|one| one.comment)
    }
}

impl Suppression<'_> {
    fn takes(&self, rule_id: &str) -> bool {
        let takes = self.rules.as_ref().is_none_or(|rules| rules.contains(rule_id));
        if takes {
            self.is_used.set(true);
        }
        takes
    }
}

fn is_suppression(comment: &str) -> bool {
    comment
        .find(char::is_alphabetic)
        .is_some_and(|start| comment[start..].starts_with(IGNORE))
}

fn scope(comment: Node<'_>) -> Scope {
    let line = comment.start_position().row;
    if let Some(before) = comment
        .prev_sibling()
        .filter(|before| before.end_position().row == line)
    {
        return Scope::Line(before.start_position().row);
    }
    let is_apart = comment
        .next_sibling()
        .is_none_or(|next| next.start_position().row >= 2);
    if line == 0 && is_apart {
        Scope::File
    } else {
        Scope::Line(line + 1)
    }
}

fn rules_of(comment: &str) -> Option<HashSet<String>> {
    let (_, after) = comment.split_once(IGNORE)?;
    let (_, names) = after.split_once(':')?;
    let first_word = |name: &str| name.trim_start().split(' ').next().unwrap_or_default().to_owned();
    Some(names.trim_end().split(',').map(first_word).collect())
}
