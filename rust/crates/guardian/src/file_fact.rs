//! Conditions of a rule on the whole file that can be told apart from the rest of it: `not: {inside: {kind: ROOT, stopBy:
//! end, has: X}}` asks whether the file has an X, wherever the node is that the rule matches.
//!
//! Whether a part of a file has an X is remembered with the part ([`crate::units`]), so that an edit elsewhere needs no
//! look at the whole file.

use ast_grep_config::{GlobalRules, RuleConfig, RuleCore, SerializableRule, SerializableRuleConfig};
use ast_grep_core::Matcher as _;
use ast_grep_core::tree_sitter::LanguageExt as _;
use serde_value::Value;
use syntax::SupportLang;

use crate::need::{Need, bare, text_of};
use crate::reach::Layout;

/// A rule without its conditions on the file, and these.
pub(crate) struct Parts {
    pub near: RuleConfig<SupportLang>,
    pub facts: Vec<FileFact>,
}

/// A node that a file may have.
pub(crate) struct FileFact {
    pub matcher: RuleCore,
    /// What the text around it must contain.
    pub need: Need,
    /// Below the root; else it must be a child of the root.
    pub is_deep: bool,
    /// Whether the rule can match in a file that has it, or in one that has not.
    pub is_wanted: bool,
}

/// A condition as it is written.
struct Condition {
    rule: SerializableRule,
    is_deep: bool,
    is_wanted: bool,
}

/// The parts of a rule. None for a rule without conditions on the file that are understood. `need_of` reads what a node
/// needs that matches a rule.
pub(crate) fn parts(
    document: &SerializableRuleConfig<SupportLang>,
    layout: Layout,
    globals: &GlobalRules,
    need_of: impl Fn(&SerializableRule) -> Need,
) -> Option<Parts> {
    let mut near = document.clone();
    let mut conditions = Vec::new();
    take_conditions(&mut near.core.rule, layout.root, &mut conditions);
    if conditions.is_empty() || document.rewriters.is_some() {
        return None;
    }
    let near = RuleConfig::try_from(near, globals).ok()?;
    let grammar = document.language.get_ts_language();
    let root = grammar.id_for_node_kind(layout.root, true);
    if near.matcher.potential_kinds()?.contains(usize::from(root)) {
        return None; // the root is not inside itself
    }
    let fact = |condition: Condition| {
        let need = need_of(&condition.rule);
        let mut alone = document.clone();
        alone.core.rule = condition.rule;
        (alone.core.constraints, alone.core.transform, alone.labels) = (None, None, None);
        Some(FileFact {
            matcher: alone
                .get_matcher(globals)
                .ok()
                .filter(|fact| fact.potential_kinds().is_some())?,
            need,
            is_deep: condition.is_deep,
            is_wanted: condition.is_wanted,
        })
    };
    let facts = conditions.into_iter().map(fact).collect::<Option<_>>()?;
    Some(Parts { near, facts })
}

/// Take conditions on the file out of what must hold for a rule.
fn take_conditions(rule: &mut SerializableRule, root: &str, taken: &mut Vec<Condition>) {
    if let Some(mut all) = Option::from(std::mem::replace(&mut rule.all, None.into())) {
        let parts: &mut Vec<SerializableRule> = &mut all;
        for part in parts.iter_mut() {
            take_conditions(part, root, taken);
        }
        parts.retain(|part| !is_empty(part));
        rule.all = Some(all).filter(|all| !all.is_empty()).into();
    }
    let Some(not) = Option::<Box<SerializableRule>>::from(std::mem::replace(&mut rule.not, None.into()))
    else {
        return;
    };
    rule.not = without_conditions(*not, root, taken).map(Box::new).into();
}

/// What is left of what must not hold; None for nothing.
fn without_conditions(
    mut denied: SerializableRule,
    root: &str,
    taken: &mut Vec<Condition>,
) -> Option<SerializableRule> {
    if let Some(condition) = condition_of(&denied, root) {
        taken.push(condition);
        return None;
    }
    let is_choice_alone = matches!(value_of(&denied), Some(Value::Map(entries)) if entries.len() == 1);
    let choice: Option<Vec<SerializableRule>> = std::mem::replace(&mut denied.any, None.into()).into();
    let kept = match choice {
        Some(choice) if is_choice_alone => {
            let left: Vec<_> = choice
                .into_iter()
                .filter_map(|part| without_conditions(part, root, taken))
                .collect();
            if left.is_empty() {
                return None;
            }
            Some(left)
        }
        choice => choice,
    };
    denied.any = kept.into();
    Some(denied)
}

/// `inside: {kind: ROOT, stopBy: end, has: X}` and the same with `not: {has: X}`, which must not hold.
fn condition_of(denied: &SerializableRule, root: &str) -> Option<Condition> {
    let value = value_of(denied)?;
    let [("inside", Value::Map(around))] = entries_of(&value)?[..] else {
        return None;
    };
    let get = |name: &str| around.get(&Value::String(name.to_owned())).map(bare);
    let is_text = |name: &str, text: &str| matches!(get(name), Some(Value::String(found)) if found == text);
    let others = ["kind", "stopBy", "field", "has", "not"];
    let is_known = around
        .iter()
        .all(|(key, value)| others.contains(&text_of(key)) && (text_of(key) != "field" || is_nothing(value)));
    if !is_known || !is_text("kind", root) || !is_text("stopBy", "end") {
        return None;
    }
    let (has, is_wanted) = match (get("has"), get("not")) {
        (Some(has), None) => (has.clone(), false),
        (None, Some(not)) => match entries_of(not)?[..] {
            [("has", has)] => (has.clone(), true),
            _ => return None,
        },
        _ => return None,
    };
    let Value::Map(mut has) = has else { return None };
    let field = has.remove(&Value::String("field".to_owned()));
    let stop_by = has.remove(&Value::String("stopBy".to_owned()));
    let is_deep = match stop_by.as_ref().map(bare) {
        Some(Value::String(end)) if end == "end" => true,
        Some(Value::String(end)) if end == "neighbor" => false,
        _ => return None,
    };
    let has = Value::Map(has);
    if !field.is_none_or(|field| is_nothing(&field)) || !is_below(&has) {
        return None;
    }
    Some(Condition {
        rule: has.deserialize_into().ok()?,
        is_deep,
        is_wanted,
    })
}

/// Whether a rule looks at nothing but a node and what is in it, and captures nothing.
fn is_below(rule: &Value) -> bool {
    match bare(rule) {
        Value::Map(entries) => entries.iter().all(|(key, value)| match text_of(key) {
            "kind" | "regex" | "field" => true,
            "stopBy" => matches!(bare(value), Value::String(_)),
            "has" | "any" | "all" | "not" => is_below(value),
            _ => false,
        }),
        Value::Seq(rules) => rules.iter().all(is_below),
        _ => false,
    }
}

fn is_nothing(value: &Value) -> bool {
    matches!(bare(value), Value::Unit | Value::Option(None))
}

fn is_empty(rule: &SerializableRule) -> bool {
    matches!(value_of(rule), Some(Value::Map(entries)) if entries.is_empty())
}

fn value_of(rule: &SerializableRule) -> Option<Value> {
    serde_value::to_value(rule).ok().map(|value| bare(&value).clone())
}

/// The keys of a rule and what they say.
fn entries_of(rule: &Value) -> Option<Vec<(&str, &Value)>> {
    match bare(rule) {
        Value::Map(entries) => Some(
            entries
                .iter()
                .map(|(key, value)| (text_of(key), bare(value)))
                .collect(),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a rule, and for each condition on the file whether it is about all nodes, and whether it must hold.
    fn taken(yaml: &str) -> (String, Vec<(bool, bool)>) {
        let mut rule: SerializableRule = ast_grep_config::from_str(yaml).unwrap();
        let mut conditions = Vec::new();
        take_conditions(&mut rule, "module", &mut conditions);
        let Some(Value::Map(left)) = value_of(&rule) else {
            panic!("{yaml}");
        };
        let left: Vec<_> = left.keys().map(text_of).collect();
        let conditions = conditions.iter().map(|one| (one.is_deep, one.is_wanted));
        (left.join(" "), conditions.collect())
    }

    #[test]
    fn conditions_on_the_file_are_told_apart() {
        let deep = "inside: {kind: module, stopBy: end, has: {kind: call, stopBy: end}}";
        let lacks = "inside: {kind: module, stopBy: end, not: {has: {kind: call, regex: a}}}";
        for (yaml, expected) in [
            (
                format!("{{kind: call, not: {{{deep}}}}}"),
                ("kind", vec![(true, false)]),
            ),
            (
                format!("{{kind: call, not: {{{lacks}}}}}"),
                ("kind", vec![(false, true)]),
            ),
            (
                format!(
                    "{{all: [{{kind: call}}, {{not: {{any: [{{{deep}}}, {{{lacks}}}, {{regex: b}}]}}}}]}}"
                ),
                ("all", vec![(true, false), (false, true)]),
            ),
            (format!("{{kind: call, {deep}}}"), ("inside kind", vec![])),
            (
                format!("{{kind: call, any: [{{not: {{{deep}}}}}, {{regex: b}}]}}"),
                ("any kind", vec![]),
            ),
            (
                format!("{{kind: call, not: {{regex: b, {deep}}}}}"),
                ("kind not", vec![]),
            ),
            (
                "{kind: call, not: {inside: {kind: module, stopBy: end, has: {pattern: f($A)}}}}".to_owned(),
                ("kind not", vec![]),
            ),
            (
                "{kind: call, not: {inside: {kind: module, has: {kind: call}}}}".to_owned(),
                ("kind not", vec![]),
            ),
        ] {
            assert_eq!(taken(&yaml), (expected.0.to_owned(), expected.1), "{yaml}");
        }
    }
}
