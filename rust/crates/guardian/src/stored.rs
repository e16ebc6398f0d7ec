//! Findings as they lie in the cache: what the rule knows is not repeated.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use syntax::Span;

use crate::finding::{Alternative, Finding, Label, Replacement, Severity};
use crate::report::{UNUSED_MESSAGE, UNUSED_SUPPRESSION};
use crate::rule_set::RuleSet;

/// The number of what no rule found: comments that silence nothing.
const NO_RULE: u32 = u32::MAX;

type StoredSpan = [u32; 6];
type StoredReplacement = (u32, u32, String);

#[derive(Serialize, Deserialize)]
pub(crate) struct StoredFinding {
    rule: u32,
    /// None when it is the rule's own.
    message: Option<String>,
    text: String,
    span: StoredSpan,
    replacement: Option<StoredReplacement>,
    alternatives: Vec<(String, StoredReplacement)>,
    labels: Vec<(StoredSpan, Option<String>, bool)>,
}

impl StoredFinding {
    /// None when the finding is of no known rule. `numbers`: the place of each rule by the address of its id.
    pub fn of(finding: &Finding, numbers: &HashMap<usize, u32>) -> Option<Self> {
        let rule = if &*finding.rule_id == UNUSED_SUPPRESSION {
            NO_RULE
        } else {
            *numbers.get(&Arc::as_ptr(&finding.rule_id).addr())?
        };
        Some(Self {
            rule,
            message: Some(finding.message.clone()),
            text: finding.text.clone(),
            span: stored_span(&finding.span),
            replacement: finding.replacement.as_ref().map(stored_replacement),
            alternatives: finding
                .alternatives
                .iter()
                .map(|one| (one.title.clone(), stored_replacement(&one.replacement)))
                .collect(),
            labels: finding
                .labels
                .iter()
                .map(|label| (stored_span(&label.span), label.message.clone(), label.is_primary))
                .collect(),
        })
    }

    fn restore(self, set: &RuleSet, path: &Arc<str>) -> Option<Finding> {
        let rule = if self.rule == NO_RULE {
            None
        } else {
            Some(set.rules_in_order().get(self.rule as usize)?)
        };
        let replacement = self.replacement.map(replacement_of);
        Some(Finding {
            rule_id: rule.map_or_else(|| UNUSED_SUPPRESSION.into(), |rule| Arc::clone(&rule.rule_id)),
            path: Arc::clone(path),
            severity: rule.map_or(Some(Severity::Hint), |rule| rule.severity())?,
            message: self.message.unwrap_or_else(|| UNUSED_MESSAGE.to_owned()),
            note: rule.and_then(|rule| rule.note.clone()),
            url: rule.and_then(|rule| rule.url.clone()),
            text: self.text,
            span: span_of(self.span),
            is_safe_fix: rule.is_some_and(|rule| rule.is_safe_fix) && replacement.is_some(),
            replacement,
            alternatives: self
                .alternatives
                .into_iter()
                .map(|(title, replacement)| Alternative {
                    title,
                    replacement: replacement_of(replacement),
                })
                .collect(),
            labels: self
                .labels
                .into_iter()
                .map(|(span, message, is_primary)| Label {
                    span: span_of(span),
                    message,
                    is_primary,
                })
                .collect(),
        })
    }
}

/// None when the entry does not fit the rules.
pub(crate) fn restored(set: &RuleSet, path: &str, stored: Vec<StoredFinding>) -> Option<Vec<Finding>> {
    let path: Arc<str> = path.into();
    stored
        .into_iter()
        .map(|finding| finding.restore(set, &path))
        .collect()
}

fn stored_span(span: &Span) -> StoredSpan {
    [
        span.start_byte,
        span.end_byte,
        span.start_line,
        span.start_column,
        span.end_line,
        span.end_column,
    ]
    .map(|number| number as u32)
}

fn span_of(stored: StoredSpan) -> Span {
    let [
        start_byte,
        end_byte,
        start_line,
        start_column,
        end_line,
        end_column,
    ] = stored.map(|number| number as usize);
    Span {
        start_byte,
        end_byte,
        start_line,
        start_column,
        end_line,
        end_column,
    }
}

fn stored_replacement(replacement: &Replacement) -> StoredReplacement {
    (
        replacement.start_byte as u32,
        replacement.end_byte as u32,
        replacement.text.clone(),
    )
}

fn replacement_of((start_byte, end_byte, text): StoredReplacement) -> Replacement {
    Replacement {
        start_byte: start_byte as usize,
        end_byte: end_byte as usize,
        text,
    }
}
