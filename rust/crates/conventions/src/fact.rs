//! Answers to habits, as one file gives them.

use tree_sitter::Node;

use crate::habit::Habit;
use crate::style::styles;

/// Zero-based lines, columns in code points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line of the start.
    pub start_line: usize,
    /// Column of the start.
    pub start_column: usize,
    /// Line of the end.
    pub end_line: usize,
    /// Column behind the end.
    pub end_column: usize,
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub habit: Habit,
    /// Bits of the choices that it agrees with.
    pub mask: u8,
    /// How often it counts.
    pub weight: u32,
    /// What stands there: with the habit it is the identity of a deviation.
    pub text: String,
    pub place: Place,
    /// It counts for learning, but is never reported: a name that someone else may have given.
    pub is_exempt: bool,
}

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub facts: Vec<Fact>,
    /// Classes with the names of their bases.
    pub classes: Vec<ClassFact>,
    /// Names of the types that are raised.
    pub raised: Vec<(String, Place)>,
}

/// A class and its bases.
#[derive(Debug)]
pub(crate) struct ClassFact {
    pub name: String,
    pub bases: Vec<String>,
    pub place: Place,
}

/// Collects the facts of one file.
pub(crate) struct Collector<'a> {
    pub source: &'a str,
    pub found: Facts,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        Self {
            source,
            found: Facts::default(),
        }
    }

    /// The text of a node.
    pub(crate) fn text(&self, node: Node<'_>) -> &'a str {
        self.source.get(node.byte_range()).unwrap_or_default()
    }

    /// Add a name.
    pub(crate) fn name(&mut self, habit: Habit, node: Node<'_>, is_exempt: bool) {
        let text = self.text(node);
        if let Some(mask) = styles(text) {
            self.add(habit, mask, text, node, is_exempt);
        }
    }

    /// Add an answer.
    pub(crate) fn add(&mut self, habit: Habit, mask: u8, text: &str, node: Node<'_>, is_exempt: bool) {
        let place = self.place(node);
        self.found.facts.push(Fact {
            habit,
            mask,
            weight: 1,
            text: text.to_owned(),
            place,
            is_exempt,
        });
    }

    /// Where a node is; of one with several lines, its first.
    pub(crate) fn place(&self, node: Node<'_>) -> Place {
        let (start, end) = (node.start_position(), node.end_position());
        let columns = |byte: usize, column: usize| {
            let line = self.source.get(byte - column..byte);
            line.map_or(column, |line| line.chars().count())
        };
        let start_column = columns(node.start_byte(), start.column);
        let is_one_line = start.row == end.row;
        Place {
            start_line: start.row,
            start_column,
            end_line: start.row,
            end_column: if is_one_line {
                columns(node.end_byte(), end.column)
            } else {
                start_column
            },
        }
    }

    /// Add which quotes the file uses: `counts` by choice, where the first of each kind stands.
    pub(crate) fn quotes(&mut self, counts: [u32; 2], first: [Option<Place>; 2]) {
        for choice in 0..2 {
            let (own, other) = (counts[choice], counts[1 - choice]);
            let Some(place) = first[choice] else {
                continue;
            };
            // A file with both is undecided; the next change may go either way.
            let is_exempt = own < 3 || own < 4 * other;
            self.found.facts.push(Fact {
                habit: Habit::Quotes,
                mask: 1 << choice,
                weight: own,
                text: String::new(),
                place,
                is_exempt,
            });
        }
    }
}
