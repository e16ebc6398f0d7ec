//! What can go wrong.

use std::error::Error;
use std::fmt;

use search::SearchError;
use syntax::NotChecked;
use thiserror::Error;

/// A rule or configuration file is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The file, or what the caller called the text.
    pub source_name: String,
    /// One-based line and column, where they are known.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub reason: String,
}

impl Error for RuleError {}

impl fmt::Display for RuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((line, column)) => {
                write!(formatter, "{}:{line}:{column}: {}", self.source_name, self.reason)
            }
            None => write!(formatter, "{}: {}", self.source_name, self.reason),
        }
    }
}

impl RuleError {
    pub(crate) fn new(source_name: &str, reason: impl Into<String>) -> Self {
        Self {
            source_name: source_name.to_owned(),
            place: None,
            reason: reason.into(),
        }
    }

    /// A YAML error: its first line has place and reason, the lines below it draw the place.
    pub(crate) fn yaml(source_name: &str, error: &dyn Error) -> Self {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        let line = line.strip_prefix("error: ").unwrap_or(line);
        match split_place(line) {
            Some((place, reason)) => Self::new(source_name, reason).at(place),
            None => Self::new(source_name, line),
        }
    }

    /// An error with all of its causes.
    pub(crate) fn caused(source_name: &str, error: &dyn Error) -> Self {
        Self::new(source_name, chain(error))
    }

    /// The place in the document: of the last thing that the reason quotes, else of the part of the rule that it names,
    /// else the first line.
    pub(crate) fn found_in(self, document: &str) -> Self {
        if self.place.is_some() {
            return self;
        }
        let quoted: Vec<&str> = self.reason.split('`').skip(1).step_by(2).collect();
        let mut wanted = quoted.iter().rev().filter(|text| !text.is_empty());
        let offset = wanted
            .find_map(|text| place_of(document, text))
            .unwrap_or_default();
        let before = &document[..offset];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let place = (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        );
        self.at(place)
    }

    pub(crate) fn at(self, place: (usize, usize)) -> Self {
        Self {
            place: Some(place),
            ..self
        }
    }

    /// For a text that begins behind this many lines of its file.
    pub(crate) fn below(self, lines: usize) -> Self {
        Self {
            place: self.place.map(|(line, column)| (line + lines, column)),
            ..self
        }
    }
}

/// The offset of a word in a document, not as a part of a longer word.
fn place_of(document: &str, word: &str) -> Option<usize> {
    let is_part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    let alone = |offset: &usize| {
        !is_part(document[..*offset].chars().next_back())
            && !is_part(document[offset + word.len()..].chars().next())
    };
    document.match_indices(word).map(|(offset, _)| offset).find(alone)
}

/// "line 3 column 1: reason"
fn split_place(text: &str) -> Option<((usize, usize), &str)> {
    let (line, rest) = text.strip_prefix("line ")?.split_once(" column ")?;
    let (column, reason) = rest.split_once(": ")?;
    Some(((line.parse().ok()?, column.parse().ok()?), reason))
}

/// What an entry point can't do.
#[derive(Debug, Error)]
pub enum GuardianError {
    /// The search below could not be done.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// No language has this name.
    #[error("unknown language {0:?}; use a name such as \"Python\" or \"TypeScript\"")]
    Language(String),
    /// The pattern is wrong.
    #[error("wrong pattern: {0}")]
    Pattern(String),
    /// A source that must be parsed can't be.
    #[error("{path} can't be changed: {reason}")]
    Source { path: String, reason: NotChecked },
    /// A name that is no identifier.
    #[error("{0:?} is not an identifier")]
    Identifier(String),
    /// A fix does not fit the source.
    #[error("the fix of {rule_id} for bytes {start}..{end} does not fit the source; lint the source again")]
    StaleFix {
        rule_id: String,
        start: usize,
        end: usize,
    },
    /// A panic while one file was worked on.
    #[error("defect while working on {path}: {message}")]
    Defect { path: String, message: String },
    /// The caller cancelled the work.
    #[error("cancelled")]
    Cancelled,
}

pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{} {inner_text}", with_stop(&text));
        }
        cause = inner.source();
    }
    text
}

fn with_stop(text: &str) -> String {
    let trimmed = text.trim_end();
    if trimmed.ends_with(['.', ':', '!']) {
        trimmed.to_owned()
    } else {
        format!("{trimmed}:")
    }
}
