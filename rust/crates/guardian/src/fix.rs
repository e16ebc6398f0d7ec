//! Putting replacements into a source.

use crate::error::GuardianError;
use crate::finding::{Finding, Replacement};

/// A source after its fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// The new source.
    pub source: Vec<u8>,
    /// How many replacements are in it.
    pub applied: usize,
    /// How many overlapped an earlier one and wait for another round.
    pub skipped: usize,
}

/// Apply from the top; of overlapping replacements the first wins. Findings without a replacement do not count.
pub fn apply_fixes<'a>(
    source: &[u8],
    findings: impl IntoIterator<Item = &'a Finding>,
) -> Result<Fixed, GuardianError> {
    let mut edits = Vec::new();
    for finding in findings {
        if let Some(edit) = &finding.replacement {
            check(source, finding, edit)?;
            edits.push(edit);
        }
    }
    edits.sort_by_key(|edit| (edit.start_byte, edit.end_byte));
    let mut fixed = Fixed {
        source: Vec::with_capacity(source.len()),
        applied: 0,
        skipped: 0,
    };
    let mut position = 0;
    let mut previous: Option<&Replacement> = None;
    for edit in edits {
        if edit.start_byte < position || previous == Some(edit) {
            fixed.skipped += 1;
            continue;
        }
        fixed.source.extend_from_slice(&source[position..edit.start_byte]);
        fixed.source.extend_from_slice(edit.text.as_bytes());
        position = edit.end_byte;
        fixed.applied += 1;
        previous = Some(edit);
    }
    fixed.source.extend_from_slice(&source[position..]);
    Ok(fixed)
}

fn check(source: &[u8], finding: &Finding, edit: &Replacement) -> Result<(), GuardianError> {
    let is_boundary =
        |at: usize| at == source.len() || source.get(at).is_some_and(|byte| byte & 0xC0 != 0x80);
    if edit.start_byte <= edit.end_byte && is_boundary(edit.start_byte) && is_boundary(edit.end_byte) {
        return Ok(());
    }
    Err(GuardianError::StaleFix {
        rule_id: finding.rule_id.to_string(),
        start: edit.start_byte,
        end: edit.end_byte,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn finding(start_byte: usize, end_byte: usize, text: &str) -> Finding {
        Finding {
            rule_id: "r".into(),
            path: "".into(),
            severity: Severity::Hint,
            message: String::new(),
            note: None,
            url: None,
            text: String::new(),
            span: syntax::Span::default(),
            replacement: Some(Replacement {
                start_byte,
                end_byte,
                text: text.to_owned(),
            }),
            is_safe_fix: true,
            alternatives: Vec::new(),
            labels: Vec::new(),
        }
    }

    #[test]
    fn overlaps_wait() {
        let findings = [finding(4, 6, "Y"), finding(0, 5, "X"), finding(6, 6, "!")];
        let fixed = apply_fixes(b"abcdefgh", &findings).unwrap();
        assert_eq!(
            (fixed.source.as_slice(), fixed.applied, fixed.skipped),
            (&b"Xf!gh"[..], 2, 1)
        );
    }

    #[test]
    fn fixes_of_another_source_are_refused() {
        assert!(apply_fixes(b"abc", &[finding(2, 9, "X")]).is_err());
        assert!(apply_fixes("ä".as_bytes(), &[finding(1, 2, "X")]).is_err());
    }
}
