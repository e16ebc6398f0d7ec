//! What is remembered of a text between two lints, so that only what was edited is matched again.
//!
//! A unit is a child of the root, or of the body of a class in one. Where it has no errors, its kind and its text decide
//! its tree. A unit that was there before has the findings that it had, moved with it, as far as the rules look no
//! further ([`crate::reach`]).

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState};
use std::sync::Arc;

use syntax::{Document, Extent, NotChecked, SyntaxError, Watch, visit, visit_below};
use tree_sitter::Node;

use crate::facts::Held;
use crate::finding::Finding;
use crate::matching::Matching;
use crate::plan::Plan;
use crate::reach::{Layout, Reach};
use crate::rule::CompiledRule;

/// Shorter statements are matched as a whole.
const MIN_SPLIT_BYTES: usize = 1024;

/// What was found in the units of an earlier text.
pub(crate) struct Memory {
    pub(crate) plan: Arc<Plan>,
    pub(crate) units: Units,
    /// None where the text had errors, or rules look further than a part of it can show.
    pub(crate) top: Option<Top>,
}

/// The text, and the children of its root, of which only some may have to be parsed again.
pub(crate) struct Top {
    pub source: String,
    pub statements: Vec<Statement>,
}

/// A child of the root.
#[derive(Clone)]
pub(crate) struct Statement {
    pub start_byte: usize,
    pub end_byte: usize,
    pub row: usize,
    pub kind: u16,
    pub descendant_count: usize,
    /// It begins a line, and is no comment.
    pub is_plain: bool,
    pub key: Option<u64>,
    pub unit: Arc<Unit>,
    /// What rules found at it that look beside it; None for nothing.
    pub beside: Option<Arc<Unit>>,
    /// For rules with twins the name that must not come twice.
    pub twin_name: Option<Box<str>>,
}

/// The units of a text by what makes each the same.
pub(crate) type Units = HashMap<u64, Arc<Unit>>;

/// What was found in one unit, with its places at the time.
pub(crate) struct Unit {
    start_byte: usize,
    start_row: usize,
    pub(crate) extent: Extent,
    findings: Vec<Finding>,
    /// Whether rules that look at the whole statement may match nodes in it.
    has_farther: bool,
    /// Whether rules that look at the whole file may match nodes in it.
    pub(crate) has_whole: bool,
    /// Of those that rules ask of the file.
    facts: Held,
    pub(crate) inner: Vec<(u64, Arc<Unit>)>,
}

/// What all of a text was found to be.
pub(crate) struct Looked {
    pub findings: Vec<Finding>,
    /// Of Python; looked for where the tree has no other errors.
    pub indentation: Option<SyntaxError>,
    pub memory: Memory,
}

/// Match a document. `memory` is of an earlier text.
pub(crate) fn look(
    matching: &Matching<'_>,
    layout: Layout,
    memory: Option<&Memory>,
    watch: &Watch<'_>,
) -> Result<Looked, NotChecked> {
    let known = memory.filter(|memory| Arc::ptr_eq(&memory.plan, matching.plan));
    let mut pass = Pass::new(matching, layout, known.map(|memory| &memory.units), watch);
    let statements = pass.statements()?;
    pass.around(&statements)?;
    let mut findings = pass.findings;
    for statement in &statements {
        statement.report(&mut findings);
    }
    sift(matching.plan, &statements, &mut findings);
    let root = matching.document.root().get_inner_node();
    let has_top = !root.has_error()
        && pass.indentation.is_none()
        && matching.plan.for_kind(root.kind_id()).is_empty()
        && matching
            .plan
            .rules
            .iter()
            .all(|rule| rule.is_told_by_neighbours());
    Ok(Looked {
        findings,
        indentation: pass.indentation,
        memory: Memory {
            plan: Arc::clone(matching.plan),
            units: pass.units,
            top: has_top.then(|| Top {
                source: matching.document.source().to_owned(),
                statements,
            }),
        },
    })
}

/// One look at all units of a document.
pub(crate) struct Pass<'a, 't> {
    matching: &'a Matching<'t>,
    layout: Layout,
    known: Option<&'a Units>,
    watch: &'a Watch<'a>,
    pub units: Units,
    findings: Vec<Finding>,
    extent: Extent,
    pub indentation: Option<SyntaxError>,
}

/// A statement while it is matched.
#[derive(Default)]
struct Parts<'t> {
    /// The tops of units that are matched with the statement: itself, and those that have no key.
    tops: Vec<Node<'t>>,
    /// Other nodes in no inner unit.
    frame: Vec<Node<'t>>,
    /// Children of the same body.
    siblings: Vec<Vec<Node<'t>>>,
    /// Nodes in inner units that rules may match which look at the whole statement: first of all the tops.
    farther: (Vec<Node<'t>>, Vec<Node<'t>>),
    extent: Extent,
    findings: Vec<Finding>,
    inner: Vec<(u64, Arc<Unit>)>,
}

impl<'a, 't> Pass<'a, 't> {
    pub fn new(
        matching: &'a Matching<'t>,
        layout: Layout,
        known: Option<&'a Units>,
        watch: &'a Watch<'a>,
    ) -> Self {
        // Hashes mean the same in all memories of a text.
        let hasher = known.map_or_else(RandomState::new, |units| units.hasher().clone());
        Self {
            matching,
            layout,
            known,
            watch,
            units: Units::with_hasher(hasher),
            findings: Vec::new(),
            extent: Extent::default(),
            indentation: syntax::top_indentation_error(matching.document),
        }
    }

    /// The children of the root, and what is found in them and beside them.
    pub fn statements(&mut self) -> Result<Vec<Statement>, NotChecked> {
        let document: &'t Document = self.matching.document;
        let mut cursor = document.root().get_inner_node().walk();
        let nodes: Vec<_> = cursor.node().children(&mut cursor).collect();
        self.extent.add(0)?;
        let mut found = Vec::new();
        self.matching
            .siblings(&nodes, is_beside, self.watch, &mut found)?;
        let mut beside: HashMap<(usize, usize), Vec<Finding>> = HashMap::new();
        for finding in found {
            let place = (finding.span.start_byte, finding.span.end_byte);
            beside.entry(place).or_default().push(finding);
        }
        let statement = |node: Node<'t>| {
            let beside = beside.remove(&(node.start_byte(), node.end_byte()));
            self.statement(node, beside)
        };
        nodes.into_iter().map(statement).collect()
    }

    /// What is found in no statement.
    fn around(&mut self, statements: &[Statement]) -> Result<(), NotChecked> {
        let root = self.matching.document.root().get_inner_node();
        self.matching
            .each(&[root], is_near, self.watch, &mut self.findings)?;
        let is_met = statements.iter().any(|statement| statement.unit.has_whole);
        if is_met || self.matching.is_met(root, is_whole) {
            self.whole_file()?;
        }
        Ok(())
    }

    /// Rules that look at all of the file: at all of its nodes.
    fn whole_file(&mut self) -> Result<(), NotChecked> {
        let Matching { plan, document, .. } = *self.matching;
        let possible = plan.possible(document.source());
        let matching = Matching {
            possible: &possible,
            ..*self.matching
        };
        let mut rules = plan.rules.iter().zip(&possible);
        if !rules.any(|(rule, is_possible)| *is_possible && is_whole(rule)) {
            return Ok(());
        }
        let mut nodes = Vec::new();
        visit(document, self.watch, |node| {
            nodes.extend(Some(node).filter(|node| matching.is_met(*node, is_whole)));
        })?;
        matching.each(&nodes, is_whole, self.watch, &mut self.findings)
    }

    fn statement(&mut self, node: Node<'t>, beside: Option<Vec<Finding>>) -> Result<Statement, NotChecked> {
        let key = self.key(node, &[]);
        let known = key.and_then(|key| self.known?.get(&key)).cloned();
        let (unit, error) = match known {
            Some(unit) => (unit, None), // a statement with an error is not remembered
            None => (
                Arc::new(self.fresh_statement(node)?),
                syntax::indentation_error_below(self.matching.document, node),
            ),
        };
        self.extent.add_part(&unit.extent, 1)?;
        let key = key.filter(|_| error.is_none());
        self.indentation = self.indentation.take().or(error);
        if let Some(key) = key {
            self.units.extend(unit.inner.iter().cloned());
            self.units.insert(key, Arc::clone(&unit));
        }
        let place = node.start_position();
        Ok(Statement {
            start_byte: node.start_byte(),
            end_byte: node.end_byte(),
            row: place.row,
            kind: node.kind_id(),
            descendant_count: node.descendant_count(),
            is_plain: place.column == 0 && node.is_named() && !node.is_extra(),
            key,
            unit,
            beside: beside.map(|findings| Arc::new(Unit::of(node, findings))),
            twin_name: self.matching.twin_name(node),
        })
    }

    fn fresh_statement(&mut self, node: Node<'t>) -> Result<Unit, NotChecked> {
        self.watch.check()?;
        let mut parts = Parts::default();
        if node.end_byte() - node.start_byte() < MIN_SPLIT_BYTES || !self.is_holder(node) {
            parts.extent = visit_below(node, self.watch, |node| parts.frame.push(node))?;
            parts.tops.push(parts.frame.remove(0));
        } else {
            self.split(node, 0, &mut Vec::new(), &mut parts)?;
        }
        let (watch, matching, findings) = (self.watch, self.matching, &mut parts.findings);
        matching.each(&parts.tops, is_own, watch, findings)?;
        matching.each(&parts.frame, is_near, watch, findings)?;
        for siblings in &parts.siblings {
            matching.siblings(siblings, is_beside, watch, findings)?;
        }
        let is_own_far = |rule: &CompiledRule| is_own(rule) && is_far(rule);
        matching.each(&parts.farther.0, is_own_far, watch, findings)?;
        matching.each(&parts.farther.1, is_far, watch, findings)?;
        let nodes = parts.tops.iter().chain(&parts.frame);
        let mut facts = matching.facts(node, nodes.clone(), Some(node));
        facts.extend(parts.inner.iter().flat_map(|(_, unit)| &unit.facts));
        let mut nodes = nodes;
        Ok(Unit {
            facts,
            extent: parts.extent,
            has_whole: parts.inner.iter().any(|(_, unit)| unit.has_whole)
                || nodes.any(|node| matching.is_met(*node, is_whole)),
            inner: parts.inner,
            ..Unit::of(node, parts.findings)
        })
    }

    /// What holds units: what is in none of them, and then these. `depth` is that of the node in the statement.
    fn split(
        &mut self,
        node: Node<'t>,
        depth: usize,
        holders: &mut Vec<u16>,
        parts: &mut Parts<'t>,
    ) -> Result<(), NotChecked> {
        let nodes = if depth == 0 {
            &mut parts.tops
        } else {
            &mut parts.frame
        };
        nodes.push(node);
        parts.extent.add(depth)?;
        holders.push(node.kind_id());
        let is_body = self.layout.bodies.contains(&node.kind());
        let mut cursor = node.walk();
        let children: Vec<_> = node.children(&mut cursor).collect();
        for &child in &children {
            if is_body {
                self.inner_unit(child, depth + 1, holders, parts)?;
            } else if self.is_holder(child) && !holders.contains(&child.kind_id()) {
                self.split(child, depth + 1, holders, parts)?;
            } else {
                let extent = visit_below(child, self.watch, |node| parts.frame.push(node))?;
                parts.extent.add_part(&extent, depth + 1)?;
            }
        }
        if is_body {
            parts.siblings.push(children);
        }
        holders.pop();
        Ok(())
    }

    fn inner_unit(
        &mut self,
        node: Node<'t>,
        depth: usize,
        holders: &[u16],
        parts: &mut Parts<'t>,
    ) -> Result<(), NotChecked> {
        let Some(key) = self.key(node, holders) else {
            let mut nodes = Vec::new();
            let extent = visit_below(node, self.watch, |node| nodes.push(node))?;
            parts.tops.push(node);
            parts.frame.extend_from_slice(&nodes[1..]);
            return parts.extent.add_part(&extent, depth);
        };
        let known = self.known.and_then(|units| units.get(&key)).cloned();
        let unit = match known {
            Some(unit) => {
                if unit.has_farther {
                    let mut nodes = Vec::new();
                    visit_below(node, self.watch, |node| nodes.push(node))?;
                    self.take_farther(&nodes, parts);
                }
                unit
            }
            None => Arc::new(self.fresh_inner(node, parts)?),
        };
        parts.extent.add_part(&unit.extent, depth)?;
        unit.report(node.start_byte(), node.start_position().row, &mut parts.findings);
        parts.inner.push((key, unit));
        Ok(())
    }

    fn fresh_inner(&mut self, node: Node<'t>, parts: &mut Parts<'t>) -> Result<Unit, NotChecked> {
        let mut nodes = Vec::new();
        let extent = visit_below(node, self.watch, |node| nodes.push(node))?;
        let mut findings = Vec::new();
        let (matching, watch) = (self.matching, self.watch);
        let is_own_near = |rule: &CompiledRule| is_own(rule) && !is_far(rule);
        let is_only_near = |rule: &CompiledRule| is_near(rule) && !is_far(rule);
        matching.each(&nodes[..1], is_own_near, watch, &mut findings)?;
        matching.each(&nodes[1..], is_only_near, watch, &mut findings)?;
        Ok(Unit {
            facts: matching.facts(node, nodes.iter(), None),
            extent,
            has_whole: nodes.iter().any(|node| matching.is_met(*node, is_whole)),
            has_farther: self.take_farther(&nodes, parts),
            ..Unit::of(node, findings)
        })
    }

    /// Of the nodes of an inner unit those that rules may match which look at the whole statement; whether there are any.
    fn take_farther(&self, nodes: &[Node<'t>], parts: &mut Parts<'t>) -> bool {
        let is_met = |node: &&Node<'t>| self.matching.is_met(**node, is_far);
        let count = parts.farther.0.len() + parts.farther.1.len();
        parts.farther.0.extend(nodes[..1].iter().filter(is_met));
        parts.farther.1.extend(nodes[1..].iter().filter(is_met));
        parts.farther.0.len() + parts.farther.1.len() > count
    }

    fn is_holder(&self, node: Node<'_>) -> bool {
        self.layout.holders.contains(&node.kind())
    }

    /// What makes a unit the same. None where it has errors, or is not the first on its line: what is before it there
    /// could change its columns.
    fn key(&self, node: Node<'_>, holders: &[u16]) -> Option<u64> {
        let source = self.matching.document.source().as_bytes();
        let start = node.start_byte();
        let column = node.start_position().column;
        let before = source.get(start.checked_sub(column)?..start)?;
        if node.has_error() || !before.iter().all(|&byte| byte == b' ' || byte == b'\t') {
            return None;
        }
        let mut hasher = self.units.hasher().build_hasher();
        (holders, node.kind_id(), node.descendant_count(), column).hash(&mut hasher);
        hasher.write(source.get(node.byte_range())?);
        Some(hasher.finish())
    }
}

impl Unit {
    fn of(node: Node<'_>, findings: Vec<Finding>) -> Self {
        Self {
            start_byte: node.start_byte(),
            start_row: node.start_position().row,
            extent: Extent::default(),
            findings,
            has_farther: false,
            has_whole: false,
            facts: Held::new(),
            inner: Vec::new(),
        }
    }

    /// Its findings where it stands now.
    fn report(&self, start_byte: usize, row: usize, findings: &mut Vec<Finding>) {
        let bytes = start_byte.cast_signed() - self.start_byte.cast_signed();
        let rows = row.cast_signed() - self.start_row.cast_signed();
        findings.extend(self.findings.iter().map(|finding| finding.moved(bytes, rows)));
    }
}

impl Statement {
    /// What was found in it, where it stands now.
    pub fn report(&self, findings: &mut Vec<Finding>) {
        self.unit.report(self.start_byte, self.row, findings);
        if let Some(beside) = &self.beside {
            beside.report(self.start_byte, self.row, findings);
        }
    }

    /// The same in a text where it stands so much further down.
    pub fn moved(&self, bytes: isize, rows: isize) -> Self {
        Self {
            start_byte: self.start_byte.saturating_add_signed(bytes),
            end_byte: self.end_byte.saturating_add_signed(bytes),
            row: self.row.saturating_add_signed(rows),
            ..self.clone()
        }
    }
}

/// Take out what rules found whose conditions on the file do not hold.
pub(crate) fn sift(plan: &Plan, statements: &[Statement], findings: &mut Vec<Finding>) {
    let held = statements.iter().flat_map(|statement| &statement.unit.facts);
    plan.facts.sift(&plan.rules, held, findings);
}

/// At the top of a unit: what does not look beside it.
fn is_own(rule: &CompiledRule) -> bool {
    is_near(rule) && !rule.sight.is_beside
}

/// At the top of a unit: what does.
fn is_beside(rule: &CompiledRule) -> bool {
    is_near(rule) && rule.sight.is_beside
}

/// What looks at no more than the statement.
fn is_near(rule: &CompiledRule) -> bool {
    rule.sight.reach <= Reach::Statement
}

/// What looks at the whole file.
fn is_whole(rule: &CompiledRule) -> bool {
    rule.sight.reach == Reach::File
}

/// What looks at all of it.
fn is_far(rule: &CompiledRule) -> bool {
    rule.sight.reach == Reach::Statement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line_map::Encoding;
    use crate::open_text::{OpenText, TextChange};
    use crate::rule_set::RuleSet;

    impl Memory {
        /// How many of the units another memory has, too.
        pub(crate) fn shared_count(&self, other: &Self) -> (usize, usize) {
            let is_shared = |(key, unit): &(&u64, &Arc<Unit>)| {
                other.units.get(key).is_some_and(|known| Arc::ptr_eq(known, unit))
            };
            (self.units.iter().filter(is_shared).count(), self.units.len())
        }
    }

    #[test]
    fn only_what_was_edited_is_matched_again() {
        let set =
            RuleSet::from_yaml(&[("r", "{id: p, language: Python, rule: {pattern: print($A)}}")]).unwrap();
        let functions = |name: &str| -> String {
            let function = |number| format!("def {name}{number}(a):\n    for b in a:\n        print(b)\n\n");
            (0..50).map(function).collect()
        };
        let method = |number| format!("    def m{number}(self):\n        if self:\n            print(1)\n\n");
        let methods: String = (0..50).map(method).collect();
        let source = format!("{}class A:\n{methods}\n\n{}", functions("f"), functions("g"));
        let text = OpenText::new("a.py".to_owned(), source, Encoding::Utf8);
        text.lint(&set, &Watch::default());
        for (line, changed) in [(103, 1), (303, 2)] {
            let before = text.memory().unwrap();
            text.change(&[TextChange {
                range: Some(((line, 0), (line, 0))),
                text: "        print(2)\n".to_owned(),
            }]);
            let report = text.lint(&set, &Watch::default());
            assert!(report.reason.is_none());
            let (shared, all) = text.memory().unwrap().shared_count(&before);
            assert_eq!((shared, all), (151 - changed, 151), "{line}");
        }
        assert_eq!(text.lint(&set, &Watch::default()).findings.len(), 152);
    }
}
