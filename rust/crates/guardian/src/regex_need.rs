//! What a text must contain for a regular expression to match in it.

use regex_syntax::hir::{Hir, HirKind};

use crate::need::Need;

/// Alternations of more branches need too many literals to be worth it.
const MAX_BRANCHES: usize = 16;

/// Nothing where the expression is wrong or can match without a fixed text.
pub(crate) fn need_of_regex(regex: &str) -> Need {
    regex_syntax::parse(regex).map_or(Need::Nothing, |hir| need(&hir))
}

fn need(hir: &Hir) -> Need {
    match hir.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).map_or(Need::Nothing, Need::literal),
        HirKind::Capture(capture) => need(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => need(&repetition.sub),
        HirKind::Concat(parts) => Need::all(parts.iter().map(need)),
        HirKind::Alternation(branches) if branches.len() <= MAX_BRANCHES => {
            Need::any(branches.iter().map(need))
        }
        _ => Need::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_parts_are_needed() {
        let word = |text: &str| Need::literal(text);
        assert_eq!(need_of_regex("^TODO: .*$"), word("TODO: "));
        assert_eq!(need_of_regex("(?i)todo"), Need::Nothing);
        assert_eq!(need_of_regex("a|b"), Need::Nothing); // one character class
        assert_eq!(
            need_of_regex("ab|cd+"),
            Need::Any(vec![word("ab"), Need::All(vec![word("c"), word("d")])])
        );
        assert_eq!(need_of_regex("(x*)?"), Need::Nothing);
        assert_eq!(need_of_regex("("), Need::Nothing);
    }
}
