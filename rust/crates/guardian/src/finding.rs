//! What a rule or the parser reports.

use std::sync::Arc;

use syntax::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Must be fixed.
    Error,
    /// Should be fixed.
    Warning,
    /// Worth knowing.
    Info,
    /// A reminder.
    Hint,
}

impl Severity {
    /// The name in the Python contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Hint => "hint",
        }
    }

    /// None for `off`.
    pub(crate) const fn of(severity: &ast_grep_config::Severity) -> Option<Self> {
        use ast_grep_config::Severity as S;
        match severity {
            S::Off => None,
            S::Hint => Some(Self::Hint),
            S::Info => Some(Self::Info),
            S::Warning => Some(Self::Warning),
            S::Error => Some(Self::Error),
        }
    }
}

/// What a fix puts over a range of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// First byte that is replaced.
    pub start_byte: usize,
    /// Behind the last byte that is replaced.
    pub end_byte: usize,
    /// The new text.
    pub text: String,
}

/// Another replacement that a rule offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// What it does, for a menu.
    pub title: String,
    /// What it puts where.
    pub replacement: Replacement,
}

/// A part of the source that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be said of it.
    pub message: Option<String>,
    /// Whether it is the cause; else it is context.
    pub is_primary: bool,
}

/// One finding in one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule, "syntax-error" or "unused-suppression".
    pub rule_id: Arc<str>,
    /// As it was given, or relative to the root.
    pub path: Arc<str>,
    /// How bad.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// More about it, markdown.
    pub note: Option<Arc<str>>,
    /// Where more is written about the rule.
    pub url: Option<Arc<str>>,
    /// The matched source, shortened.
    pub text: String,
    /// Where.
    pub span: Span,
    /// The rule's fix.
    pub replacement: Option<Replacement>,
    /// Whether the rule calls its fix safe.
    pub is_safe_fix: bool,
    /// Further fixes to choose from.
    pub alternatives: Vec<Alternative>,
    /// The parts that the rule's `labels` name.
    pub labels: Vec<Label>,
}

impl Finding {
    /// The same in a text where it stands elsewhere, in the same column.
    pub(crate) fn moved(&self, bytes: isize, rows: isize) -> Self {
        let mut moved = self.clone();
        if bytes == 0 && rows == 0 {
            return moved;
        }
        moved.span = moved.span.moved(bytes, rows);
        let fixes = moved.alternatives.iter_mut().map(|one| &mut one.replacement);
        for replacement in fixes.chain(&mut moved.replacement) {
            replacement.start_byte = replacement.start_byte.saturating_add_signed(bytes);
            replacement.end_byte = replacement.end_byte.saturating_add_signed(bytes);
        }
        for label in &mut moved.labels {
            label.span = label.span.moved(bytes, rows);
        }
        moved
    }

    /// Position, then rule: the order of findings in one file.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        let key = |finding: &Self| (finding.span.start_byte, finding.span.end_byte);
        key(self)
            .cmp(&key(other))
            .then_with(|| self.rule_id.cmp(&other.rule_id))
    }
}

/// Findings of one file, or why it was not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileReport {
    /// It was checked; no findings means clean.
    Checked(Vec<Finding>),
    /// It was not, for this reason.
    NotChecked(String),
}
