//! Matches as findings.

use std::sync::Arc;

use ast_grep_config::LabelStyle;
use ast_grep_core::NodeMatch;
use ast_grep_core::tree_sitter::StrDoc;
use syntax::{Document, Span, SupportLang, shorten};
use tree_sitter::Node;

use crate::finding::{Alternative, Finding, Label, Replacement, Severity};
use crate::rule::CompiledRule;

const MAX_TEXT_CHARS: usize = 400;

/// The id of findings about comments that silence nothing.
pub const UNUSED_SUPPRESSION: &str = "unused-suppression";

pub(crate) const UNUSED_MESSAGE: &str = "This comment silences no finding";

type Matched<'t> = NodeMatch<'t, StrDoc<SupportLang>>;

pub(crate) fn finding_of(path: &Arc<str>, rule: &CompiledRule, matched: &Matched<'_>) -> Finding {
    let mut fixes = rule.config.fixer.iter().map(|fixer| {
        let edit = matched.make_edit(&rule.config.matcher, fixer);
        let replacement = Replacement {
            start_byte: edit.position,
            end_byte: edit.position + edit.deleted_length,
            text: String::from_utf8_lossy(&edit.inserted_text).into_owned(),
        };
        (fixer.title(), replacement)
    });
    let first = fixes.next();
    let alternatives = fixes.map(|(title, replacement)| Alternative {
        title: title.unwrap_or_default().to_owned(),
        replacement,
    });
    let alternatives: Vec<_> = alternatives.collect();
    let message = if rule.is_plain_message {
        rule.config.message.clone()
    } else {
        rule.config.get_message(matched)
    };
    Finding {
        rule_id: Arc::clone(&rule.rule_id),
        path: Arc::clone(path),
        severity: rule.severity().unwrap_or(Severity::Hint),
        message,
        note: rule.note.clone(),
        url: rule.url.clone(),
        text: shorten(&matched.text(), MAX_TEXT_CHARS),
        span: Span::of(matched.get_node()),
        is_safe_fix: rule.is_safe_fix && first.is_some(),
        replacement: first.map(|(_, replacement)| replacement),
        alternatives,
        labels: if rule.config.labels.is_some() {
            labels_of(rule, matched)
        } else {
            Vec::new()
        },
    }
}

fn labels_of(rule: &CompiledRule, matched: &Matched<'_>) -> Vec<Label> {
    let mut labels: Vec<_> = rule
        .config
        .get_labels(matched)
        .into_iter()
        .map(|label| Label {
            span: Span::of(&label.start_node).to_end_of(&Span::of(&label.end_node)),
            message: label.message.map(str::to_owned),
            is_primary: matches!(label.style, LabelStyle::Primary),
        })
        .collect();
    labels.sort_by_key(|label| label.span);
    labels
}

pub(crate) fn unused_suppression(path: &Arc<str>, document: &Document, comment: Node<'_>) -> Finding {
    let node = document.adopt(comment);
    Finding {
        rule_id: UNUSED_SUPPRESSION.into(),
        path: Arc::clone(path),
        severity: Severity::Hint,
        message: UNUSED_MESSAGE.to_owned(),
        note: None,
        url: None,
        text: shorten(&node.text(), MAX_TEXT_CHARS),
        span: Span::of(&node),
        replacement: Some(Replacement {
            start_byte: comment.start_byte(),
            end_byte: comment.end_byte(),
            text: String::new(),
        }),
        is_safe_fix: false,
        alternatives: Vec::new(),
        labels: Vec::new(),
    }
}
