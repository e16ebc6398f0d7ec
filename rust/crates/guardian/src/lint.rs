//! Linting a text, and a folder in parallel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rayon::prelude::*;
use search::{Skipped, SourceFile, read_source, select_files};
use syntax::{MAX_SOURCE_BYTES, SyntaxError};

use crate::error::GuardianError;
use crate::finding::{FileReport, Finding, Severity};
use crate::pool;
use crate::rule_set::RuleSet;
use crate::scan::Scanner;

/// Files whose findings are in memory at once before the cap is looked at.
const CHUNK_FILES: usize = 128;

/// Of one file of a folder not more findings than this are kept.
const MAX_FILE_FINDINGS: usize = 10_000;

/// Findings of many files, ordered by path, then position, then rule.
#[derive(Clone, Debug, Default)]
pub struct LintReport {
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many files were checked.
    pub checked_count: usize,
    /// What was not checked, and why.
    pub skipped: Vec<Skipped>,
    /// Whether a cap cut the findings or the files.
    pub is_truncated: bool,
}

/// Lint a text as if it were the file at `path`.
pub fn lint_text(set: &RuleSet, path: &str, source: &[u8]) -> FileReport {
    Scanner::new(set).scan(path, source) // in this thread: the pool may be busy with a folder
}

/// Lint files below a root; None for all of the walk.
pub fn lint_paths(
    set: &RuleSet,
    root: &Path,
    paths: Option<&[String]>,
    max_findings: usize,
) -> Result<LintReport, GuardianError> {
    let (files, skipped, is_truncated) = select_files(root, paths)?;
    let mut report = LintReport {
        skipped,
        is_truncated,
        ..LintReport::default()
    };
    let scanner = Scanner::new(set);
    for chunk in files.chunks(CHUNK_FILES) {
        let reports: Vec<_> = pool::run(|| chunk.par_iter().map(|file| lint_file(&scanner, file)).collect());
        for (file, outcome) in chunk.iter().zip(reports) {
            match outcome? {
                FileReport::Checked(mut findings) => {
                    report.checked_count += 1;
                    report.is_truncated |= findings.len() > MAX_FILE_FINDINGS;
                    findings.truncate(MAX_FILE_FINDINGS);
                    report.findings.extend(findings);
                }
                FileReport::NotChecked(reason) => {
                    report.skipped.push(Skipped::new(file.path.clone(), reason));
                }
            }
        }
        if report.findings.len() > max_findings {
            report.findings.truncate(max_findings);
            report.is_truncated = true;
            break;
        }
    }
    report.skipped.sort_unstable();
    Ok(report)
}

fn lint_file(scanner: &Scanner<'_>, file: &SourceFile) -> Result<FileReport, GuardianError> {
    guard(&file.path, || {
        if let Err(reason) = scanner.language_for(&file.path) {
            return FileReport::NotChecked(reason); // not worth reading
        }
        match read_source(file, MAX_SOURCE_BYTES) {
            Ok(source) => match scanner.scan(&file.path, &source) {
                FileReport::Checked(mut findings) => {
                    findings.truncate(MAX_FILE_FINDINGS + 1); // one more says that some were cut
                    findings.shrink_to_fit();
                    FileReport::Checked(findings)
                }
                report @ FileReport::NotChecked(_) => report,
            },
            Err(skipped) => FileReport::NotChecked(skipped.reason),
        }
    })
}

/// A panic that says at which file it happened.
pub(crate) fn guard<T>(path: &str, work: impl FnOnce() -> T) -> Result<T, GuardianError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let message = text
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("panic");
        GuardianError::Defect {
            path: path.to_owned(),
            message: message.to_owned(),
        }
    })
}

/// Parse errors as findings.
pub fn syntax_report(path: &str, source: &[u8]) -> FileReport {
    let parsed = syntax::language_of(path)
        .ok_or(syntax::NotChecked::UnknownLanguage)
        .and_then(|language| syntax::parse_bytes(source, language));
    match parsed {
        Err(reason) => FileReport::NotChecked(reason.to_string()),
        Ok(document) => {
            let errors = syntax::syntax_errors(&document);
            let source = document.source();
            FileReport::Checked(
                errors
                    .into_iter()
                    .map(|error| syntax_finding(path, source, error))
                    .collect(),
            )
        }
    }
}

fn syntax_finding(path: &str, source: &str, error: SyntaxError) -> Finding {
    let text = source
        .get(error.span.start_byte..error.span.end_byte)
        .unwrap_or_default();
    Finding {
        rule_id: "syntax-error".to_owned(),
        path: path.to_owned(),
        severity: Severity::Error,
        message: error.message,
        note: None,
        text: syntax::shorten(text, 400),
        span: error.span,
        replacement: None,
        is_safe_fix: false,
    }
}
