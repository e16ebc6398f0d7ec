//! Globs over relative paths.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::SearchError;

/// What is not plain text in a glob.
const SPECIAL: [char; 8] = ['*', '?', '[', ']', '{', '}', '\\', '/'];

/// A set of globs. One without a slash is meant for names at any depth; one that names a folder takes all below it;
/// one that starts with `!` takes away. With no positive glob everything is in.
#[derive(Clone, Debug)]
pub struct PathFilter {
    wanted: Option<Globs>,
    unwanted: Globs,
}

impl PathFilter {
    /// The filter that lets everything in.
    pub(crate) fn all() -> Self {
        Self {
            wanted: None,
            unwanted: Globs::default(),
        }
    }

    /// Compile the globs.
    pub fn new<S: AsRef<str>>(globs: &[S]) -> Result<Self, SearchError> {
        let globs = globs.iter().map(AsRef::as_ref);
        let (unwanted, wanted): (Vec<&str>, Vec<&str>) = globs.partition(|glob| glob.starts_with('!'));
        let unwanted: Vec<_> = unwanted.iter().map(|glob| &glob[1..]).collect();
        Ok(Self {
            wanted: if wanted.is_empty() {
                None
            } else {
                Some(Globs::new(&wanted)?)
            },
            unwanted: Globs::new(&unwanted)?,
        })
    }

    /// Whether the path, relative and with forward slashes, is in.
    pub fn is_match(&self, path: &str) -> bool {
        let mut is_wanted = false;
        for itself in
            std::iter::successors(Some(path), |inner| inner.rsplit_once('/').map(|(outer, _)| outer))
        {
            let name = itself.rsplit_once('/').map_or(itself, |(_, name)| name);
            if self.is_refused_itself(itself, name) {
                return false;
            }
            is_wanted = is_wanted || self.is_wanted_itself(itself, name);
        }
        is_wanted
    }

    /// Whether whole paths matter, not names alone.
    pub(crate) fn needs_paths(&self) -> bool {
        !self.unwanted.paths.is_empty() || self.wanted.as_ref().is_some_and(|globs| !globs.paths.is_empty())
    }

    /// Whether a glob takes this path away, the folders above it not considered.
    pub(crate) fn is_refused_itself(&self, path: &str, name: &str) -> bool {
        self.unwanted.is_match(path, name)
    }

    /// Whether a glob names this path, the folders above it not considered.
    pub(crate) fn is_wanted_itself(&self, path: &str, name: &str) -> bool {
        self.wanted
            .as_ref()
            .is_none_or(|globs| globs.is_match(path, name))
    }
}

/// Globs for names, and globs for paths from the root.
#[derive(Clone, Debug, Default)]
struct Globs {
    /// Ends of names: the globs that are a star and plain text, which most are.
    suffixes: Vec<String>,
    names: GlobSet,
    paths: GlobSet,
}

impl Globs {
    fn new(globs: &[&str]) -> Result<Self, SearchError> {
        let mut suffixes = Vec::new();
        let mut names = GlobSetBuilder::new();
        let mut paths = GlobSetBuilder::new();
        for glob in globs {
            let trimmed = glob.strip_prefix("./").unwrap_or(glob).trim_end_matches('/');
            let trimmed = trimmed
                .strip_prefix("**/")
                .filter(|rest| !rest.contains('/'))
                .unwrap_or(trimmed);
            let builder = if trimmed.contains('/') {
                &mut paths
            } else {
                &mut names
            };
            let trimmed = trimmed.trim_start_matches('/');
            if trimmed.is_empty() {
                return Err(SearchError::Glob {
                    glob: (*glob).to_owned(),
                    reason: "it is empty".to_owned(),
                });
            }
            if let Some(suffix) = trimmed.strip_prefix('*').filter(|rest| !rest.contains(SPECIAL)) {
                suffixes.push(suffix.to_owned());
                continue;
            }
            let compiled = GlobBuilder::new(trimmed).literal_separator(true).build();
            builder.add(compiled.map_err(|error| wrong(glob, &error))?);
        }
        let build =
            |builder: &GlobSetBuilder| builder.build().map_err(|error| wrong(&globs.join(", "), &error));
        Ok(Self {
            suffixes,
            names: build(&names)?,
            paths: build(&paths)?,
        })
    }

    fn is_match(&self, path: &str, name: &str) -> bool {
        self.suffixes.iter().any(|suffix| name.ends_with(suffix))
            || (!self.names.is_empty() && self.names.is_match(name))
            || (!self.paths.is_empty() && self.paths.is_match(path))
    }
}

fn wrong(glob: &str, error: &globset::Error) -> SearchError {
    SearchError::Glob {
        glob: glob.to_owned(),
        reason: error.kind().to_string(),
    }
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
        assert!(is_match(&["**/*.py"], "c.py"));
        assert!(is_match(&["**/a/*.py"], "b/a/c.py"));
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
