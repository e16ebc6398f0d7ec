//! Files by content: all patterns in one pass.

use std::io;
use std::path::PathBuf;

use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkFinish, SinkMatch};
use rayon::prelude::*;

use crate::error::{SearchError, Skipped};
use crate::filter::PathFilter;
use crate::read::{SourceFile, open_regular, select_files};

/// Larger files are not searched.
pub const MAX_GREP_BYTES: u64 = 64 * 1024 * 1024;

/// Files whose matches are in memory at once before the cap is looked at.
const CHUNK_FILES: usize = 128;
const MAX_TEXT_CHARS: usize = 500;
const MAX_PATTERNS: usize = 1_000;
const MAX_LINE_HEAP_BYTES: usize = 64 * 1024 * 1024;

/// What to search for, and where.
#[derive(Clone, Debug)]
pub struct Grep {
    /// The folder.
    pub root: PathBuf,
    /// Regular expressions, or literal texts. None of them matches across lines.
    pub patterns: Vec<String>,
    /// Whether the patterns are regular expressions.
    pub is_regex: bool,
    /// Whether upper and lower case differ.
    pub is_case_sensitive: bool,
    /// See [`PathFilter`].
    pub globs: Vec<String>,
    /// At most this many matches are reported.
    pub max_matches: usize,
}

/// The first match of one pattern in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrepMatch {
    /// Relative to the root.
    pub path: String,
    /// Zero-based.
    pub line: u64,
    /// Zero-based, in code points.
    pub column: usize,
    /// Which of the patterns.
    pub pattern_index: usize,
    /// The line, shortened, without its line ending; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// Ordered by path, line and pattern.
#[derive(Clone, Debug, Default)]
pub struct GrepReport {
    /// What was found.
    pub matches: Vec<GrepMatch>,
    /// How many files were read to their end.
    pub searched_count: usize,
    /// What was not searched.
    pub skipped: Vec<Skipped>,
    /// Whether a cap cut the matches or the files.
    pub is_truncated: bool,
}

/// Search.
pub fn grep(query: &Grep) -> Result<GrepReport, SearchError> {
    let filter = PathFilter::new(&query.globs)?;
    let patterns = Patterns::new(query)?;
    let (files, skipped, is_truncated) = select_files(&query.root, None)?;
    let mut report = GrepReport {
        skipped,
        is_truncated,
        ..GrepReport::default()
    };
    let files: Vec<_> = files
        .into_iter()
        .filter(|file| filter.is_match(&file.path))
        .collect();
    for chunk in files.chunks(CHUNK_FILES) {
        let room = query.max_matches - report.matches.len();
        let search = |searcher: &mut Searcher, file| search_file(searcher, &patterns, file, room);
        let outcomes: Vec<_> = chunk.par_iter().map_init(new_searcher, search).collect();
        report.add(outcomes);
        if report.matches.len() > query.max_matches {
            report.matches.truncate(query.max_matches);
            report.is_truncated = true;
            break;
        }
    }
    report.skipped.sort_unstable();
    Ok(report)
}

impl GrepReport {
    fn add(&mut self, outcomes: Vec<Result<Found<'_>, Skipped>>) {
        for outcome in outcomes {
            match outcome {
                Ok(found) => {
                    self.searched_count += 1;
                    self.matches.extend(found.matches);
                }
                Err(skipped) => self.skipped.push(skipped),
            }
        }
    }
}

fn new_searcher() -> Searcher {
    SearcherBuilder::new()
        .line_number(true)
        .binary_detection(BinaryDetection::quit(0))
        .heap_limit(Some(MAX_LINE_HEAP_BYTES))
        .build()
}

struct Patterns {
    /// Matches the lines in which any of the patterns matches.
    any: RegexMatcher,
    each: Vec<RegexMatcher>,
}

impl Patterns {
    fn new(query: &Grep) -> Result<Self, SearchError> {
        if query.patterns.is_empty() || query.patterns.len() > MAX_PATTERNS {
            return Err(SearchError::Pattern(format!("give 1 to {MAX_PATTERNS} patterns")));
        }
        let mut builder = RegexMatcherBuilder::new();
        builder
            .case_insensitive(!query.is_case_sensitive)
            .fixed_strings(!query.is_regex)
            .line_terminator(Some(b'\n'))
            .multi_line(true);
        let wrong = |error: grep_regex::Error| SearchError::Pattern(error.to_string());
        let each = query
            .patterns
            .iter()
            .map(|pattern| builder.build(pattern).map_err(wrong));
        let each = each.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            any: builder.build_many(&query.patterns).map_err(wrong)?,
            each,
        })
    }
}

struct Found<'a> {
    path: &'a str,
    patterns: &'a Patterns,
    room: usize,
    matches: Vec<GrepMatch>,
    is_binary: bool,
}

fn search_file<'a>(
    searcher: &mut Searcher,
    patterns: &'a Patterns,
    file: &'a SourceFile,
    room: usize,
) -> Result<Found<'a>, Skipped> {
    let unreadable = |error: io::Error| Skipped::unreadable(file.path.clone(), &error);
    let handle = open_regular(&file.full_path).map_err(unreadable)?;
    let metadata = handle.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Skipped::new(file.path.clone(), "not a regular file"));
    }
    if metadata.len() > MAX_GREP_BYTES {
        return Err(Skipped::new(file.path.clone(), "too large"));
    }
    let path = file.path.as_str();
    let mut found = Found {
        path,
        patterns,
        room,
        matches: Vec::new(),
        is_binary: false,
    };
    searcher
        .search_file(&patterns.any, &handle, &mut found)
        .map_err(unreadable)?;
    if found.is_binary {
        return Err(Skipped::new(file.path.clone(), "binary"));
    }
    Ok(found)
}

impl Sink for Found<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, matched: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let first_line = matched.line_number().unwrap_or(1) - 1;
        for (offset, line) in matched.lines().enumerate() {
            let line = trim_line_end(line);
            for (pattern_index, pattern) in self.patterns.each.iter().enumerate() {
                let Some(position) = pattern.find(line).map_err(io::Error::other)? else {
                    continue;
                };
                if self.matches.len() > self.room {
                    return Ok(false); // one more than there is room for says that some were cut
                }
                self.matches.push(GrepMatch {
                    path: self.path.to_owned(),
                    line: first_line + offset as u64,
                    column: String::from_utf8_lossy(&line[..position.start()]).chars().count(),
                    pattern_index,
                    text: String::from_utf8_lossy(line)
                        .chars()
                        .take(MAX_TEXT_CHARS)
                        .collect(),
                });
            }
        }
        Ok(true)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> Result<bool, io::Error> {
        self.is_binary = true;
        Ok(false)
    }

    fn finish(&mut self, _: &Searcher, finish: &SinkFinish) -> Result<(), io::Error> {
        self.is_binary |= finish.binary_byte_offset().is_some();
        Ok(())
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
