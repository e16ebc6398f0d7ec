//! Places in a text: byte offsets, points of the parser, and LSP's (line, code units).
//!
//! LSP ends a line at CRLF, LF or CR, the parser at LF alone.

use syntax::Point;

/// In what a client counts columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Code units of UTF-16.
    Utf16,
    /// Code points.
    Utf32,
}

impl Encoding {
    /// By LSP's name.
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            "utf-32" => Some(Self::Utf32),
            _ => None,
        }
    }

    fn units(self, text: &str) -> usize {
        match self {
            _ if text.is_ascii() => text.len(),
            Self::Utf8 => text.len(),
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::Utf32 => text.chars().count(),
        }
    }

    fn units_of(self, char: char) -> usize {
        match self {
            Self::Utf8 => char.len_utf8(),
            Self::Utf16 => char.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// Zero-based line and column, as a client counts.
pub type Position = (usize, usize);

/// The lines of one text.
#[derive(Clone, Debug)]
pub struct LineMap {
    encoding: Encoding,
    /// Where the parser's lines begin.
    parser_lines: Vec<usize>,
    /// Where LSP's lines begin, if elsewhere.
    lsp_lines: Option<Vec<usize>>,
}

impl LineMap {
    /// Read the ends of the lines.
    pub fn new(source: &str, encoding: Encoding) -> Self {
        let bytes = source.as_bytes();
        let starts = |ends: &mut dyn Iterator<Item = usize>| std::iter::once(0).chain(ends).collect();
        let parser_lines = starts(&mut memchr::memchr_iter(b'\n', bytes).map(|end| end + 1));
        let is_lone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
        let has_lone = memchr::memchr_iter(b'\r', bytes).any(|at| is_lone(&at));
        let is_end = |at: &usize| bytes[*at] == b'\n' || is_lone(at);
        let lsp_lines = has_lone.then(|| {
            starts(
                &mut memchr::memchr2_iter(b'\n', b'\r', bytes)
                    .filter(is_end)
                    .map(|end| end + 1),
            )
        });
        Self {
            encoding,
            parser_lines,
            lsp_lines,
        }
    }

    fn lines(&self) -> &[usize] {
        self.lsp_lines.as_ref().unwrap_or(&self.parser_lines)
    }

    /// The byte of a position; behind the end of a line or of the text: that end. A unit inside a code point means its
    /// start.
    pub fn byte_at(&self, source: &str, (line, column): Position) -> usize {
        let Some(&start) = self.lines().get(line) else {
            return source.len();
        };
        let end = self.lines().get(line + 1).copied().unwrap_or(source.len());
        let text = source[start..end].trim_end_matches(['\r', '\n']);
        if text.is_ascii() {
            return start + column.min(text.len());
        }
        let mut left = column;
        for (offset, char) in text.char_indices() {
            let units = self.encoding.units_of(char);
            if units > left {
                return start + offset;
            }
            left -= units;
        }
        start + text.len()
    }

    /// The position of a byte.
    pub fn position_at(&self, source: &str, byte: usize) -> Position {
        let lines = self.lines();
        let line = lines.partition_point(|&start| start <= byte) - 1;
        let before = source.get(lines[line]..byte).unwrap_or_default();
        (line, self.encoding.units(before))
    }

    /// The point of a byte.
    pub fn point_at(&self, byte: usize) -> Point {
        let line = self.parser_lines.partition_point(|&start| start <= byte) - 1;
        Point::new(line, byte - self.parser_lines[line])
    }
}

/// The point behind a text that begins at a point.
pub(crate) fn advanced(start: Point, text: &str) -> Point {
    match text.rfind('\n') {
        None => Point::new(start.row, start.column + text.len()),
        Some(last) => Point::new(
            start.row + memchr::memchr_iter(b'\n', text.as_bytes()).count(),
            text.len() - last - 1,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_in_units_of_the_client() {
        let source = "ä🦀x\r\nb\rc\n";
        for (encoding, column) in [(Encoding::Utf8, 6), (Encoding::Utf16, 3), (Encoding::Utf32, 2)] {
            let lines = LineMap::new(source, encoding);
            assert_eq!(lines.position_at(source, 6), (0, column), "{encoding:?}");
            assert_eq!(lines.byte_at(source, (0, column)), 6, "{encoding:?}");
            assert_eq!(lines.byte_at(source, (0, 99)), 7);
            assert_eq!(lines.position_at(source, 11), (2, 0));
            assert_eq!(lines.byte_at(source, (9, 9)), source.len());
            assert_eq!(lines.point_at(11), Point::new(1, 2));
        }
        let lines = LineMap::new(source, Encoding::Utf16);
        assert_eq!(lines.byte_at(source, (0, 2)), 2); // inside a pair of surrogates
    }

    #[test]
    fn points_advance_over_lines() {
        assert_eq!(advanced(Point::new(2, 3), "ab"), Point::new(2, 5));
        assert_eq!(advanced(Point::new(2, 3), "a\nbc\nd"), Point::new(4, 1));
    }
}
