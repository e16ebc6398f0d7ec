//! Searching and rewriting by an ast-grep pattern.

use std::path::Path;

use ast_grep_core::Pattern;
use ast_grep_core::replacer::TemplateFix;
use rayon::prelude::*;
use search::{Skipped, SourceFile, read_source, select_files};
use syntax::{
    CancelToken, DEFAULT_BUDGET, MAX_SOURCE_BYTES, NotChecked, Span, SupportLang, Watch, language_by_name,
    language_of, shorten,
};

use crate::error::{GuardianError, chain};
use crate::lint::guard;
use crate::need::need_of_pattern;
use crate::pool;
use crate::prefilter::Prefilter;

/// Longer patterns are refused: they are compiled by recursion.
const MAX_PATTERN_BYTES: usize = 10_000;
const MAX_TEXT_CHARS: usize = 400;
const CHUNK_FILES: usize = 1024;

/// One place where a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Relative to the root.
    pub path: String,
    /// The matched source, shortened.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Ordered by path and position.
#[derive(Clone, Debug, Default)]
pub struct MatchReport {
    /// What was found.
    pub matches: Vec<Match>,
    /// How many files of the language were searched.
    pub checked_count: usize,
    /// Files of the language that were not.
    pub skipped: Vec<Skipped>,
    /// Whether a cap cut the matches or the files.
    pub is_truncated: bool,
}

/// Search the files of one language.
pub fn ast_match(
    root: &Path,
    pattern: &str,
    language: &str,
    paths: Option<&[String]>,
    max_matches: usize,
    cancel: Option<&CancelToken>,
) -> Result<MatchReport, GuardianError> {
    let language = named(language)?;
    let (pattern, needed) = pool::run(|| {
        let pattern = compile(pattern, language)?;
        let needed = Prefilter::new([&need_of_pattern(&pattern, language)]);
        Ok::<_, GuardianError>((pattern, needed))
    })?;
    let (files, skipped, is_truncated) = select_files(root, paths)?;
    let files: Vec<_> = files
        .into_iter()
        .filter(|file| language_of(&file.path) == Some(language))
        .collect();
    let mut report = MatchReport {
        skipped,
        is_truncated,
        ..MatchReport::default()
    };
    for chunk in files.chunks(CHUNK_FILES) {
        let search = |file: &SourceFile| {
            guard(&file.path, || {
                match_file(file, &pattern, language, &needed, cancel)
            })
        };
        let outcomes: Vec<_> = pool::run(|| chunk.par_iter().with_max_len(4).map(search).collect());
        if cancel.is_some_and(CancelToken::is_cancelled) {
            return Err(GuardianError::Cancelled);
        }
        for outcome in outcomes {
            match outcome? {
                Ok(matches) => {
                    report.checked_count += 1;
                    report.matches.extend(matches);
                }
                Err(skipped) => report.skipped.push(skipped),
            }
        }
        if report.matches.len() > max_matches {
            report.matches.truncate(max_matches);
            report.is_truncated = true;
            break;
        }
    }
    report.skipped.sort_unstable();
    Ok(report)
}

fn match_file(
    file: &SourceFile,
    pattern: &Pattern,
    language: SupportLang,
    needed: &Prefilter,
    cancel: Option<&CancelToken>,
) -> Result<Vec<Match>, Skipped> {
    let source = read_source(file, MAX_SOURCE_BYTES)?;
    let skipped = |reason: NotChecked| Skipped::new(file.path.clone(), reason.to_string());
    let source = syntax::decode_owned(source).map_err(skipped)?;
    if !needed.possible(source.as_bytes()).contains(&true) {
        return Ok(Vec::new());
    }
    let watch = Watch::new(DEFAULT_BUDGET, cancel);
    let document = syntax::parse_watched(&source, language, &watch).map_err(skipped)?;
    let root = document.root();
    let found = root.find_all(pattern).map(|matched| Match {
        path: file.path.clone(),
        text: shorten(&matched.text(), MAX_TEXT_CHARS),
        span: Span::of(matched.get_node()),
    });
    Ok(found.collect())
}

/// Replace every match, the outermost first; returns the new source and the number of replacements.
pub fn ast_rewrite(
    path: &str,
    source: &[u8],
    pattern: &str,
    rewrite: &str,
    language: &str,
) -> Result<(Vec<u8>, usize), GuardianError> {
    let language = named(language)?;
    pool::run(|| {
        let pattern = compile(pattern, language)?;
        let template = TemplateFix::try_new(rewrite, &language)
            .map_err(|error| GuardianError::Pattern(chain(&error)))?;
        let document = syntax::parse_bytes(source, language).map_err(|reason| GuardianError::Source {
            path: path.to_owned(),
            reason,
        })?;
        let edits = document.root().replace_all(&pattern, &template);
        let count = edits.len();
        let mut result = Vec::with_capacity(source.len());
        let mut position = 0;
        for edit in edits {
            result.extend_from_slice(&source[position..edit.position]);
            result.extend_from_slice(&edit.inserted_text);
            position = edit.position + edit.deleted_length;
        }
        result.extend_from_slice(&source[position..]);
        Ok((result, count))
    })
}

fn named(language: &str) -> Result<SupportLang, GuardianError> {
    language_by_name(language).ok_or_else(|| GuardianError::Language(language.to_owned()))
}

fn compile(pattern: &str, language: SupportLang) -> Result<Pattern, GuardianError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(GuardianError::Pattern(format!(
            "it is longer than {MAX_PATTERN_BYTES} bytes"
        )));
    }
    let compiled =
        Pattern::try_new(pattern, language).map_err(|error| GuardianError::Pattern(chain(&error)))?;
    if compiled.has_error() {
        return Err(GuardianError::Pattern(format!(
            "{pattern:?} is not valid {language} code"
        )));
    }
    Ok(compiled)
}
