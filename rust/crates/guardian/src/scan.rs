//! Rules against one source: all rules of a language share one traversal.

use std::path::Path;
use std::sync::Arc;

use memchr::memmem;
use syntax::{Document, NotChecked, SupportLang, Watch, visit};
use tree_sitter::Node;

use crate::finding::{FileReport, Finding};
use crate::injection;
use crate::matching::Matching;
use crate::plan::Plan;
use crate::reach::layout;
use crate::report::unused_suppression;
use crate::rule_set::RuleSet;
use crate::suppression::{IGNORE, Suppressions};
use crate::units::{Looked, Memory, look};
use crate::window::look_at_part;

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

    /// All of a document that was parsed before.
    pub fn scan_document(
        &self,
        path: &str,
        document: &Document,
        watch: &Watch<'_>,
    ) -> Result<Vec<Finding>, NotChecked> {
        let task = self.task(path, document.source(), *document.lang());
        self.scan_parsed(path, document, &task, watch)
    }

    /// Only the part of a text that is not as it was; None where all of it must be looked at.
    pub fn scan_part(
        &self,
        path: &str,
        source: &str,
        language: SupportLang,
        memory: Option<&Memory>,
        max_bytes: usize,
        watch: &Watch<'_>,
    ) -> Result<Option<(Vec<Finding>, Memory)>, NotChecked> {
        let Some(memory) = memory.filter(|_| self.set.inner_languages(language).is_empty()) else {
            return Ok(None);
        };
        let plan = self.set.plan(language, path, self.root);
        look_at_part(&path.into(), source, language, &plan, memory, max_bytes, watch)
    }

    /// What is remembered of an earlier text is not matched again. None for a document that has no units.
    pub fn scan_units(
        &self,
        path: &str,
        document: &Document,
        memory: Option<&Memory>,
        watch: &Watch<'_>,
    ) -> Result<Option<Looked>, NotChecked> {
        let language = *document.lang();
        let layout = layout(language).filter(|layout| layout.root == document.root().kind());
        let Some(layout) = layout.filter(|_| self.set.inner_languages(language).is_empty()) else {
            return Ok(None);
        };
        let plan = self.set.plan(language, path, self.root);
        let path: Arc<str> = path.into();
        let matching = Matching {
            path: &path,
            document,
            plan: &plan,
            possible: &vec![true; plan.rules.len()],
            is_in_parts: true,
        };
        let mut looked = look(&matching, layout, memory, watch)?;
        if has_suppressions(document.source()) {
            let comments = suppressing_comments(document, &plan);
            let suppressions = Suppressions::read(document, &comments);
            report(&path, document, &suppressions, &mut looked.findings, 0);
        }
        looked.findings.sort_by(Finding::order);
        Ok(Some(looked))
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
            has_suppressions: has_suppressions(text),
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
    let matching = Matching {
        path,
        document,
        plan,
        possible,
        is_in_parts: false,
    };
    let first = findings.len();
    matching.each(&nodes, |_| true, watch, findings)?;
    report(path, document, &suppressions, findings, first);
    Ok(())
}

fn has_suppressions(text: &str) -> bool {
    memmem::find(text.as_bytes(), IGNORE.as_bytes()).is_some()
}

/// The comments around each place where one may begin, in the order of the source.
fn suppressing_comments<'t>(document: &'t Document, plan: &Plan) -> Vec<Node<'t>> {
    let root = document.root().get_inner_node();
    let mut comments: Vec<Node<'t>> = Vec::new();
    for place in memmem::find_iter(document.source().as_bytes(), IGNORE.as_bytes()) {
        let mut around = root.descendant_for_byte_range(place, place + IGNORE.len());
        let first = comments.len();
        while let Some(node) = around {
            if plan.is_comment(node.kind_id()) && !comments.contains(&node) {
                comments.insert(first, node);
            }
            around = node.parent();
        }
    }
    comments
}

/// Take out the findings, from a first on, that are silenced, and add the comments that silenced none.
fn report(
    path: &Arc<str>,
    document: &Document,
    suppressions: &Suppressions<'_>,
    findings: &mut Vec<Finding>,
    first: usize,
) {
    let found = findings.split_off(first);
    if suppressions.is_all_silenced() {
        return;
    }
    let is_told = |found: &Finding| !suppressions.silences(&found.rule_id, found.span.start_line);
    findings.extend(found.into_iter().filter(is_told));
    let unused = suppressions.unused();
    findings.extend(unused.map(|comment| unused_suppression(path, document, comment)));
}
