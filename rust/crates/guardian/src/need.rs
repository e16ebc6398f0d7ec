//! What a source must contain for a rule to match anywhere in it.
//!
//! Sound, not complete: a source that lacks what a rule needs has no match of the rule; one that has it may have none
//! either. Each part of a rule that is not understood needs nothing.

use std::collections::HashMap;

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::tree_sitter::{LanguageExt, TSLanguage};
use ast_grep_core::{MatchStrictness, Pattern};
use serde_value::Value;
use syntax::SupportLang;

use crate::kind_words::words_of_kind;
use crate::regex_need::need_of_regex;

/// Of the literals of one pattern only this many are looked for: the longest, which are the rarest.
const MAX_PATTERN_LITERALS: usize = 3;

/// A condition on the text of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Every source will do.
    Nothing,
    /// This text.
    Literal(String),
    /// All of these.
    All(Vec<Need>),
    /// One of these; of none: no source will do.
    Any(Vec<Need>),
}

impl Need {
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Nothing
        } else {
            Self::Literal(text)
        }
    }

    pub fn all(needs: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for need in needs {
            match need {
                Self::Nothing => {}
                Self::All(inner) => kept.extend(inner),
                need if kept.contains(&need) => {}
                need => kept.push(need),
            }
        }
        match kept.len() {
            0 => Self::Nothing,
            1 => kept.remove(0),
            _ => Self::All(kept),
        }
    }

    pub fn any(needs: impl IntoIterator<Item = Self>) -> Self {
        let mut kept = Vec::new();
        for need in needs {
            match need {
                Self::Nothing => return Self::Nothing,
                Self::Any(inner) => kept.extend(inner),
                need if kept.contains(&need) => {}
                need => kept.push(need),
            }
        }
        if kept.len() == 1 {
            kept.remove(0)
        } else {
            Self::Any(kept)
        }
    }
}

/// Utility rules by name, as they are written.
pub(crate) type Utils = HashMap<String, Value>;

/// Reads the rules of one language.
pub(crate) struct Reader<'a> {
    pub language: SupportLang,
    pub local: &'a Utils,
    pub global: &'a Utils,
    /// Whose text counts.
    pub scope: Scope,
}

/// The text that must hold what is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of the source: also what other nodes need that the rule asks for.
    Source,
    /// The node that matches.
    Node,
}

impl Reader<'_> {
    /// What a rule object (`pattern`, `kind`, `all` and the others) needs.
    pub fn rule(&self, rule: &Value) -> Need {
        self.rule_within(rule, &mut Vec::new())
    }

    fn rule_within<'v>(&'v self, rule: &'v Value, open: &mut Vec<&'v str>) -> Need {
        let Value::Map(entries) = rule else {
            return Need::Nothing;
        };
        let parts = entries
            .iter()
            .map(|(key, value)| match (text_of(key), bare(value)) {
                ("pattern", pattern) => self.pattern(pattern),
                ("kind", Value::String(kind)) => Need::any_literal(words_of_kind(self.language, kind)),
                ("regex", Value::String(regex)) => need_of_regex(regex),
                ("has", relation) => self.rule_within(relation, open),
                ("inside" | "precedes" | "follows", relation) if self.scope == Scope::Source => {
                    self.rule_within(relation, open)
                }
                ("all", Value::Seq(rules)) => {
                    Need::all(rules.iter().map(|rule| self.rule_within(bare(rule), open)))
                }
                ("any", Value::Seq(rules)) => {
                    Need::any(rules.iter().map(|rule| self.rule_within(bare(rule), open)))
                }
                ("matches", Value::String(name)) => self.util(name, open),
                _ => Need::Nothing, // `not`, `nthChild`, `range`, calls with arguments, `stopBy`, `field`
            });
        Need::all(parts.collect::<Vec<_>>())
    }

    fn util<'v>(&'v self, name: &'v str, open: &mut Vec<&'v str>) -> Need {
        if open.contains(&name) {
            return Need::Nothing;
        }
        let Some(rule) = self.local.get(name).or_else(|| self.global.get(name)) else {
            return Need::Nothing;
        };
        open.push(name);
        let need = self.rule_within(bare(rule), open);
        open.pop();
        need
    }

    fn pattern(&self, pattern: &Value) -> Need {
        pattern_of(pattern, self.language)
            .map_or(Need::Nothing, |pattern| need_of_pattern(&pattern, self.language))
    }
}

/// The pattern of a rule, as it is written; None when it is wrong.
pub(crate) fn pattern_of(pattern: &Value, language: SupportLang) -> Option<Pattern> {
    let Value::Map(entries) = pattern else {
        return match pattern {
            Value::String(text) => Pattern::try_new(text, language).ok(),
            _ => None,
        };
    };
    let get = |name: &str| match entries.get(&Value::String(name.to_owned())).map(bare) {
        Some(Value::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let context = get("context")?;
    let mut compiled = match get("selector") {
        Some(selector) => Pattern::contextual(context, selector, language).ok()?,
        None => Pattern::try_new(context, language).ok()?,
    };
    match get("strictness") {
        Some("signature") => compiled.strictness = MatchStrictness::Signature,
        Some("template") => compiled.strictness = MatchStrictness::Template,
        _ => {}
    }
    Some(compiled)
}

/// The words of a pattern: what is not a meta-variable must be in the source as it is written.
pub(crate) fn need_of_pattern(pattern: &Pattern, language: SupportLang) -> Need {
    if matches!(pattern.strictness, MatchStrictness::Signature) {
        return Need::Nothing;
    }
    let mut found = PatternWords {
        language,
        grammar: language.get_ts_language(),
        has_kinds: !matches!(pattern.strictness, MatchStrictness::Template),
        literals: Vec::new(),
        kinds: Vec::new(),
    };
    found.collect(&pattern.node);
    found.literals.sort_by_key(|text| std::cmp::Reverse(text.len()));
    found.literals.dedup();
    found.literals.truncate(MAX_PATTERN_LITERALS);
    Need::all(found.literals.into_iter().map(Need::literal).chain(found.kinds))
}

struct PatternWords {
    language: SupportLang,
    grammar: TSLanguage,
    has_kinds: bool,
    literals: Vec<String>,
    kinds: Vec<Need>,
}

impl PatternWords {
    fn collect(&mut self, node: &PatternNode) {
        match node {
            // A token without a name is compared by its kind alone, and may be missing in a source with errors.
            PatternNode::Terminal {
                text, is_named: true, ..
            } => self.literals.push(text.clone()),
            PatternNode::Internal { kind_id, children } => {
                if self.has_kinds
                    && let Some(kind) = self.grammar.node_kind_for_id(*kind_id)
                {
                    self.kinds
                        .push(Need::any_literal(words_of_kind(self.language, kind)));
                }
                for child in children {
                    self.collect(child);
                }
            }
            PatternNode::Terminal { .. } | PatternNode::MetaVar { .. } => {}
        }
    }
}

impl Need {
    /// One of these words; nothing when there are none.
    fn any_literal(words: &[&str]) -> Self {
        if words.is_empty() {
            return Self::Nothing;
        }
        Self::any(words.iter().map(|word| Self::literal(*word)))
    }
}

/// A string; of anything else nothing.
pub(crate) fn text_of(value: &Value) -> &str {
    match value {
        Value::String(text) => text,
        _ => "",
    }
}

/// The value inside the wrappers that serialization puts around it.
pub(crate) fn bare(value: &Value) -> &Value {
    match value {
        Value::Newtype(inner) | Value::Option(Some(inner)) => bare(inner),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(yaml: &str) -> Need {
        let rule: Value = ast_grep_config::from_str(yaml).unwrap();
        let utils = Utils::from([
            (
                "call".to_owned(),
                ast_grep_config::from_str("{pattern: open($A)}").unwrap(),
            ),
            (
                "loop".to_owned(),
                ast_grep_config::from_str("{any: [{pattern: x1}, {has: {matches: loop}}]}").unwrap(),
            ),
        ]);
        Reader {
            language: SupportLang::Python,
            local: &utils,
            global: &Utils::new(),
            scope: Scope::Source,
        }
        .rule(&rule)
    }

    fn word(text: &str) -> Need {
        Need::literal(text)
    }

    #[test]
    fn words_of_patterns_are_needed() {
        assert_eq!(need("{pattern: print($A)}"), word("print"));
        assert_eq!(need("{pattern: $A}"), Need::Nothing);
        assert_eq!(
            need("{pattern: {context: print(1), strictness: signature}}"),
            Need::Nothing
        );
        assert_eq!(
            need("{pattern: {context: 'f(a=1)', selector: keyword_argument}}"),
            Need::All(vec![word("a"), word("1")])
        );
        assert_eq!(need("{pattern: not $A}"), word("not"));
    }

    #[test]
    fn logic_is_kept() {
        assert_eq!(
            need("{any: [{pattern: a1}, {pattern: b1}]}"),
            Need::Any(vec![word("a1"), word("b1")])
        );
        assert_eq!(need("{any: [{pattern: a1}, {kind: identifier}]}"), Need::Nothing);
        assert_eq!(need("{any: []}"), Need::Any(vec![]));
        assert_eq!(need("{kind: call, not: {pattern: a1}}"), Need::Nothing);
        assert_eq!(
            need("{pattern: a1, inside: {kind: class_definition, stopBy: end}}").clone(),
            Need::All(vec![word("class"), word("a1")])
        );
        assert_eq!(need("{matches: call}"), word("open"));
        assert_eq!(need("{matches: loop}"), Need::Nothing);
        assert_eq!(need("{matches: unknown}"), Need::Nothing);
        assert_eq!(need("{kind: identifier, regex: '^foo_'}"), word("foo_"));
    }
}
