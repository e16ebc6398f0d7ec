//! The nearest right name.

/// Candidates beyond this are not compared.
const MAX_CANDIDATES: usize = 5_000;

/// Nor are longer names.
const MAX_NAME_BYTES: usize = 200;

/// `; did you mean 'x'?` for the candidate nearest to a wrong name, "" when none is near.
pub(crate) fn did_you_mean<'n>(wrong: &str, candidates: impl Iterator<Item = &'n str>) -> String {
    match nearest(wrong, candidates) {
        Some(found) => format!("; did you mean '{found}'?"),
        None => String::new(),
    }
}

/// The candidate with the fewest edits, at most a third of the name's length; of equals the first by the alphabet.
pub(crate) fn nearest<'n>(wrong: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if wrong.len() > MAX_NAME_BYTES {
        return None;
    }
    let allowed = wrong.chars().count() / 3;
    let found = candidates
        .take(MAX_CANDIDATES)
        .filter(|candidate| *candidate != wrong && candidate.len().abs_diff(wrong.len()) <= allowed.max(1))
        .map(|candidate| (distance(wrong, candidate), candidate))
        .min()?;
    (found.0 <= allowed.max(1) && found.0 < wrong.chars().count()).then_some(found.1)
}

/// Edits between two names: insertion, deletion, substitution, and swap of neighbours; case counts nothing.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.to_lowercase().chars().collect();
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, one) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let mut cost = (last[column + 1] + 1)
                .min(next[column] + 1)
                .min(last[column] + usize::from(one != other));
            let is_swap = row > 0 && column > 0 && left[row - 1] == *other && right[column - 1] == *one;
            if is_swap {
                cost = cost.min(before[column - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_only() {
        let names = ["read_text", "read_bytes", "write"];
        assert_eq!(nearest("raed_text", names.into_iter()), Some("read_text"));
        assert_eq!(nearest("Write", names.into_iter()), Some("write"));
        assert_eq!(nearest("frobnicate", names.into_iter()), None);
        assert_eq!(nearest("a", ["b"].into_iter()), None);
    }
}
