//! Rules against one file: all rules of a language share one traversal.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use ast_grep_config::{CombinedScan, RuleConfig};
use ast_grep_core::NodeMatch;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use syntax::{Document, Span, SupportLang, language_by_name, shorten};

use crate::finding::{FileReport, Finding, Replacement, Severity};
use crate::rule_set::RuleSet;

const MAX_TEXT_CHARS: usize = 400;

type Scan<'r> = Arc<CombinedScan<'r, SupportLang>>;

/// Scans files with one set; keeps the merged rules of each language between files.
pub(crate) struct Scanner<'r> {
    set: &'r RuleSet,
    scans: RwLock<HashMap<Vec<usize>, Scan<'r>>>,
}

impl<'r> Scanner<'r> {
    pub fn new(set: &'r RuleSet) -> Self {
        Self {
            set,
            scans: RwLock::default(),
        }
    }

    /// What will parse this path, or why nothing will.
    pub fn language_for(&self, path: &str) -> Result<SupportLang, String> {
        let language = self
            .set
            .language_of(path)
            .ok_or_else(|| syntax::NotChecked::UnknownLanguage.to_string())?;
        let embedded = language.injectable_languages().unwrap_or_default();
        let mut names = embedded.iter().filter_map(|name| language_by_name(name));
        if self.set.has_rules_for(language) || names.any(|inner| self.set.has_rules_for(inner)) {
            Ok(language)
        } else {
            Err(format!("no rules for {language}"))
        }
    }

    pub fn scan(&self, path: &str, source: &[u8]) -> FileReport {
        match self.try_scan(path, source) {
            Ok(findings) => FileReport::Checked(findings),
            Err(reason) => FileReport::NotChecked(reason),
        }
    }

    fn try_scan(&self, path: &str, source: &[u8]) -> Result<Vec<Finding>, String> {
        let language = self.language_for(path)?;
        let document = syntax::parse_bytes(source, language).map_err(|reason| reason.to_string())?;
        let mut findings = Vec::new();
        self.scan_document(path, &document, &mut findings);
        for inner in syntax::embedded(&document) {
            let inner = inner.map_err(|reason| reason.to_string())?;
            self.scan_document(path, &inner, &mut findings);
        }
        findings.sort_by(Finding::order);
        Ok(findings)
    }

    fn scan_document(&self, path: &str, document: &Document, findings: &mut Vec<Finding>) {
        let indexes = self.set.rules_for(path, *document.lang());
        if indexes.is_empty() {
            return;
        }
        let scan = self.combined(&indexes);
        let safe_fixes: HashMap<&str, bool> = indexes
            .iter()
            .map(|&index| self.set.rule(index))
            .map(|rule| (rule.config.id.as_str(), rule.is_safe_fix))
            .collect();
        for (rule, matches) in scan.scan(document, false).matches {
            let Some(severity) = Severity::of(&rule.severity) else {
                continue;
            };
            let is_safe_fix = safe_fixes.get(rule.id.as_str()).copied().unwrap_or(false);
            let finding = |matched| new_finding(path, rule, severity, is_safe_fix, matched);
            findings.extend(matches.iter().map(finding));
        }
    }

    fn combined(&self, indexes: &[usize]) -> Scan<'r> {
        let known = self
            .scans
            .read()
            .expect("no thread panics with this lock")
            .get(indexes)
            .cloned();
        known.unwrap_or_else(|| {
            let set = self.set;
            let rules = indexes.iter().map(|&index| &set.rule(index).config).collect();
            let scan = Arc::new(CombinedScan::new(rules));
            self.scans
                .write()
                .expect("no thread panics with this lock")
                .insert(indexes.to_vec(), Arc::clone(&scan));
            scan
        })
    }
}

fn new_finding(
    path: &str,
    rule: &RuleConfig<SupportLang>,
    severity: Severity,
    is_safe_fix: bool,
    matched: &NodeMatch<'_, StrDoc<SupportLang>>,
) -> Finding {
    let replacement = rule.fixer.first().map(|fixer| {
        let edit = matched.make_edit(&rule.matcher, fixer);
        Replacement {
            start_byte: edit.position,
            end_byte: edit.position + edit.deleted_length,
            text: String::from_utf8_lossy(&edit.inserted_text).into_owned(),
        }
    });
    Finding {
        rule_id: rule.id.clone(),
        path: path.to_owned(),
        severity,
        message: rule.get_message(matched),
        note: rule.note.clone(),
        text: shorten(&matched.text(), MAX_TEXT_CHARS),
        span: Span::of(matched.get_node()),
        is_safe_fix: is_safe_fix && replacement.is_some(),
        replacement,
    }
}
