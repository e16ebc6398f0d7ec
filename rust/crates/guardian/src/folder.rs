//! Linting a folder, in parallel.

use std::path::Path;
use std::time::Duration;

use rayon::prelude::*;
use search::{Skipped, SourceFile, read_source, select_files};
use syntax::{CancelToken, DEFAULT_BUDGET, MAX_SOURCE_BYTES, Watch};

use crate::cache::{Cache, Entry, Stamp};
use crate::error::GuardianError;
use crate::finding::{FileReport, Finding};
use crate::lint::guard;
use crate::pool;
use crate::rule_set::RuleSet;
use crate::scan::Scanner;

/// Files whose findings are in memory at once before the cap is looked at.
const CHUNK_FILES: usize = 1024;

/// Of one file of a folder not more findings than this are kept.
const MAX_FILE_FINDINGS: usize = 10_000;

/// How a folder is linted.
#[derive(Clone, Debug)]
pub struct LintOptions<'a> {
    /// Findings beyond are cut.
    pub max_findings: usize,
    /// What one file may cost.
    pub budget: Duration,
    /// Ends the work.
    pub cancel: Option<&'a CancelToken>,
    /// A folder for results; what did not change since is taken from there.
    pub cache: Option<&'a Path>,
}

impl Default for LintOptions<'_> {
    fn default() -> Self {
        Self {
            max_findings: 100_000,
            budget: DEFAULT_BUDGET,
            cancel: None,
            cache: None,
        }
    }
}

/// Findings of many files, ordered by path, then position, then rule.
#[derive(Clone, Debug, Default)]
pub struct LintReport {
    /// What was found.
    pub findings: Vec<Finding>,
    /// How many files were checked.
    pub checked_count: usize,
    /// How many of them were taken from the cache.
    pub cached_count: usize,
    /// What was not checked, and why.
    pub skipped: Vec<Skipped>,
    /// Whether a cap cut the findings or the files.
    pub is_truncated: bool,
    /// Why results could not be kept for the next time.
    pub cache_problem: Option<String>,
}

/// What became of one file.
struct Outcome {
    report: FileReport,
    /// For the cache; None when the file is not to be kept in it.
    entry: Option<Entry>,
    is_cached: bool,
}

/// Lint files below a root; None for all of the walk.
pub fn lint_paths(
    set: &RuleSet,
    root: &Path,
    paths: Option<&[String]>,
    options: &LintOptions<'_>,
) -> Result<LintReport, GuardianError> {
    let (files, skipped, is_truncated) = select_files(root, paths)?;
    let real_root = root.canonicalize().ok();
    let scanner = Scanner::new(set, real_root.as_deref());
    let mut cache = options
        .cache
        .zip(real_root.as_deref())
        .map(|(folder, root)| Cache::open(folder, root, set));
    let mut report = LintReport {
        skipped,
        is_truncated,
        ..LintReport::default()
    };
    for chunk in files.chunks(CHUNK_FILES) {
        let lint =
            |file: &SourceFile| guard(&file.path, || lint_file(&scanner, cache.as_ref(), file, options));
        let outcomes: Vec<_> = pool::run(|| chunk.par_iter().with_max_len(4).map(lint).collect());
        if options.cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(GuardianError::Cancelled);
        }
        for (file, outcome) in chunk.iter().zip(outcomes) {
            report.add(file, outcome?, cache.as_mut());
        }
        if report.findings.len() > options.max_findings {
            report.findings.truncate(options.max_findings);
            report.is_truncated = true;
            break;
        }
    }
    report.skipped.sort_unstable();
    if let Some(cache) = cache {
        let is_whole = paths.is_none() && !report.is_truncated;
        report.cache_problem = cache.save(is_whole).err().map(|error| error.to_string());
    }
    Ok(report)
}

impl LintReport {
    fn add(&mut self, file: &SourceFile, outcome: Outcome, cache: Option<&mut Cache>) {
        match outcome.report {
            FileReport::Checked(mut findings) => {
                self.checked_count += 1;
                self.cached_count += usize::from(outcome.is_cached);
                self.is_truncated |= findings.len() > MAX_FILE_FINDINGS;
                findings.truncate(MAX_FILE_FINDINGS);
                self.findings.extend(findings);
            }
            FileReport::NotChecked(reason) => self.skipped.push(Skipped::new(file.path.clone(), reason)),
        }
        if let Some(cache) = cache {
            cache.note(&file.path, outcome.entry, outcome.is_cached);
        }
    }
}

fn lint_file(
    scanner: &Scanner<'_>,
    cache: Option<&Cache>,
    file: &SourceFile,
    options: &LintOptions<'_>,
) -> Outcome {
    let not_checked = |reason: String| Outcome {
        report: FileReport::NotChecked(reason),
        entry: None,
        is_cached: false,
    };
    let language = match scanner.language_for(&file.path) {
        Ok(language) => language,
        Err(reason) => return not_checked(reason), // not worth reading
    };
    let stamp = cache.and_then(|_| Stamp::of(&file.full_path));
    if let (Some(cache), Some(stamp)) = (cache, &stamp)
        && let Some(findings) = cache.by_stamp(&file.path, stamp)
    {
        return Outcome {
            report: FileReport::Checked(findings),
            entry: None,
            is_cached: true,
        };
    }
    let source = match read_source(file, MAX_SOURCE_BYTES) {
        Ok(source) => source,
        Err(skipped) => return not_checked(skipped.reason),
    };
    let content = cache.map(|_| *blake3::hash(&source).as_bytes());
    if let (Some(cache), Some(content)) = (cache, &content)
        && let Some(findings) = cache.by_content(&file.path, content)
    {
        let entry = stamp.map(|stamp| cache.renewed(&file.path, stamp));
        return Outcome {
            report: FileReport::Checked(findings),
            entry: entry.flatten(),
            is_cached: true,
        };
    }
    let watch = Watch::new(options.budget, options.cancel);
    match scanner.scan_file(&file.path, source, language, &watch) {
        FileReport::Checked(mut findings) => {
            findings.truncate(MAX_FILE_FINDINGS + 1); // one more says that some were cut
            findings.shrink_to_fit();
            let entry = cache
                .zip(stamp.zip(content))
                .map(|(cache, (stamp, content))| cache.entry(stamp, content, &findings));
            Outcome {
                report: FileReport::Checked(findings),
                entry: entry.flatten(),
                is_cached: false,
            }
        }
        FileReport::NotChecked(reason) => not_checked(reason),
    }
}
