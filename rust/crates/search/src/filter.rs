//! Globs over relative paths.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::SearchError;

/// A set of globs. One without a slash is meant for names at any depth; one that names a folder takes all below it;
/// one that starts with `!` takes away. With no positive glob everything is in.
#[derive(Clone, Debug)]
pub struct PathFilter {
    wanted: Option<GlobSet>,
    unwanted: GlobSet,
}

impl PathFilter {
    /// Compile the globs.
    pub fn new<S: AsRef<str>>(globs: &[S]) -> Result<Self, SearchError> {
        let mut wanted = GlobSetBuilder::new();
        let mut unwanted = GlobSetBuilder::new();
        let mut has_wanted = false;
        for glob in globs {
            let glob = glob.as_ref();
            if let Some(negated) = glob.strip_prefix('!') {
                add(&mut unwanted, negated)?;
            } else {
                has_wanted = true;
                add(&mut wanted, glob)?;
            }
        }
        let build =
            |builder: &GlobSetBuilder| builder.build().map_err(|error| wrong(&globs_text(globs), &error));
        Ok(Self {
            wanted: if has_wanted { Some(build(&wanted)?) } else { None },
            unwanted: build(&unwanted)?,
        })
    }

    /// Whether the path, relative and with forward slashes, is in.
    pub fn is_match(&self, path: &str) -> bool {
        self.wanted.as_ref().is_none_or(|set| set.is_match(path)) && !self.unwanted.is_match(path)
    }
}

fn add(builder: &mut GlobSetBuilder, glob: &str) -> Result<(), SearchError> {
    let trimmed = glob.strip_prefix("./").unwrap_or(glob).trim_end_matches('/');
    let is_anchored = trimmed.contains('/');
    let trimmed = trimmed.trim_start_matches('/');
    if trimmed.is_empty() {
        return Err(SearchError::Glob {
            glob: glob.to_owned(),
            reason: "it is empty".to_owned(),
        });
    }
    let base = if is_anchored {
        trimmed.to_owned()
    } else {
        format!("**/{trimmed}")
    };
    for text in [base.clone(), format!("{base}/**")] {
        let compiled = GlobBuilder::new(&text).literal_separator(true).build();
        builder.add(compiled.map_err(|error| wrong(glob, &error))?);
    }
    Ok(())
}

fn wrong(glob: &str, error: &globset::Error) -> SearchError {
    SearchError::Glob {
        glob: glob.to_owned(),
        reason: error.kind().to_string(),
    }
}

fn globs_text<S: AsRef<str>>(globs: &[S]) -> String {
    globs.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(globs: &[&str], path: &str) -> bool {
        PathFilter::new(globs).unwrap().is_match(path)
    }

    #[test]
    fn names_match_at_any_depth_and_paths_from_the_root() {
        assert!(is_match(&["*.py"], "a/b/c.py"));
        assert!(is_match(&["a/*.py"], "a/c.py"));
        assert!(!is_match(&["a/*.py"], "a/b/c.py"));
        assert!(is_match(&["a/**/*.py"], "a/b/c.py"));
        assert!(is_match(&["/c.py"], "c.py"));
        assert!(!is_match(&["/c.py"], "a/c.py"));
    }

    #[test]
    fn folders_take_all_below_and_negation_takes_away() {
        assert!(is_match(&["src/"], "src/a/b.rs"));
        assert!(!is_match(&["src", "!*.md"], "src/a/b.md"));
        assert!(is_match(&["!*.md"], "anything.txt"));
        assert!(is_match(&["*.{js,ts}"], "x.ts"));
    }

    #[test]
    fn wrong_globs_are_named() {
        assert!(
            PathFilter::new(&["a[", "b"])
                .unwrap_err()
                .to_string()
                .contains("a[")
        );
        assert!(PathFilter::new(&[""]).is_err());
    }
}
