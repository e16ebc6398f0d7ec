//! What the ignore files of a folder and of those above it say of a path: ripgrep's order of precedence.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Ignore files by precedence, the strongest first. `.rgignore` counts for searches alone.
const NAMES: [&str; 4] = [".rgignore", ".ignore", ".gitignore", ".git/info/exclude"];

const EXCLUDE: usize = 3;

/// How many kinds of ignore files there are.
pub(crate) const KINDS: usize = NAMES.len();

/// The kind of ignore file that an entry of a folder is, or leads to.
pub(crate) fn kind_of(name: &str, is_search: bool) -> Option<usize> {
    match name {
        ".rgignore" if is_search => Some(0),
        ".ignore" => Some(1),
        ".gitignore" => Some(2),
        ".git" => Some(3),
        _ => None,
    }
}

/// The `info/exclude` that holds for a folder with this `.git`: that of the repository, also from a linked worktree,
/// whose `.git` is a file that names its own git folder, where `commondir` names the repository's.
fn exclude_file(git: &Path) -> PathBuf {
    const EXCLUDE_NAME: &str = "info/exclude";
    let Ok(pointer) = fs::read_to_string(git) else {
        return git.join(EXCLUDE_NAME);
    };
    let Some(target) = pointer.strip_prefix("gitdir:") else {
        return git.join(EXCLUDE_NAME);
    };
    let own = git.with_file_name("").join(target.trim());
    match fs::read_to_string(own.join("commondir")) {
        Ok(common) => own.join(common.trim()).join(EXCLUDE_NAME),
        Err(_) => own.join(EXCLUDE_NAME),
    }
}

/// The rules that hold in a folder. A folder without ignore files shares those of its parent.
#[derive(Debug)]
pub(crate) struct Ignores {
    above: Option<Arc<Ignores>>,
    own: [Option<Gitignore>; KINDS],
}

impl Ignores {
    /// The rules of a folder (`path` relative to `root`) that has these kinds of ignore files. Lines that are no glob
    /// are passed over, as git and ripgrep do.
    pub(crate) fn load(
        root: &Path,
        path: &str,
        kinds: [bool; KINDS],
        above: Option<&Arc<Ignores>>,
    ) -> Option<Arc<Self>> {
        let mut own = [const { None }; KINDS];
        for (kind, slot) in own.iter_mut().enumerate().filter(|(kind, _)| kinds[*kind]) {
            let mut builder = GitignoreBuilder::new(if path.is_empty() { "." } else { path });
            builder.add(if kind == EXCLUDE {
                exclude_file(&root.join(path).join(".git"))
            } else {
                root.join(path).join(NAMES[kind])
            });
            *slot = builder.build().ok().filter(|rules| !rules.is_empty());
        }
        if own.iter().all(Option::is_none) {
            return above.cloned();
        }
        Some(Arc::new(Self {
            above: above.cloned(),
            own,
        }))
    }

    /// Whether the path, relative to the root, is ignored. Its parents are known not to be.
    pub(crate) fn is_ignored(&self, path: &str, is_folder: bool) -> bool {
        for kind in 0..KINDS {
            let mut level = Some(self);
            while let Some(rules) = level {
                match rules.own[kind].as_ref().map(|own| own.matched(path, is_folder)) {
                    Some(Match::Ignore(_)) => return true,
                    Some(Match::Whitelist(_)) => return false,
                    _ => level = rules.above.as_deref(),
                }
            }
        }
        false
    }
}
