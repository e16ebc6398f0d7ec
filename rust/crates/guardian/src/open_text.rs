//! A text that is edited: what did not change is not parsed again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use syntax::{InputEdit, NotChecked, SupportLang, Tree, Watch};

use crate::finding::Finding;
use crate::line_map::{Encoding, LineMap, Position};
use crate::lint::syntax_finding;
use crate::rule_set::RuleSet;
use crate::scan::Scanner;
use crate::units::Memory;

/// Edits that are remembered while a lint runs; after more of them the next lint parses all of the text.
const MAX_PENDING_EDITS: usize = 10_000;

/// A part of a text that is parsed at once, without a try to use the earlier tree.
const SMALL_PART_BYTES: usize = 6 * 1024;

/// To use the earlier tree may cost this share of what it costs to parse the whole text.
const REPARSED_SHARE: usize = 12;

/// And so many steps more.
const MIN_STEPS: usize = 4;

/// A part that is larger than this share of the text is not worth it.
const PART_SHARE: usize = 2;

/// One change of a text: the new text of a range, or of the whole.
#[derive(Clone, Debug)]
pub struct TextChange {
    /// Start and end, as the client counts; None for the whole text.
    pub range: Option<(Position, Position)>,
    /// What stands there now.
    pub text: String,
}

/// Findings in one state of a text.
pub struct TextReport {
    /// Parse errors first, then what the rules found.
    pub findings: Vec<Finding>,
    /// Why nothing was looked at; None when the text was checked.
    pub reason: Option<String>,
    /// Places in this state of the text.
    pub places: Places,
}

/// A state of a text and its lines.
pub struct Places {
    source: String,
    lines: LineMap,
}

impl Places {
    fn new(source: String, encoding: Encoding) -> Self {
        Self {
            lines: LineMap::new(&source, encoding),
            source,
        }
    }

    /// The position of a byte, as the client counts.
    pub fn position_at(&self, byte: usize) -> Position {
        self.lines.position_at(&self.source, byte)
    }
}

/// An open text. Edits never wait for a lint that runs.
pub struct OpenText {
    path: String,
    encoding: Encoding,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    source: String,
    /// Of an earlier text.
    parsed: Option<Parsed>,
    /// Edits since the last lint began.
    pending: Vec<InputEdit>,
    /// Counts lints; the tree of an older one comes too late.
    lint_number: u64,
}

/// What a lint leaves to the next.
#[derive(Clone)]
struct Parsed {
    language: SupportLang,
    /// Of some earlier text, with all edits since.
    tree: Option<Tree>,
    memory: Option<Arc<Memory>>,
}

impl OpenText {
    /// `path` is relative to the folder that globs of rules mean.
    pub fn new(path: String, source: String, encoding: Encoding) -> Self {
        let state = State {
            source,
            ..State::default()
        };
        Self {
            path,
            encoding,
            state: Mutex::new(state),
        }
    }

    /// The text as it is now.
    pub fn source(&self) -> String {
        self.lock().source.clone()
    }

    /// Apply changes, one after the other. Positions behind an end mean the end.
    pub fn change(&self, changes: &[TextChange]) {
        let mut state = self.lock();
        for change in changes {
            match change.range {
                None => state.replace(change.text.clone()),
                Some((start, end)) => {
                    let lines = LineMap::new(&state.source, self.encoding);
                    let start = lines.byte_at(&state.source, start);
                    let end = lines.byte_at(&state.source, end).max(start);
                    state.splice(start, end, &change.text, &lines);
                }
            }
        }
    }

    /// Parse errors and findings of the text as it is now.
    pub fn lint(&self, set: &RuleSet, watch: &Watch<'_>) -> TextReport {
        let (number, source, old) = self.begin();
        let places = Places::new(source.clone(), self.encoding);
        let Some(language) = set.language_of(&self.path) else {
            return TextReport::not_checked(NotChecked::UnknownLanguage, places);
        };
        if let Err(reason) = syntax::decode(source.as_bytes()) {
            return TextReport::not_checked(reason, places);
        }
        let old = old.filter(|old| old.language == language);
        match self.scan(set, source, language, old, watch) {
            Err(reason) => TextReport::not_checked(reason, places),
            Ok((findings, parsed)) => {
                self.keep(number, parsed);
                TextReport {
                    findings,
                    reason: None,
                    places,
                }
            }
        }
    }

    fn scan(
        &self,
        set: &RuleSet,
        source: String,
        language: SupportLang,
        old: Option<Parsed>,
        watch: &Watch<'_>,
    ) -> Result<(Vec<Finding>, Parsed), NotChecked> {
        let scanner = Scanner::new(set, None);
        let (tree, memory) = old.map(|old| (old.tree, old.memory)).unzip();
        let (tree, memory) = (tree.flatten(), memory.flatten());
        let part = |max_bytes| {
            let memory = memory.as_deref();
            scanner.scan_part(&self.path, &source, language, memory, max_bytes, watch)
        };
        let mut seen = part(SMALL_PART_BYTES)?;
        let mut reparsed = None;
        if seen.is_none() {
            let max_steps = MIN_STEPS + source.len() / syntax::BYTES_PER_STEP / REPARSED_SHARE;
            if let Some(tree) = &tree {
                reparsed = syntax::reparse(&source, language, tree, max_steps, watch)?;
            }
            if reparsed.is_none() {
                seen = part(source.len() / PART_SHARE)?;
            }
        }
        if let Some((findings, memory)) = seen {
            let memory = Some(Arc::new(memory));
            let parsed = Parsed {
                language,
                tree,
                memory,
            };
            return Ok((findings, parsed));
        }
        let document = match reparsed {
            Some(document) => document,
            None => syntax::parse_unvisited(source, language, tree.as_ref(), watch)?,
        };
        let looked = scanner.scan_units(&self.path, &document, memory.as_deref(), watch)?;
        let (errors, found, memory) = if let Some(looked) = looked {
            let errors = if document.root().get_inner_node().has_error() {
                syntax::syntax_errors(&document)
            } else {
                looked.indentation.into_iter().collect()
            };
            (errors, looked.findings, Some(Arc::new(looked.memory)))
        } else {
            let found = scanner.scan_document(&self.path, &document, watch)?;
            (syntax::syntax_errors(&document), found, None)
        };
        let source = document.source();
        let errors = errors
            .into_iter()
            .map(|error| syntax_finding(&self.path, source, error));
        let parsed = Parsed {
            language,
            tree: Some(document.root().get_doc().tree.clone()),
            memory,
        };
        Ok((errors.chain(found).collect(), parsed))
    }

    fn begin(&self) -> (u64, String, Option<Parsed>) {
        let mut state = self.lock();
        state.lint_number += 1;
        state.pending.clear();
        (state.lint_number, state.source.clone(), state.parsed.clone())
    }

    fn keep(&self, number: u64, mut parsed: Parsed) {
        let mut state = self.lock();
        if state.lint_number != number || state.pending.len() > MAX_PENDING_EDITS {
            return;
        }
        if let Some(tree) = &mut parsed.tree {
            state.pending.iter().for_each(|edit| tree.edit(edit));
        }
        state.parsed = Some(parsed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics between two changes of the state that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What was edited is not known; a lint that runs is of the old text.
    fn replace(&mut self, source: String) {
        self.source = source;
        if let Some(parsed) = &mut self.parsed {
            parsed.tree = None;
        }
        self.lint_number += 1;
    }

    fn splice(&mut self, start: usize, end: usize, text: &str, lines: &LineMap) {
        let start_position = lines.point_at(start);
        let old_end_position = lines.point_at(end);
        self.source.replace_range(start..end, text);
        let edit = InputEdit {
            start_byte: start,
            old_end_byte: end,
            new_end_byte: start + text.len(),
            start_position,
            old_end_position,
            new_end_position: crate::line_map::advanced(start_position, text),
        };
        if let Some(tree) = self.parsed.as_mut().and_then(|parsed| parsed.tree.as_mut()) {
            tree.edit(&edit);
        }
        if self.pending.len() <= MAX_PENDING_EDITS {
            self.pending.push(edit);
        }
    }
}

impl TextReport {
    fn not_checked(reason: NotChecked, places: Places) -> Self {
        Self {
            findings: Vec::new(),
            reason: Some(reason.to_string()),
            places,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_set::RuleSet;

    fn set() -> RuleSet {
        RuleSet::from_yaml(&[("r", "{id: p, language: Python, rule: {pattern: print($A)}}")]).unwrap()
    }

    impl OpenText {
        pub(crate) fn memory(&self) -> Option<Arc<Memory>> {
            self.lock().parsed.as_ref()?.memory.clone()
        }
    }

    fn change(start: Position, end: Position, text: &str) -> TextChange {
        TextChange {
            range: Some((start, end)),
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_give_what_a_new_text_gives() {
        let set = set();
        let text = OpenText::new(
            "a.py".to_owned(),
            "x = '🦀'; print(1)\nprint(2)\n".to_owned(),
            Encoding::Utf16,
        );
        assert_eq!(text.lint(&set, &Watch::default()).findings.len(), 2);
        text.change(&[
            change((0, 10), (0, 15), "log"),
            change((1, 0), (1, 0), "print(3)\n"),
        ]);
        assert_eq!(text.source(), "x = '🦀'; log(1)\nprint(3)\nprint(2)\n");
        let report = text.lint(&set, &Watch::default());
        let fresh =
            OpenText::new("a.py".to_owned(), text.source(), Encoding::Utf16).lint(&set, &Watch::default());
        assert_eq!(report.findings, fresh.findings);
        assert_eq!(report.findings.len(), 2);
    }

    #[test]
    fn syntax_errors_come_first_and_unknown_texts_are_said() {
        let text = OpenText::new(
            "a.py".to_owned(),
            "print(1)\ndef f(:\n".to_owned(),
            Encoding::Utf8,
        );
        let ids: Vec<_> = text.lint(&set(), &Watch::default()).findings;
        assert_eq!(
            (&*ids[0].rule_id, &*ids[ids.len() - 1].rule_id),
            ("syntax-error", "p")
        );
        let other = OpenText::new("a.xyz".to_owned(), String::new(), Encoding::Utf8);
        assert_eq!(
            other.lint(&set(), &Watch::default()).reason.as_deref(),
            Some("unknown language")
        );
    }

    #[test]
    fn a_new_whole_text_forgets_the_old_tree() {
        let text = OpenText::new("a.py".to_owned(), "print(1)\n".to_owned(), Encoding::Utf8);
        text.lint(&set(), &Watch::default());
        text.change(&[
            TextChange {
                range: None,
                text: "log(1)\nprint(1)".to_owned(),
            },
            change((0, 0), (0, 3), "print"),
        ]);
        assert_eq!(text.lint(&set(), &Watch::default()).findings.len(), 2);
    }
}
