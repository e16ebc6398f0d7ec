//! How a name is written.

/// Bits of the choices of the naming habits.
pub(crate) const SNAKE: u8 = 1;
pub(crate) const CAMEL: u8 = 1 << 1;
pub(crate) const PASCAL: u8 = 1 << 2;
pub(crate) const UPPER: u8 = 1 << 3;
pub(crate) const KEBAB: u8 = 1 << 4;

/// The styles that a name fits, outer underscores aside; None for a name that says nothing: a special one, one of
/// another script, or a single letter. Zero: mixed.
pub(crate) fn styles(name: &str) -> Option<u8> {
    let is_special = name.starts_with("__") && name.ends_with("__");
    let core = name
        .trim_matches('_')
        .trim_end_matches(|character: char| character.is_ascii_digit());
    let core = core.trim_end_matches('_');
    let is_plain = core
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_special || core.len() < 2 || !is_plain {
        return None;
    }
    let has_lower = core.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_upper = core.bytes().any(|byte| byte.is_ascii_uppercase());
    let has_dash = core.contains('-');
    let starts_upper = core.as_bytes()[0].is_ascii_uppercase();
    Some(match (core.contains('_'), has_lower, has_upper) {
        (true, _, _) if has_dash => 0,
        (_, true, false) if has_dash => KEBAB,
        _ if has_dash => 0,
        (true, true, false) => SNAKE,
        (true, false, true) => UPPER,
        (true, _, _) => 0,
        (false, true, false) => SNAKE | CAMEL | KEBAB,
        (false, false, true) => UPPER | PASCAL,
        (false, true, true) if starts_upper => PASCAL,
        (false, true, true) => CAMEL,
        (false, false, false) => return None,
    })
}

/// Whether a method is found by its name: `visit_Name`, `do_GET`.
pub(crate) fn is_dispatched(name: &str) -> bool {
    let mut parts = name.trim_start_matches('_').split('_');
    let is_lower = |part: &str| !part.is_empty() && part.bytes().all(|byte| !byte.is_ascii_uppercase());
    parts.next().is_some_and(is_lower)
        && parts.any(|part| part.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// Whether a name has several words of at least two letters each. Others are written in one way or another for the sake
/// of what they mean: `nNodes`, `A_eq`, `TR0`, `timeval`.
pub(crate) fn is_composed(name: &str) -> bool {
    let mut words: Vec<usize> = vec![0];
    let mut was_lower = false;
    for character in name.trim_matches('_').chars() {
        let is_break = character == '_' || character == '-';
        if is_break || (was_lower && character.is_uppercase()) {
            words.push(0);
        }
        if let Some(length) = words.last_mut().filter(|_| !is_break) {
            *length += 1;
        }
        was_lower = character.is_lowercase() || character.is_ascii_digit();
    }
    words.len() > 1 && words.iter().all(|length| *length > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_styles() {
        for (name, fits) in [
            ("read_file", Some(SNAKE)),
            ("_read_file2", Some(SNAKE)),
            ("readFile", Some(CAMEL)),
            ("ReadFile", Some(PASCAL)),
            ("READ_FILE", Some(UPPER)),
            ("URL", Some(UPPER | PASCAL)),
            ("read", Some(SNAKE | CAMEL | KEBAB)),
            ("read-file", Some(KEBAB)),
            ("read_File", Some(0)),
            ("__init__", None),
            ("x", None),
            ("x1", None),
            ("größe", None),
        ] {
            assert_eq!(styles(name), fits, "{name}");
        }
    }

    #[test]
    fn dispatched_names_are_known() {
        assert!(is_dispatched("visit_FunctionDef") && is_dispatched("do_GET") && is_dispatched("_print_Add"));
        assert!(!is_dispatched("read_file") && !is_dispatched("readFile"));
    }

    #[test]
    fn composed_names_have_several_words() {
        assert!(is_composed("readFile") && is_composed("_read_file") && is_composed("HTTPServer_base"));
        for name in ["nNodes", "A_eq", "TR0", "timeval", "Arow", "x_y"] {
            assert!(!is_composed(name), "{name}");
        }
    }
}
