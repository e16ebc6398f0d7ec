//! Whether the arguments of a call fit a signature.

use crate::facts::{CallShape, Family, ParameterKind, Signature};

/// Why a call does not fit, as the end of a sentence; None when it does, or may.
pub(crate) fn misfit(family: Family, call: &CallShape, signature: &Signature) -> Option<String> {
    let positions: Vec<_> = signature
        .parameters
        .iter()
        .filter(|one| matches!(one.kind, ParameterKind::Positional | ParameterKind::Normal))
        .collect();
    let takes = |kind| signature.parameters.iter().any(|one| one.kind == kind);
    let has_rest = takes(ParameterKind::Rest);
    if call.positional > positions.len() && !has_rest {
        return Some(format!(
            "it takes at most {} and gets {}",
            counted(positions.len(), "positional argument"),
            call.positional
        ));
    }
    if family == Family::Python
        && let Some(wrong) = wrong_keyword(call, signature)
    {
        return Some(wrong);
    }
    if call.has_keyword_spread {
        return None;
    }
    let is_given = |name: &str| call.keywords.iter().any(|given| &**given == name);
    let mut missing: Vec<&str> = Vec::new();
    if !call.has_spread {
        let left = positions.iter().skip(call.positional);
        missing.extend(
            left.filter(|one| !one.is_optional)
                .filter(|one| one.kind == ParameterKind::Positional || !is_given(&one.name))
                .map(|one| &*one.name),
        );
    }
    let by_name = signature
        .parameters
        .iter()
        .filter(|one| one.kind == ParameterKind::Keyword && !one.is_optional);
    missing.extend(by_name.map(|one| &*one.name).filter(|name| !is_given(name)));
    match &missing[..] {
        [] => None,
        [one] => Some(format!("the argument '{one}' is missing")),
        many => Some(format!("the arguments '{}' are missing", many.join("', '"))),
    }
}

fn wrong_keyword(call: &CallShape, signature: &Signature) -> Option<String> {
    let has_rest = signature
        .parameters
        .iter()
        .any(|one| one.kind == ParameterKind::Keywords);
    for given in &call.keywords {
        let at = signature.parameters.iter().position(|one| {
            one.name == *given && matches!(one.kind, ParameterKind::Normal | ParameterKind::Keyword)
        });
        match at {
            None if !has_rest => {
                let names = signature
                    .parameters
                    .iter()
                    .filter(|one| matches!(one.kind, ParameterKind::Normal | ParameterKind::Keyword));
                let hint = crate::nearest::did_you_mean(given, names.map(|one| &*one.name));
                return Some(format!("it has no parameter '{given}'{hint}"));
            }
            Some(at) if at < call.positional && signature.parameters[at].kind == ParameterKind::Normal => {
                return Some(format!("it gets '{given}' by position and by name"));
            }
            _ => {}
        }
    }
    None
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}
