//! Rules against one source: all rules of a language share one traversal.

use std::path::Path;
use std::sync::Arc;

use ast_grep_core::matcher::MatcherExt as _;
use memchr::memmem;
use syntax::{Document, NotChecked, SupportLang, Tree, Watch, visit};
use tree_sitter::Node;

use crate::finding::{FileReport, Finding};
use crate::injection;
use crate::plan::Plan;
use crate::report::{finding_of, unused_suppression};
use crate::rule_set::RuleSet;
use crate::suppression::{IGNORE, Suppressions};
use crate::twins::Twins;

/// To look for words in a longer node costs more than to match it, for its parts are looked at, too.
const MAX_PREFILTERED_BYTES: usize = 2048;

/// Nodes that are matched between two looks at the watch.
const NODES_PER_LOOK: usize = 64;

/// Scans sources with one set.
pub(crate) struct Scanner<'r> {
    set: &'r RuleSet,
    root: Option<&'r Path>,
}

/// What will be done with a source.
struct Task {
    main: Part,
    /// The languages that may be inside.
    inner: Vec<(SupportLang, Part)>,
    has_suppressions: bool,
}

struct Part {
    plan: Arc<Plan>,
    /// For each rule of the plan whether it can match in this source.
    possible: Vec<bool>,
}

impl Part {
    fn can_match(&self) -> bool {
        self.possible.contains(&true)
    }
}

impl Task {
    /// Whether a rule can match, or a comment may silence nothing.
    fn can_report(&self) -> bool {
        self.has_suppressions || self.main.can_match() || self.has_inner()
    }

    fn has_inner(&self) -> bool {
        self.inner
            .iter()
            .any(|(_, part)| part.can_match() || self.has_suppressions)
    }
}

impl<'r> Scanner<'r> {
    /// `root` is the real path of the folder that paths are relative to, None where only the paths count.
    pub fn new(set: &'r RuleSet, root: Option<&'r Path>) -> Self {
        Self { set, root }
    }

    /// What will parse this path, or why nothing will.
    pub fn language_for(&self, path: &str) -> Result<SupportLang, String> {
        let language = self
            .set
            .language_of(path)
            .ok_or_else(|| NotChecked::UnknownLanguage.to_string())?;
        let mut inner = self.set.inner_languages(language).into_iter();
        if self.set.has_rules_for(language) || inner.any(|inner| self.set.has_rules_for(inner)) {
            Ok(language)
        } else {
            Err(format!("no rules for {language}"))
        }
    }

    pub fn scan(&self, path: &str, source: &[u8], watch: &Watch<'_>) -> FileReport {
        match self.language_for(path) {
            Err(reason) => FileReport::NotChecked(reason),
            Ok(language) => self.scan_file(path, source.to_vec(), language, watch),
        }
    }

    /// The same for a file that was read and whose language is known.
    pub fn scan_file(
        &self,
        path: &str,
        source: Vec<u8>,
        language: SupportLang,
        watch: &Watch<'_>,
    ) -> FileReport {
        let outcome =
            syntax::decode_owned(source).and_then(|text| self.scan_text(path, text, language, watch));
        match outcome {
            Ok(findings) => FileReport::Checked(findings),
            Err(reason) => FileReport::NotChecked(reason.to_string()),
        }
    }

    fn scan_text(
        &self,
        path: &str,
        text: String,
        language: SupportLang,
        watch: &Watch<'_>,
    ) -> Result<Vec<Finding>, NotChecked> {
        let task = self.task(path, &text, language);
        if text.is_empty() || !task.can_report() {
            return Ok(Vec::new());
        }
        let document = syntax::parse_unvisited(text, language, None, watch)?;
        self.scan_parsed(path, &document, &task, watch)
    }

    /// A text of which an earlier state was parsed; answers also the new document.
    pub fn scan_again(
        &self,
        path: &str,
        text: String,
        language: SupportLang,
        old: Option<&Tree>,
        watch: &Watch<'_>,
    ) -> Result<(Document, Vec<Finding>), NotChecked> {
        let document = syntax::parse_unvisited(text, language, old, watch)?;
        let task = self.task(path, document.source(), language);
        let findings = self.scan_parsed(path, &document, &task, watch)?;
        Ok((document, findings))
    }

    fn task(&self, path: &str, text: &str, language: SupportLang) -> Task {
        let part = |language| {
            let plan = self.set.plan(language, path, self.root);
            Part {
                possible: plan.possible(text),
                plan,
            }
        };
        let inner = self.set.inner_languages(language).into_iter();
        Task {
            main: part(language),
            inner: inner.map(|inner| (inner, part(inner))).collect(),
            has_suppressions: memmem::find(text.as_bytes(), IGNORE.as_bytes()).is_some(),
        }
    }

    fn scan_parsed(
        &self,
        path: &str,
        document: &Document,
        task: &Task,
        watch: &Watch<'_>,
    ) -> Result<Vec<Finding>, NotChecked> {
        let mut findings = Vec::new();
        let path: Arc<str> = path.into();
        let mut scan = |document: &Document, part: &Part| {
            scan_document(&path, document, part, task.has_suppressions, watch, &mut findings)
        };
        scan(document, &task.main)?;
        if task.has_inner() {
            for (language, ranges) in injection::regions(self.set.injections(), document) {
                if let Some((_, part)) = task.inner.iter().find(|(inner, _)| *inner == language) {
                    scan(&syntax::parse_region(document, language, &ranges, watch)?, part)?;
                }
            }
        }
        findings.sort_by(Finding::order);
        Ok(findings)
    }
}

fn scan_document(
    path: &Arc<str>,
    document: &Document,
    part: &Part,
    has_suppressions: bool,
    watch: &Watch<'_>,
    findings: &mut Vec<Finding>,
) -> Result<(), NotChecked> {
    let Part { plan, possible } = part;
    let is_wanted = |kind: u16| {
        plan.for_kind(kind)
            .iter()
            .any(|&rule| possible[usize::from(rule)])
    };
    let (mut nodes, mut comments): (Vec<Node<'_>>, Vec<Node<'_>>) = (Vec::new(), Vec::new());
    visit(document, watch, |node| {
        let kind = node.kind_id();
        if is_wanted(kind) {
            nodes.push(node);
        }
        if has_suppressions && plan.is_comment(kind) {
            comments.push(node);
        }
    })?;
    let suppressions = Suppressions::read(document, &comments);
    if suppressions.is_all_silenced() {
        return Ok(());
    }
    let twins = Twins::read(plan, document, &nodes);
    for (number, node) in nodes.into_iter().enumerate() {
        if number % NODES_PER_LOOK == 0 {
            watch.check()?;
        }
        let text = document.source().as_bytes().get(node.byte_range());
        let text = text.filter(|text| text.len() <= MAX_PREFILTERED_BYTES);
        for &position in plan.for_kind(node.kind_id()) {
            let rule = &plan.rules[usize::from(position)];
            let can_match = || text.is_none_or(|text| rule.own_need.is_possible(text));
            if !possible[usize::from(position)] || !can_match() || !twins.may_match(position, node) {
                continue;
            }
            let Some(matched) = rule.config.matcher.match_node(document.adopt(node)) else {
                continue;
            };
            if !suppressions.silences(&rule.config.id, node.start_position().row) {
                findings.push(finding_of(path, rule, &matched));
            }
        }
    }
    findings.extend(
        suppressions
            .unused()
            .map(|comment| unused_suppression(path, document, comment)),
    );
    Ok(())
}
