//! Parsing with caps on size, depth and time.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;

use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc};
use tree_sitter::{ParseOptions, Parser, Range, Tree};

use crate::traverse::visit;
use crate::watch::Watch;
use crate::{NotChecked, SupportLang, language_by_name};

/// A parsed source.
pub type Document = AstGrep<StrDoc<SupportLang>>;

/// Larger sources are not parsed.
pub const MAX_SOURCE_BYTES: usize = 2 * 1024 * 1024;

/// A parser that can use nothing of an earlier tree takes one step for about so many bytes.
pub const BYTES_PER_STEP: usize = 300;

thread_local! {
    // A parser keeps tables of its language; a worker thread meets the same few languages again and again.
    static PARSERS: RefCell<HashMap<SupportLang, Parser>> = RefCell::new(HashMap::new());
}

/// The text of a source file: at most [`MAX_SOURCE_BYTES`], UTF-8, without NUL bytes.
pub fn decode(source: &[u8]) -> Result<&str, NotChecked> {
    check_bytes(source)?;
    std::str::from_utf8(source).map_err(|_| NotChecked::NotUtf8)
}

/// The same without a copy.
pub fn decode_owned(source: Vec<u8>) -> Result<String, NotChecked> {
    check_bytes(&source)?;
    String::from_utf8(source).map_err(|_| NotChecked::NotUtf8)
}

fn check_bytes(source: &[u8]) -> Result<(), NotChecked> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(NotChecked::TooLarge);
    }
    match memchr::memchr(0, source) {
        Some(_) => Err(NotChecked::Binary),
        None => Ok(()),
    }
}

/// Decode, then parse.
pub fn parse_bytes(source: &[u8], language: SupportLang) -> Result<Document, NotChecked> {
    parse(decode(source)?, language)
}

/// Parse a source within the caps.
pub fn parse(source: &str, language: SupportLang) -> Result<Document, NotChecked> {
    parse_watched(source, language, &Watch::default())
}

/// The same within a budget of the caller.
pub fn parse_watched(source: &str, language: SupportLang, watch: &Watch<'_>) -> Result<Document, NotChecked> {
    let document = parse_unvisited(source.to_owned(), language, None, watch)?;
    visit(&document, watch, |_| {})?;
    Ok(document)
}

/// Parse without a look at the depth of the tree: for callers that [`visit`] all of it anyway before they use it.
/// `old` is the tree of an earlier text, already told what was edited since; what did not change is not parsed again.
pub fn parse_unvisited(
    source: String,
    language: SupportLang,
    old: Option<&Tree>,
    watch: &Watch<'_>,
) -> Result<Document, NotChecked> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(NotChecked::TooLarge);
    }
    parse_ranges(source, language, &[], old, watch)
}

/// Parse the text after an edit, if that needs no more than so many steps ([`BYTES_PER_STEP`]); else None. How much of the
/// `old` tree can be used depends on the grammar and the place: mostly nearly all of it, sometimes nothing.
pub fn reparse(
    source: &str,
    language: SupportLang,
    old: &Tree,
    max_steps: usize,
    watch: &Watch<'_>,
) -> Result<Option<Document>, NotChecked> {
    let (mut steps, mut last) = (0, None);
    let mut is_over = |place: usize| {
        // At the end of the text the tree is only arranged, which is quick.
        steps += usize::from(last.replace(place) != Some(place));
        steps > max_steps
    };
    let parsed = parse_tree(source, language, &[], Some(old), watch, &mut is_over)?;
    Ok(parsed.map(|tree| document_of(source.to_owned(), language, tree)))
}

/// The ranges of other languages inside this document (the scripts and styles of an HTML page).
pub fn regions(document: &Document) -> Vec<(SupportLang, Vec<Range>)> {
    let found = document.lang().extract_injections(document.root());
    let known = found
        .into_iter()
        .filter_map(|(name, ranges)| Some((language_by_name(&name)?, ranges)));
    known.collect()
}

/// The part of a document that is in another language, with the positions of the whole source. Not visited yet.
pub fn parse_region(
    document: &Document,
    language: SupportLang,
    ranges: &[Range],
    watch: &Watch<'_>,
) -> Result<Document, NotChecked> {
    parse_ranges(document.source().to_owned(), language, ranges, None, watch)
}

fn parse_ranges(
    source: String,
    language: SupportLang,
    ranges: &[Range],
    old: Option<&Tree>,
    watch: &Watch<'_>,
) -> Result<Document, NotChecked> {
    let tree = parse_tree(&source, language, ranges, old, watch, &mut |_| false)?;
    let tree = tree.ok_or(NotChecked::Cancelled)?;
    Ok(document_of(source, language, tree))
}

fn document_of(source: String, language: SupportLang, tree: Tree) -> Document {
    AstGrep::doc(StrDoc {
        src: source,
        lang: language,
        tree,
    })
}

/// Parse these ranges of the source, all of it when there are none. None where `is_over` ended it, which is asked at every
/// step, with the place that is reached.
fn parse_tree(
    source: &str,
    language: SupportLang,
    ranges: &[Range],
    old: Option<&Tree>,
    watch: &Watch<'_>,
    is_over: &mut dyn FnMut(usize) -> bool,
) -> Result<Option<Tree>, NotChecked> {
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
            .map_err(|_| NotChecked::UnknownLanguage)?; // regions out of order: what is in them is not known
        let mut end = Ok(());
        let mut look = |state: &tree_sitter::ParseState| {
            end = watch.check();
            if end.is_err() || is_over(state.current_byte_offset()) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let bytes = source.as_bytes();
        let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
        let options = ParseOptions::new().progress_callback(&mut look);
        let tree = parser.parse_with_options(&mut read, old, Some(options));
        end.map(|()| tree)
    })
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
