//! The listing of a folder and all below it, in memory.

use crate::error::Skipped;
use crate::filter::PathFilter;

/// A folder that was listed.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    /// Relative to the root, "" for the root itself.
    pub path: String,
    /// What is in it, in the order of whole paths.
    pub entries: Vec<Entry>,
    /// What `lstat` said of each entry, when it was asked for.
    pub states: Vec<Option<rustix::fs::Stat>>,
}

/// A name in a folder.
#[derive(Debug)]
pub(crate) struct Entry {
    pub name: Box<str>,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Symlink,
    /// Number of the folder in the tree.
    Folder(u32),
}

/// Everything below a root that was wanted.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The root is the first.
    pub folders: Vec<Folder>,
    pub skipped: Vec<Skipped>,
    /// There are more files than this: the listing stopped.
    pub is_truncated: bool,
}

/// A file or a symlink of a tree: number of the folder, number of the entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub folder: u32,
    pub entry: u32,
}

impl Tree {
    /// Files and symlinks that the filter lets in, ordered by path.
    pub(crate) fn select(&self, filter: &PathFilter) -> Vec<Place> {
        let mut found = Vec::new();
        // Folder, next entry, whether all below is in: a folder that a glob names takes all below it.
        let mut open = vec![(0_u32, 0_usize, false)];
        let mut path = String::new();
        while let Some((number, next, is_inside)) = open.last_mut() {
            let folder = &self.folders[*number as usize];
            let Some(entry) = folder.entries.get(*next) else {
                open.pop();
                continue;
            };
            let place = Place {
                folder: *number,
                entry: *next as u32,
            };
            *next += 1;
            if filter.needs_paths() {
                join_into(&mut path, &folder.path, &entry.name);
            }
            if filter.is_refused_itself(&path, &entry.name) {
                continue;
            }
            let is_in = *is_inside || filter.is_wanted_itself(&path, &entry.name);
            match entry.kind {
                Kind::Folder(below) => open.push((below, 0, is_in)),
                _ if is_in => found.push(place),
                _ => {}
            }
        }
        found
    }

    /// The path of a place, relative to the root.
    pub(crate) fn path_of(&self, place: Place) -> String {
        let folder = &self.folders[place.folder as usize];
        let mut path = String::new();
        join_into(
            &mut path,
            &folder.path,
            &folder.entries[place.entry as usize].name,
        );
        path
    }

    /// What kind of entry stands at a place.
    pub(crate) fn kind_of(&self, place: Place) -> Kind {
        self.folders[place.folder as usize].entries[place.entry as usize].kind
    }
}

/// Put `folder/name` into `path`.
pub(crate) fn join_into(path: &mut String, folder: &str, name: &str) {
    path.clear();
    path.reserve(folder.len() + name.len() + 1);
    if !folder.is_empty() {
        path.push_str(folder);
        path.push('/');
    }
    path.push_str(name);
}
