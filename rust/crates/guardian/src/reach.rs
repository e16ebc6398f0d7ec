//! How far from a node a rule looks: what must be matched again when a part of a text was edited.
//!
//! Sound, not complete: each part of a rule that is not understood looks at the whole file.

use ast_grep_core::Matcher as _;
use ast_grep_core::tree_sitter::LanguageExt as _;
use serde_value::Value;
use syntax::SupportLang;

use crate::need::{Utils, bare, pattern_of, text_of};

/// The text on which the outcome of a rule at a node depends, beside the kinds of the nodes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// That of the node's unit: a child of the root, or of the body of a class.
    Unit,
    /// That of the child of the root that the node is in.
    Statement,
    /// All.
    File,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub reach: Reach,
    /// At a unit, or a child of the root, also at those beside it.
    pub is_beside: bool,
    /// And at those beyond the next.
    pub is_beyond: bool,
}

/// How the files of a language are built.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// The kind of a root without errors.
    pub root: &'static str,
    /// What holds units: classes, what is around them, and their bodies.
    pub holders: &'static [&'static str],
    /// Those of the holders whose children are units.
    pub bodies: &'static [&'static str],
}

/// None where texts are always looked at as a whole.
pub(crate) fn layout(language: SupportLang) -> Option<Layout> {
    let layout = |root, holders, bodies| {
        Some(Layout {
            root,
            holders,
            bodies,
        })
    };
    match language {
        SupportLang::Python => layout(
            "module",
            &["class_definition", "decorated_definition", "block"],
            &["block"],
        ),
        SupportLang::JavaScript | SupportLang::TypeScript | SupportLang::Tsx => layout(
            "program",
            &[
                "export_statement",
                "class_declaration",
                "abstract_class_declaration",
                "class_body",
            ],
            &["class_body"],
        ),
        SupportLang::Rust => layout(
            "source_file",
            &["mod_item", "impl_item", "trait_item", "declaration_list"],
            &["declaration_list"],
        ),
        SupportLang::Go => layout("source_file", &[], &[]),
        _ => None,
    }
}

impl Sight {
    const UNIT: Self = Self {
        reach: Reach::Unit,
        is_beside: false,
        is_beyond: false,
    };
    const FILE: Self = Self::of(Reach::File);

    const fn of(reach: Reach) -> Self {
        Self {
            reach,
            is_beside: false,
            is_beyond: false,
        }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            reach: self.reach.max(other.reach),
            is_beside: self.is_beside || other.is_beside,
            is_beyond: self.is_beyond || other.is_beyond,
        }
    }

    fn beside(self, is_beyond: bool) -> Self {
        Self {
            is_beside: true,
            is_beyond: self.is_beyond || is_beyond,
            ..self
        }
    }
}

/// Where a part of a rule is held against nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the node itself.
    Own,
    /// At the nodes in it, or at those beside it and in these.
    Below,
    /// At the nodes around it; with what it costs there to look at the text of one.
    Above(Reach),
}

/// Reads the rules of one language.
pub(crate) struct Viewer<'a> {
    pub language: SupportLang,
    pub layout: Layout,
    pub local: &'a Utils,
    pub global: &'a Utils,
}

type Open<'v> = Vec<(&'v str, Place)>;

impl Viewer<'_> {
    /// What a rule object looks at from the node that it matches.
    pub fn rule(&self, rule: &Value) -> Sight {
        let sight = self.at(rule, Place::Own, &mut Vec::new());
        if self.is_never_a_unit(rule) {
            return Sight::of(sight.reach); // what is beside it is in the unit
        }
        sight
    }

    /// What an expansion of a fix looks at: the nodes beside the one that matched.
    pub fn expansion(&self, relation: &Value) -> Sight {
        let is_beyond = !is_next_only(relation);
        self.at(relation, Place::Below, &mut Vec::new()).beside(is_beyond)
    }

    /// What a condition on a captured node looks at: the node may be any.
    pub fn captured(&self, rule: &Value) -> Sight {
        let sight = self.rule(rule);
        if sight.is_beside { Sight::FILE } else { sight }
    }

    fn at<'v>(&'v self, rule: &'v Value, place: Place, open: &mut Open<'v>) -> Sight {
        let Value::Map(entries) = rule else {
            return Sight::FILE;
        };
        let place = match place {
            Place::Above(cost) => Place::Above(cost.min(self.cost_above(rule))),
            place => place,
        };
        entries
            .iter()
            .map(|(key, value)| self.entry(text_of(key), bare(value), place, open))
            .fold(Sight::UNIT, Sight::and)
    }

    fn entry<'v>(&'v self, key: &str, value: &'v Value, place: Place, open: &mut Open<'v>) -> Sight {
        match (key, value, place) {
            ("kind", Value::String(kind), _) if is_plain(kind) => Sight::UNIT,
            ("pattern" | "regex", _, Place::Above(cost)) => Sight::of(cost),
            ("pattern" | "regex" | "field", ..) | ("stopBy", Value::String(_), _) => Sight::UNIT,
            ("has", relation, Place::Above(cost)) => {
                self.at(relation, Place::Below, open).and(Sight::of(cost))
            }
            ("has", relation, _) | ("follows" | "precedes", relation, Place::Below) => {
                self.at(relation, Place::Below, open)
            }
            ("inside", relation, _) => self.at(relation, Place::Above(Reach::File), open),
            ("follows" | "precedes", relation, Place::Own) => {
                let is_beyond = !is_next_only(relation);
                self.at(relation, Place::Below, open).beside(is_beyond)
            }
            ("nthChild", child, Place::Own) => self.nth_child(child, open).beside(true),
            ("nthChild", child, Place::Below) => self.nth_child(child, open),
            ("all" | "any", Value::Seq(rules), _) => rules
                .iter()
                .map(|rule| self.at(bare(rule), place, open))
                .fold(Sight::UNIT, Sight::and),
            // Whether to stop is asked of all nodes around, whatever they are.
            ("stopBy", rule, Place::Above(_)) => self.at(rule, Place::Above(Reach::File), open),
            ("not" | "stopBy", rule, _) => self.at(rule, place, open),
            ("matches", Value::String(name), _) => self.util(name, place, open),
            _ => Sight::FILE, // `range`, calls with arguments, places beside those around the node
        }
    }

    fn nth_child<'v>(&'v self, child: &'v Value, open: &mut Open<'v>) -> Sight {
        let Value::Map(entries) = child else {
            return Sight::UNIT;
        };
        entries
            .get(&Value::String("ofRule".to_owned()))
            .map_or(Sight::UNIT, |rule| match bare(rule) {
                Value::Map(_) => self.at(bare(rule), Place::Below, open),
                _ => Sight::UNIT, // none
            })
    }

    fn util<'v>(&'v self, name: &'v str, place: Place, open: &mut Open<'v>) -> Sight {
        if open.contains(&(name, place)) {
            return Sight::UNIT; // what it looks at is being counted
        }
        let Some(rule) = self.local.get(name).or_else(|| self.global.get(name)) else {
            return Sight::FILE;
        };
        open.push((name, place));
        let sight = self.at(bare(rule), place, open);
        open.pop();
        sight
    }

    /// What it costs to look at the text of a node around, where this rule is asked of it: nothing where a rule can't
    /// match what holds units, for all others are in the unit.
    fn cost_above(&self, rule: &Value) -> Reach {
        let root = [self.layout.root];
        if !self.never_matches(rule, &root) {
            Reach::File
        } else if self.never_matches(rule, self.layout.holders) {
            Reach::Unit
        } else {
            Reach::Statement
        }
    }

    /// Whether a rule matches only in nodes that do not hold units.
    fn is_never_a_unit(&self, rule: &Value) -> bool {
        let Value::Map(entries) = rule else {
            return false;
        };
        let holders: Vec<_> = self
            .layout
            .bodies
            .iter()
            .copied()
            .chain([self.layout.root])
            .collect();
        entries
            .iter()
            .any(|(key, value)| match (text_of(key), bare(value)) {
                ("inside", around) => is_neighbour(around) && self.never_matches(around, &holders),
                ("all", Value::Seq(rules)) => rules.iter().any(|rule| self.is_never_a_unit(bare(rule))),
                _ => false,
            })
    }

    /// Whether nodes of these kinds never match, whatever they hold.
    fn never_matches(&self, rule: &Value, kinds: &[&str]) -> bool {
        let Value::Map(entries) = rule else {
            return false;
        };
        entries
            .iter()
            .any(|(key, value)| match (text_of(key), bare(value)) {
                ("kind", Value::String(kind)) => is_plain(kind) && !kinds.contains(&kind.as_str()),
                ("pattern", pattern) => self.is_pattern_of_others(pattern, kinds),
                ("not", rule) => is_only_kind(rule, kinds),
                ("all", Value::Seq(rules)) => rules.iter().any(|rule| self.never_matches(bare(rule), kinds)),
                ("any", Value::Seq(rules)) => rules.iter().all(|rule| self.never_matches(bare(rule), kinds)),
                _ => false,
            })
    }

    fn is_pattern_of_others(&self, pattern: &Value, kinds: &[&str]) -> bool {
        let Some(possible) = pattern_of(pattern, self.language).and_then(|pattern| pattern.potential_kinds())
        else {
            return false;
        };
        let grammar = self.language.get_ts_language();
        possible.iter().all(|kind| {
            grammar
                .node_kind_for_id(kind as u16)
                .is_some_and(|name| !kinds.contains(&name))
        })
    }
}

/// Whether a relation is to the very next node.
fn is_neighbour(relation: &Value) -> bool {
    let Value::Map(entries) = relation else {
        return false;
    };
    let stop_by = entries.get(&Value::String("stopBy".to_owned()));
    stop_by.is_none_or(|end| matches!(bare(end), Value::String(end) if end == "neighbor"))
}

/// Whether a rule is that a node is of a kind, the only one of these.
fn is_only_kind(rule: &Value, kinds: &[&str]) -> bool {
    match rule {
        Value::Map(entries) => {
            entries.len() == 1
                && entries.iter().all(|(key, kind)| {
                    text_of(key) == "kind"
                        && matches!(bare(kind), Value::String(kind) if kinds == [kind.as_str()])
                })
        }
        _ => false,
    }
}

/// Whether a relation looks at the next node alone, and from there no further.
fn is_next_only(rule: &Value) -> bool {
    match bare(rule) {
        Value::Map(entries) => entries
            .iter()
            .all(|(key, value)| match (text_of(key), bare(value)) {
                ("stopBy", Value::String(end)) => end == "neighbor",
                ("stopBy" | "follows" | "precedes" | "nthChild" | "inside" | "matches", _) => false,
                ("has", Value::Map(_)) => true, // in the node
                ("kind", Value::String(kind)) => is_plain(kind),
                (_, value) => is_next_only(value),
            }),
        Value::Seq(rules) => rules.iter().all(is_next_only),
        _ => true,
    }
}

/// Not a selector of several kinds.
fn is_plain(kind: &str) -> bool {
    kind.chars()
        .all(|char| char.is_ascii_alphanumeric() || char == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(yaml: &str) -> (Reach, bool) {
        let rule: Value = ast_grep_config::from_str(yaml).unwrap();
        let none = Utils::new();
        let looped = Utils::from([(
            "loop".to_owned(),
            ast_grep_config::from_str("{any: [{kind: call}, {inside: {matches: loop}}]}").unwrap(),
        )]);
        let seen = Viewer {
            language: SupportLang::Python,
            layout: layout(SupportLang::Python).unwrap(),
            local: &looped,
            global: &none,
        }
        .rule(&rule);
        (seen.reach, seen.is_beside)
    }

    #[test]
    fn what_is_below_or_a_kind_around_stays_in_the_unit() {
        for yaml in [
            "{pattern: print($A)}",
            "{kind: call, has: {regex: x, stopBy: end}, not: {pattern: f()}}",
            "{kind: call, inside: {kind: with_item, regex: a, stopBy: end}}",
            "{kind: call, inside: {any: [{kind: module}, {kind: block, inside: {kind: class_definition}}]}}",
            "{kind: call, inside: {kind: if_statement, any: [{regex: x}, {has: {kind: string}}]}}",
            "{kind: call, has: {nthChild: 1, follows: {kind: comment}}}",
            "{kind: string, inside: {pattern: f($A), stopBy: end}}",
            "{matches: loop}",
        ] {
            assert_eq!(sight(yaml), (Reach::Unit, false), "{yaml}");
        }
    }

    #[test]
    fn neighbours_and_texts_around_reach_further() {
        for (yaml, expected) in [
            ("{kind: call, follows: {kind: comment}}", (Reach::Unit, true)),
            ("{nthChild: 1, kind: call}", (Reach::Unit, true)),
            (
                "{kind: call, inside: {kind: class_definition, has: {regex: x}, stopBy: end}}",
                (Reach::Statement, false),
            ),
            ("{kind: call, inside: {regex: x}}", (Reach::File, false)),
            (
                "{kind: call, inside: {kind: if_statement, stopBy: {regex: x}}}",
                (Reach::File, false),
            ),
            (
                "{kind: call, inside: {kind: module, has: {kind: call}}}",
                (Reach::File, false),
            ),
            (
                "{kind: call, inside: {kind: if_statement, follows: {kind: call}}}",
                (Reach::File, false),
            ),
            ("{kind: call, inside: {pattern: $A}}", (Reach::File, false)),
            (
                "{kind: 'call > identifier', range: {start: {line: 1, column: 1}}}",
                (Reach::File, false),
            ),
            ("{matches: unknown}", (Reach::File, false)),
        ] {
            assert_eq!(sight(yaml), expected, "{yaml}");
        }
    }
}
