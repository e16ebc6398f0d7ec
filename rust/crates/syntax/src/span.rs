//! Positions: zero-based lines, columns in code points, byte offsets.

use ast_grep_core::Node;
use ast_grep_core::tree_sitter::StrDoc;

use crate::SupportLang;

/// A range of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Byte offset of the first byte.
    pub start_byte: usize,
    /// Byte offset behind the last byte.
    pub end_byte: usize,
    /// Zero-based line of the start.
    pub start_line: usize,
    /// Zero-based column of the start, in code points.
    pub start_column: usize,
    /// Zero-based line of the end.
    pub end_line: usize,
    /// Zero-based column of the end, in code points.
    pub end_column: usize,
}

impl Span {
    /// From the start of this one to the end of another.
    #[must_use]
    pub fn to_end_of(self, last: &Self) -> Self {
        Self {
            end_byte: last.end_byte,
            end_line: last.end_line,
            end_column: last.end_column,
            ..self
        }
    }

    /// The same so many bytes and lines further down.
    #[must_use]
    pub fn moved(self, bytes: isize, lines: isize) -> Self {
        Self {
            start_byte: self.start_byte.saturating_add_signed(bytes),
            end_byte: self.end_byte.saturating_add_signed(bytes),
            start_line: self.start_line.saturating_add_signed(lines),
            end_line: self.end_line.saturating_add_signed(lines),
            ..self
        }
    }

    /// Where a node is.
    pub fn of(node: &Node<'_, StrDoc<SupportLang>>) -> Self {
        let range = node.range();
        let (start_line, start_bytes) = node.start_pos().byte_point();
        let (end_line, end_bytes) = node.end_pos().byte_point();
        let source = node.get_doc().src.as_str();
        Self {
            start_byte: range.start,
            end_byte: range.end,
            start_line,
            start_column: code_points(source, range.start, start_bytes),
            end_line,
            end_column: code_points(source, range.end, end_bytes),
        }
    }
}

fn code_points(source: &str, byte: usize, column_bytes: usize) -> usize {
    source
        .get(byte.saturating_sub(column_bytes)..byte)
        .map_or(column_bytes, |line| line.chars().count())
}

/// The first `max_chars` code points of a text.
pub fn shorten(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((cut, _)) => text[..cut].to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn columns_count_code_points() {
        let document = parse("x = 'ä🦀' + y\n", SupportLang::Python).unwrap();
        let node = document.root().find("y").unwrap();
        let span = Span::of(&node);
        assert_eq!((span.start_line, span.start_column, span.end_column), (0, 11, 12));
        assert_eq!(span.start_byte, 15);
    }

    #[test]
    fn shortens_at_code_points() {
        assert_eq!(shorten("äöü", 2), "äö");
        assert_eq!(shorten("ä", 2), "ä");
    }
}
