//! Parsing and matching again only a part of a text: the statements at its top that were edited, and some around them.
//!
//! A statement that begins a line, behind whole statements, is parsed from the same state wherever it stands. So a part
//! that begins with a statement that was not touched, and ends with two that are found in it just as they were, has
//! the statements that the whole text has there, and the others are as they were. Where anything speaks against that, the
//! answer is none, and all of the text is parsed.

use std::collections::HashSet;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memmem};
use syntax::{Document, NotChecked, SupportLang, Watch};

use crate::finding::Finding;
use crate::matching::Matching;
use crate::plan::Plan;
use crate::reach::layout;
use crate::suppression::IGNORE;
use crate::units::{Memory, Pass, Statement, Top, sift};

/// Statements before the first that was touched: the first of them may see the second, which no edit can change.
const BEFORE: usize = 2;

/// Texts are compared by blocks of this size.
const BLOCK_BYTES: usize = 256;

/// The part of a text that is parsed, and the statements of the earlier text that it replaces.
struct Window {
    /// Bytes in the new text.
    start: usize,
    end: usize,
    /// In the earlier text: those from the first up to the last, without it.
    first: usize,
    last: usize,
    /// The two that must be found as they were; None where the part ends with the text.
    guards: Option<[usize; 2]>,
    /// How much longer the new text is.
    delta: isize,
}

/// What is found in a text of which an earlier state is remembered, if no more than so many bytes must be parsed.
pub(crate) fn look_at_part(
    path: &Arc<str>,
    source: &str,
    language: SupportLang,
    plan: &Arc<Plan>,
    memory: &Memory,
    max_bytes: usize,
    watch: &Watch<'_>,
) -> Result<Option<(Vec<Finding>, Memory)>, NotChecked> {
    let (Some(top), Some(layout)) = (&memory.top, layout(language)) else {
        return Ok(None);
    };
    let has_suppressions = memmem::find(source.as_bytes(), IGNORE.as_bytes()).is_some();
    if !Arc::ptr_eq(&memory.plan, plan) || has_suppressions {
        return Ok(None);
    }
    let Some(window) = Window::around_edits(top, source, max_bytes) else {
        return Ok(None);
    };
    let Some(text) = source.get(window.start..window.end) else {
        return Ok(None);
    };
    let document = syntax::parse_unvisited(text.to_owned(), language, None, watch)?;
    let root = document.root().get_inner_node();
    if root.has_error() || root.kind() != layout.root {
        return Ok(None);
    }
    let matching = Matching {
        path,
        document: &document,
        plan,
        possible: &vec![true; plan.rules.len()],
        is_in_parts: true,
    };
    let mut pass = Pass::new(&matching, layout, Some(&memory.units), watch);
    let found = pass.statements()?;
    if pass.indentation.is_some() {
        return Ok(None);
    }
    let Some(statements) = window.put_in(top, &found, &document) else {
        return Ok(None);
    };
    if statements.iter().any(|statement| statement.unit.has_whole) {
        return Ok(None);
    }
    let mut units = memory.units.clone();
    for replaced in &top.statements[window.first..window.last] {
        if let Some(key) = replaced.key {
            units.remove(&key);
            replaced.unit.inner.iter().for_each(|(key, _)| {
                units.remove(key);
            });
        }
    }
    units.extend(pass.units);
    check_depth(&statements)?;
    let mut findings = Vec::new();
    for statement in &statements {
        statement.report(&mut findings);
    }
    sift(plan, &statements, &mut findings);
    findings.sort_by(Finding::order);
    let memory = Memory {
        plan: Arc::clone(plan),
        units,
        top: Some(Top {
            source: source.to_owned(),
            statements,
        }),
    };
    Ok(Some((findings, memory)))
}

impl Window {
    fn around_edits(top: &Top, source: &str, max_bytes: usize) -> Option<Self> {
        let (old, new) = (top.source.as_bytes(), source.as_bytes());
        let same_before = common_prefix(old, new);
        let same_behind = common_suffix(&old[same_before..], &new[same_before..]);
        let delta = new.len().cast_signed() - old.len().cast_signed();
        let statements = &top.statements;
        // What ends where an edit begins may go on in it.
        let touched = statements.partition_point(|statement| statement.end_byte < same_before);
        let behind = statements.partition_point(|statement| statement.start_byte <= old.len() - same_behind);
        let is_plain = |place: &usize| statements[*place].is_plain;
        let first = (1..=touched.saturating_sub(BEFORE))
            .rev()
            .find(|place| statements.get(*place).is_some_and(|statement| statement.is_plain));
        let start = first.map_or(0, |place| statements[place].start_byte);
        let mut plain = (behind.max(touched)..statements.len()).filter(is_plain);
        let guards = plain.next().zip(plain.next());
        let (last, old_end) = match guards {
            Some((_, second)) => {
                let end = statements[second].end_byte;
                let line_end = memchr(b'\n', &old[end..]).map_or(old.len(), |newline| end + newline + 1);
                (second + 1, line_end)
            }
            None => (statements.len(), old.len()),
        };
        let end = old_end.checked_add_signed(delta)?;
        if end.checked_sub(start)? > max_bytes {
            return None;
        }
        Some(Self {
            start,
            end,
            first: first.unwrap_or(0),
            last,
            guards: guards.map(|(one, two)| [one, two]),
            delta,
        })
    }

    /// The statements of the new text; None when those found in the part do not fit into it.
    fn put_in(&self, top: &Top, found: &[Statement], document: &Document) -> Option<Vec<Statement>> {
        let old = &top.statements;
        let rows_before = match old.get(self.first).filter(|_| self.start > 0) {
            Some(first) => first.row,
            None => memchr_iter(b'\n', &top.source.as_bytes()[..self.start]).count(),
        };
        let mut found: Vec<_> = found
            .iter()
            .map(|statement| statement.moved(self.start.cast_signed(), rows_before.cast_signed()))
            .collect();
        let old_rows = memchr_iter(b'\n', &top.source.as_bytes()[self.start..self.old_end()]).count();
        let new_rows = memchr_iter(b'\n', document.source().as_bytes()).count();
        let rows = new_rows.cast_signed() - old_rows.cast_signed();
        if self.start > 0 {
            // What is beside it is not in the part.
            let first = found
                .first_mut()
                .filter(|first| first.is_like(&old[self.first]))?;
            first.beside.clone_from(&old[self.first].beside);
        }
        if let Some([one, two]) = self.guards {
            let place = found.len().checked_sub(two - one + 1)?;
            let (first, second) = (old[one].moved(self.delta, rows), old[two].moved(self.delta, rows));
            if !found[place].is_like(&first) || !found.last()?.is_like(&second) {
                return None;
            }
            found.last_mut()?.beside = second.beside;
        }
        let (before, behind) = (&old[..self.first], &old[self.last..]);
        if has_twins(&found, &old[self.first..self.last], before.iter().chain(behind)) {
            return None;
        }
        let behind = behind.iter().map(|statement| statement.moved(self.delta, rows));
        Some(before.iter().cloned().chain(found).chain(behind).collect())
    }

    fn old_end(&self) -> usize {
        self.end.saturating_add_signed(-self.delta)
    }
}

impl Statement {
    fn is_like(&self, other: &Self) -> bool {
        let place = |one: &Self| (one.start_byte, one.end_byte, one.row, one.is_plain);
        let tree = |one: &Self| (one.kind, one.descendant_count);
        place(self) == place(other) && tree(self) == tree(other)
    }
}

/// Whether a name that comes or goes is also that of another: what is found at that one may change, too.
fn has_twins<'s>(
    found: &'s [Statement],
    replaced: &'s [Statement],
    mut others: impl Iterator<Item = &'s Statement>,
) -> bool {
    let mut names = HashSet::new();
    let is_twice = !found
        .iter()
        .filter_map(|one| one.twin_name.as_deref())
        .all(|name| names.insert(name));
    names.extend(replaced.iter().filter_map(|one| one.twin_name.as_deref()));
    is_twice
        || others.any(|other| {
            other
                .twin_name
                .as_deref()
                .is_some_and(|name| names.contains(name))
        })
}

fn check_depth(statements: &[Statement]) -> Result<(), NotChecked> {
    let mut extent = syntax::Extent::default();
    extent.add(0)?;
    statements
        .iter()
        .try_for_each(|statement| extent.add_part(&statement.unit.extent, 1))
}

fn common_prefix(one: &[u8], two: &[u8]) -> usize {
    let blocks = one.chunks_exact(BLOCK_BYTES).zip(two.chunks_exact(BLOCK_BYTES));
    let whole = BLOCK_BYTES * blocks.take_while(|(left, right)| left == right).count();
    let rest = one[whole..].iter().zip(&two[whole..]);
    whole + rest.take_while(|(left, right)| left == right).count()
}

fn common_suffix(one: &[u8], two: &[u8]) -> usize {
    let blocks = one.rchunks_exact(BLOCK_BYTES).zip(two.rchunks_exact(BLOCK_BYTES));
    let whole = BLOCK_BYTES * blocks.take_while(|(left, right)| left == right).count();
    let (one, two) = (&one[..one.len() - whole], &two[..two.len() - whole]);
    let rest = one.iter().rev().zip(two.iter().rev());
    whole + rest.take_while(|(left, right)| left == right).count()
}
