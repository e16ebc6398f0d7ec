//! Files by content: all patterns in one pass.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use grep_searcher::{BinaryDetection, Encoding, Searcher, SearcherBuilder};
use rustix::fd::OwnedFd;

use crate::error::{SearchError, Skipped};
use crate::file_list::list_for_search;
use crate::filter::PathFilter;
use crate::found::Found;
use crate::list::{THREADS, check_root, open_root};
use crate::patterns::Patterns;
use crate::source::{Source, new_buffer, open_source};
use crate::tree::{Kind, Place, Tree};

const MAX_LINE_HEAP_BYTES: usize = 64 * 1024 * 1024;
const MAX_CONTEXT_LINES: usize = 100;

/// What to search for, and where.
#[derive(Clone, Debug, Default)]
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
    /// How many lines before and after each match are wanted too.
    pub context_lines: usize,
    /// Name of the encoding of all files; None for UTF-8 and what byte order marks say.
    pub encoding: Option<String>,
    /// At most this many matches are reported.
    pub max_matches: usize,
    /// Set by others when the answer is not wanted any more; looked at before each file.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Grep {
    fn is_cancelled(&self) -> bool {
        let cancel = self.cancel.as_ref();
        cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }
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

/// A line near a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextLine {
    /// Relative to the root.
    pub path: String,
    /// Zero-based.
    pub line: u64,
    /// As in [`GrepMatch`].
    pub text: String,
}

/// Ordered by path, line and pattern.
#[derive(Clone, Debug, Default)]
pub struct GrepReport {
    /// What was found.
    pub matches: Vec<GrepMatch>,
    /// The lines around, each once, without those that match.
    pub context: Vec<ContextLine>,
    /// How many files were read to their end.
    pub searched_count: usize,
    /// What was not searched.
    pub skipped: Vec<Skipped>,
    /// Whether a cap cut the matches or the files.
    pub is_truncated: bool,
}

/// Search.
pub fn grep(query: &Grep) -> Result<GrepReport, SearchError> {
    let root = check_root(&query.root)?;
    // Compiled twice, but a wrong pattern is told before the folder is listed.
    Patterns::new(query)?;
    grep_tree(query, &root, &list_for_search(&root, None)?)
}

/// Search in the files of a listed tree.
pub(crate) fn grep_tree(query: &Grep, root: &Path, tree: &Tree) -> Result<GrepReport, SearchError> {
    let encoding = query.encoding.as_deref().map(Encoding::new).transpose();
    let encoding = encoding.map_err(|error| SearchError::Encoding(error.to_string()))?;
    let mut places = tree.select(&PathFilter::new(&query.globs)?);
    places.retain(|place| tree.kind_of(*place) == Kind::File);
    let search = Search {
        query,
        patterns: Patterns::new(query)?,
        encoding,
        root: open_root(root)?,
        tree,
        places,
        next: AtomicUsize::new(0),
        match_count: AtomicUsize::new(0),
    };
    let mut report = search.run();
    if query.is_cancelled() {
        return Err(SearchError::Cancelled);
    }
    report.skipped.extend_from_slice(&tree.skipped);
    report.skipped.sort_unstable();
    report.is_truncated |= tree.is_truncated;
    Ok(report)
}

struct Search<'a> {
    query: &'a Grep,
    patterns: Patterns,
    encoding: Option<Encoding>,
    root: OwnedFd,
    tree: &'a Tree,
    places: Vec<Place>,
    /// The next file to be claimed: files are claimed in order, so that what was searched is a prefix of them.
    next: AtomicUsize,
    match_count: AtomicUsize,
}

/// What one thread found.
#[derive(Default)]
struct Part<'a> {
    files: Vec<(usize, Found<'a>)>,
    skipped: Vec<Skipped>,
    searched_count: usize,
}

impl Search<'_> {
    fn run(&self) -> GrepReport {
        let parts = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| self.work())).collect();
            let ended = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
            ended
                .map(|outcome| outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        let mut report = GrepReport::default();
        let mut files = Vec::new();
        for part in parts {
            files.extend(part.files);
            report.skipped.extend(part.skipped);
            report.searched_count += part.searched_count;
        }
        files.sort_unstable_by_key(|(number, _)| *number);
        for (_, found) in files {
            report.matches.extend(found.matches);
            report.context.extend(found.context);
        }
        self.cut(&mut report);
        report
    }

    /// Cut what is more than wanted, and the context lines behind the last match that is left.
    fn cut(&self, report: &mut GrepReport) {
        if report.matches.len() <= self.query.max_matches {
            return;
        }
        report.matches.truncate(self.query.max_matches);
        report.is_truncated = true;
        let reach = self.query.context_lines as u64;
        let last = report.matches.last();
        report.context.retain(|line| {
            last.is_some_and(|last| {
                (line.path.as_str(), line.line) <= (last.path.as_str(), last.line.saturating_add(reach))
            })
        });
    }

    fn work(&self) -> Part<'_> {
        let mut part = Part::default();
        let mut searcher = self.searcher();
        let mut buffer = new_buffer();
        while !self.query.is_cancelled() && self.match_count.load(Ordering::Relaxed) <= self.query.max_matches
        {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = self.places.get(number) else {
                break;
            };
            let path = self.tree.path_of(*place);
            let mut found = Found::new(path, &self.patterns, self.query.max_matches);
            match self.search_file(&mut searcher, &mut buffer, &mut found) {
                Ok(()) => part.searched_count += 1,
                Err(reason) => {
                    part.skipped.push(Skipped::new(found.path, reason));
                    continue;
                }
            }
            if !found.matches.is_empty() {
                self.match_count.fetch_add(found.matches.len(), Ordering::Relaxed);
                part.files.push((number, found));
            }
        }
        part
    }

    fn searcher(&self) -> Searcher {
        let context_lines = self.query.context_lines.min(MAX_CONTEXT_LINES);
        SearcherBuilder::new()
            .line_number(true)
            .before_context(context_lines)
            .after_context(context_lines)
            .encoding(self.encoding.clone())
            .binary_detection(BinaryDetection::quit(0))
            .heap_limit(Some(MAX_LINE_HEAP_BYTES))
            .build()
    }

    fn search_file(
        &self,
        searcher: &mut Searcher,
        buffer: &mut [u8],
        found: &mut Found<'_>,
    ) -> Result<(), String> {
        let unreadable = |error: io::Error| Skipped::unreadable("", &error).reason;
        let source = open_source(&self.root, &found.path, buffer, self.encoding.is_some())?;
        match source {
            Source::Whole(length) => {
                searcher.search_slice(&self.patterns.any, &buffer[..length], &mut *found)
            }
            Source::Large(file) => searcher.search_file(&self.patterns.any, &file, &mut *found),
        }
        .map_err(unreadable)?;
        if found.is_binary {
            return Err("binary".to_owned());
        }
        Ok(())
    }
}
