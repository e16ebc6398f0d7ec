//! Parsing with caps on size, depth and time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use tree_sitter::{ParseOptions, Parser, Range, Tree};

use crate::{NotChecked, SupportLang, language_by_name};

/// A parsed source.
pub type Document = AstGrep<StrDoc<SupportLang>>;

/// Larger sources are not parsed.
pub const MAX_SOURCE_BYTES: usize = 2 * 1024 * 1024;

/// Deeper trees are not searched.
pub const MAX_DEPTH: usize = 3_000;

/// Nor are trees whose nodes are together this far from their root. Relational rules walk from a node to the root, so
/// this is what a rule can cost; large real files stay below a fifth of it.
const MAX_PATH_LENGTH: usize = 50_000_000;

const PARSE_DEADLINE: Duration = Duration::from_secs(10);

thread_local! {
    // A parser keeps tables of its language; a worker thread meets the same few languages again and again.
    static PARSERS: RefCell<HashMap<SupportLang, Parser>> = RefCell::new(HashMap::new());
}

/// The text of a source file: at most [`MAX_SOURCE_BYTES`], UTF-8, without NUL bytes.
pub fn decode(source: &[u8]) -> Result<&str, NotChecked> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(NotChecked::TooLarge);
    }
    if source.contains(&0) {
        return Err(NotChecked::Binary);
    }
    std::str::from_utf8(source).map_err(|_| NotChecked::NotUtf8)
}

/// Decode, then parse.
pub fn parse_bytes(source: &[u8], language: SupportLang) -> Result<Document, NotChecked> {
    parse(decode(source)?, language)
}

/// Parse a source within the caps.
pub fn parse(source: &str, language: SupportLang) -> Result<Document, NotChecked> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(NotChecked::TooLarge);
    }
    parse_ranges(source, language, &[])
}

/// The documents of other languages inside this one (the scripts and styles of an HTML page), each with the positions
/// of the whole source. One at a time: each holds a copy of the source.
pub fn embedded(document: &Document) -> impl Iterator<Item = Result<Document, NotChecked>> {
    let regions = document.lang().extract_injections(document.root());
    regions.into_iter().filter_map(|(name, ranges)| {
        let language = language_by_name(&name)?;
        Some(parse_ranges(document.source(), language, &ranges))
    })
}

fn parse_ranges(source: &str, language: SupportLang, ranges: &[Range]) -> Result<Document, NotChecked> {
    let tree = parse_tree(source, language, ranges)?;
    if is_too_deep(&tree) {
        return Err(NotChecked::TooDeep);
    }
    Ok(AstGrep::doc(StrDoc {
        src: source.to_owned(),
        lang: language,
        tree,
    }))
}

/// Parse these ranges of the source, all of it when there are none.
fn parse_tree(source: &str, language: SupportLang, ranges: &[Range]) -> Result<Tree, NotChecked> {
    PARSERS.with_borrow_mut(|parsers| {
        let parser = parsers.entry(language).or_insert_with(|| {
            let mut parser = Parser::new();
            parser
                .set_language(&language.get_ts_language())
                .expect("the grammars are built for this version of tree-sitter");
            parser
        });
        parser.reset(); // a parse that was cut off would else be resumed
        parser
            .set_included_ranges(ranges)
            .expect("the regions of a tree are in order");
        let started = Instant::now();
        let mut is_late = |_: &tree_sitter::ParseState| {
            if started.elapsed() > PARSE_DEADLINE {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let bytes = source.as_bytes();
        let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
        let options = ParseOptions::new().progress_callback(&mut is_late);
        parser
            .parse_with_options(&mut read, None, Some(options))
            .ok_or(NotChecked::TooSlow)
    })
}

fn is_too_deep(tree: &Tree) -> bool {
    if tree.root_node().descendant_count() <= MAX_DEPTH {
        return false;
    }
    let mut cursor = tree.walk();
    let (mut depth, mut path_length) = (0, 0);
    loop {
        path_length += depth;
        if depth > MAX_DEPTH || path_length > MAX_PATH_LENGTH {
            return true;
        }
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
            depth -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(source: &[u8]) -> Option<NotChecked> {
        parse_bytes(source, SupportLang::Python).err()
    }

    #[test]
    fn says_why_a_source_is_not_parsed() {
        assert_eq!(reason(b"x = 1\n"), None);
        assert_eq!(reason(b"x = '\0'\n"), Some(NotChecked::Binary));
        assert_eq!(reason(b"x = '\xff'\n"), Some(NotChecked::NotUtf8));
        assert_eq!(
            reason(&vec![b' '; MAX_SOURCE_BYTES + 1]),
            Some(NotChecked::TooLarge)
        );
    }

    #[test]
    fn deep_nesting_is_refused_and_does_not_overflow() {
        for (open, close) in [("(", ")"), ("[", "]"), ("-", "")] {
            let source = format!("x = {}1{}\n", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(reason(source.as_bytes()), Some(NotChecked::TooDeep), "{open}");
        }
        let unclosed = "(".repeat(100_000);
        let _ = parse_bytes(unclosed.as_bytes(), SupportLang::JavaScript);
    }

    #[test]
    fn many_deep_lines_are_as_bad_as_one_deeper_line() {
        let line = format!("x = {}1{}\n", "[".repeat(1_000), "]".repeat(1_000));
        assert_eq!(reason(line.as_bytes()), None);
        assert_eq!(reason(line.repeat(500).as_bytes()), Some(NotChecked::TooDeep));
    }

    #[test]
    fn broad_sources_are_not_deep() {
        let source = "x = [1, 2, {'a': f(b, c=[d.e])}]\n".repeat(60_000);
        assert_eq!(reason(source.as_bytes()), None);
    }
}
