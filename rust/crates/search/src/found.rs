//! What a search found in one file.

use std::io;

use grep_searcher::{Searcher, Sink, SinkContext, SinkFinish, SinkMatch};

use crate::grep::{ContextLine, GrepMatch};
use crate::patterns::Patterns;

const MAX_TEXT_CHARS: usize = 500;

/// The matches of one file as they come in.
pub(crate) struct Found<'a> {
    pub path: String,
    patterns: &'a Patterns,
    max_matches: usize,
    pub matches: Vec<GrepMatch>,
    pub context: Vec<ContextLine>,
    pub is_binary: bool,
}

impl<'a> Found<'a> {
    pub(crate) fn new(path: String, patterns: &'a Patterns, max_matches: usize) -> Self {
        Self {
            path,
            patterns,
            max_matches,
            matches: Vec::new(),
            context: Vec::new(),
            is_binary: false,
        }
    }
}

impl Sink for Found<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, matched: &SinkMatch<'_>) -> Result<bool, io::Error> {
        let first_line = matched.line_number().unwrap_or(1) - 1;
        for (offset, line) in matched.lines().enumerate() {
            let line = line.strip_suffix(b"\n").unwrap_or(line); // a carriage return can be matched
            for (pattern_index, position) in self.patterns.find_each(line) {
                if self.matches.len() > self.max_matches {
                    return Ok(false); // one more than is wanted says that some were cut
                }
                self.matches.push(GrepMatch {
                    path: self.path.clone(),
                    line: first_line + offset as u64,
                    column: String::from_utf8_lossy(&line[..position.start()]).chars().count(),
                    pattern_index,
                    text: shown(trim_line_end(line)),
                });
            }
        }
        Ok(true)
    }

    fn context(&mut self, _: &Searcher, context: &SinkContext<'_>) -> Result<bool, io::Error> {
        self.context.push(ContextLine {
            path: self.path.clone(),
            line: context.line_number().unwrap_or(1) - 1,
            text: shown(trim_line_end(context.bytes())),
        });
        Ok(true)
    }

    fn finish(&mut self, _: &Searcher, finish: &SinkFinish) -> Result<(), io::Error> {
        self.is_binary = finish.binary_byte_offset().is_some();
        Ok(())
    }
}

/// The first characters of a line; bytes that are not UTF-8 are replaced.
fn shown(line: &[u8]) -> String {
    let cut = &line[..line.len().min(MAX_TEXT_CHARS * 4)];
    String::from_utf8_lossy(cut)
        .chars()
        .take(MAX_TEXT_CHARS)
        .collect()
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
