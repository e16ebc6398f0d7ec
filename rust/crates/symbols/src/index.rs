//! The symbol index of a tree: the facts of every file, kept by digest so that only changed files are read again.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use rayon::prelude::*;
use search::{Skipped, SourceFile, read_source};
use syntax::{MAX_SOURCE_BYTES, NotChecked, SupportLang};

use crate::facts::{Family, FileFacts};
use crate::{pool, python_facts, script_facts};

/// Ends of files that are modules, or that a build makes modules of.
const MODULE_SUFFIXES: [&str; 12] = [
    ".py", ".pyi", ".so", ".pyd", ".pyx", ".pyx.in", ".c", ".cc", ".cpp", ".f", ".f90", ".pyf",
];

/// What stands around a tree: nothing of it is read before it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Top-level modules of the standard library: these never come from the tree.
    pub standard: HashSet<String>,
    /// Top-level modules that may come from outside the tree as well.
    pub outside: HashSet<String>,
    /// Folders that installed and standard modules are read from.
    pub search_folders: Vec<PathBuf>,
    /// Names of scripts that stand for files: see [`Alias`].
    pub aliases: Vec<Alias>,
}

/// A pattern of module names in a folder of the tree (`tsconfig` paths, the packages of a workspace).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// It holds below this folder, "" for all.
    pub folder: String,
    /// With at most one `*`.
    pub pattern: String,
    /// A path below the root; its `*` is what the pattern's stands for.
    pub target: String,
}

/// One indexed file.
#[derive(Clone, Debug)]
pub struct IndexedFile {
    /// Relative, with forward slashes.
    pub path: Arc<str>,
    /// Of its content; equal only within one process.
    pub digest: u64,
    /// What it says.
    pub facts: Arc<FileFacts>,
}

/// All files of a tree. Immutable; share it between threads.
#[derive(Debug, Default)]
pub struct SymbolIndex {
    /// Files with facts, ordered by path.
    pub files: Vec<IndexedFile>,
    /// Files in a language with facts that could not be read or parsed.
    pub skipped: Vec<Skipped>,
    /// How many of the files were parsed, not taken over.
    pub parsed_count: usize,
    /// What stands around.
    pub layout: Layout,
    by_path: HashMap<Arc<str>, usize>,
    modules: HashSet<String>,
    folders: HashSet<String>,
    paths: HashSet<String>,
    projects: Vec<String>,
}

// Keyed by the process, so that no content can be made to look like another.
static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

enum Outcome {
    Indexed { file: IndexedFile, is_parsed: bool },
    Skipped(Skipped),
}

impl SymbolIndex {
    /// Index these files of a tree (others than Python and scripts are noted as present). Files with a digest that
    /// `previous` knows are taken over from it.
    pub fn build(root: &Path, paths: &[String], previous: Option<&Self>, layout: Layout) -> Self {
        let known: HashMap<(u64, bool), &Arc<FileFacts>> = previous
            .map(|index| index.files.iter().map(|file| (file.key(), &file.facts)).collect())
            .unwrap_or_default();
        let mut wanted: Vec<&String> = paths.iter().filter(|path| family_of(path).is_some()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let outcomes: Vec<Outcome> =
            pool::run(|| wanted.par_iter().map(|path| read(root, path, &known)).collect());
        let mut index = Self {
            layout,
            ..Self::default()
        };
        for outcome in outcomes {
            match outcome {
                Outcome::Indexed { file, is_parsed } => {
                    index.parsed_count += usize::from(is_parsed);
                    index.files.push(file);
                }
                Outcome::Skipped(skipped) => index.skipped.push(skipped),
            }
        }
        let places = index.files.iter().enumerate();
        index.by_path = places.map(|(at, file)| (Arc::clone(&file.path), at)).collect();
        index.note_places(paths);
        index
    }

    fn note_places(&mut self, paths: &[String]) {
        let mut projects = vec![String::new()];
        for path in paths {
            let (folder, name) = split(path);
            if matches!(name, "pyproject.toml" | "setup.py" | "setup.cfg") {
                projects.push(folder.to_owned());
            }
            let mut above = folder;
            while !above.is_empty() && self.folders.insert(above.to_owned()) {
                above = split(above).0;
            }
            if MODULE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) {
                let stem = name.split('.').next().unwrap_or_default();
                self.modules.insert(join(folder, stem));
            }
            self.paths.insert(path.clone());
        }
        for project in projects {
            for below in ["", "src", "lib"] {
                let root = join(&project, below);
                if !self.projects.contains(&root) {
                    self.projects.push(root);
                }
            }
        }
    }

    /// A file by its path.
    pub fn file(&self, path: &str) -> Option<&IndexedFile> {
        self.by_path.get(path).map(|at| &self.files[*at])
    }

    /// Whether a path was among those given.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    pub(crate) fn has_folder(&self, folder: &str) -> bool {
        self.folders.contains(folder)
    }

    /// Whether a Python module or a folder stands at a path without suffix.
    pub(crate) fn has_module(&self, place: &str) -> bool {
        self.modules.contains(place) || self.folders.contains(place)
    }

    /// Folders that Python may import from, for every file.
    pub(crate) fn projects(&self) -> &[String] {
        &self.projects
    }
}

impl IndexedFile {
    /// Equal for files with equal facts.
    fn key(&self) -> (u64, bool) {
        (self.digest, self.facts.family == Family::Python)
    }
}

fn read(root: &Path, path: &str, known: &HashMap<(u64, bool), &Arc<FileFacts>>) -> Outcome {
    let source = SourceFile {
        path: path.to_owned(),
        full_path: root.join(path),
    };
    let content = match read_source(&source, MAX_SOURCE_BYTES) {
        Ok(content) => content,
        Err(skipped) => return Outcome::Skipped(skipped),
    };
    // The language is part of the key: the grammars of scripts differ.
    let language = syntax::language_of(path);
    let digest = KEYS.hash_one((&content, language.map(|language| language.to_string())));
    let is_python = language == Some(SupportLang::Python);
    let (facts, is_parsed) = match known.get(&(digest, is_python)) {
        Some(facts) => (Arc::clone(facts), false),
        None => match facts_of(path, &content) {
            Ok(facts) => (Arc::new(facts), true),
            Err(reason) => return Outcome::Skipped(Skipped::new(path.to_owned(), reason.to_string())),
        },
    };
    let file = IndexedFile {
        path: path.into(),
        digest,
        facts,
    };
    Outcome::Indexed { file, is_parsed }
}

/// The facts of one source.
pub fn facts_of(path: &str, content: &[u8]) -> Result<FileFacts, NotChecked> {
    let language = syntax::language_of(path).ok_or(NotChecked::UnknownLanguage)?;
    let family = family_of(path).ok_or(NotChecked::UnknownLanguage)?;
    let document = syntax::parse_bytes(content, language)?;
    let root = document.root();
    let node = root.get_inner_node();
    let text = document.source();
    Ok(match family {
        Family::Python => python_facts::facts(text, node),
        _ => script_facts::facts(text, node, family),
    })
}

/// The family of a path; None when there is no index for its language.
pub fn family_of(path: &str) -> Option<Family> {
    match syntax::language_of(path)? {
        SupportLang::Python => Some(Family::Python),
        SupportLang::JavaScript => Some(Family::JavaScript),
        SupportLang::TypeScript | SupportLang::Tsx => Some(Family::TypeScript),
        _ => None,
    }
}

/// Folder and name of a path; the folder of the root is "".
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Two parts of a path, either of which may be empty.
pub(crate) fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        ("", name) => name.to_owned(),
        (folder, "") => folder.to_owned(),
        _ => format!("{folder}/{name}"),
    }
}
