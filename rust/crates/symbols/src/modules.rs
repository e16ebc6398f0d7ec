//! From an import to the module that it means, where that is certain.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use search::{SourceFile, read_source};
use syntax::MAX_SOURCE_BYTES;

use crate::facts::{FileFacts, ImportRef};
use crate::index::{SymbolIndex, facts_of, join, split};

/// Modules outside the tree that are kept in memory, at most.
const MAX_OUTSIDE: usize = 4_000;

/// A module with its facts.
#[derive(Clone)]
pub(crate) struct Module {
    /// Relative for ours, absolute for others.
    pub path: Arc<str>,
    pub facts: Arc<FileFacts>,
    pub is_ours: bool,
}

impl Module {
    /// The folder of its submodules, when it is a package.
    pub fn package(&self) -> Option<&str> {
        let (folder, name) = split(&self.path);
        name.starts_with("__init__.").then_some(folder)
    }
}

/// Where an import leads.
#[derive(Clone)]
pub(crate) enum Where {
    /// Not certain, or nowhere: that is the business of the imports gate.
    Unknown,
    /// A folder without `__init__`: its modules are its names.
    Namespace(String),
    /// The module; a stub beside it counts as the same, and so does its copy in another environment.
    Modules(Vec<Module>),
}

impl SymbolIndex {
    pub(crate) fn module_at(&self, path: &str) -> Option<Module> {
        let file = self.file(path)?;
        Some(Module {
            path: Arc::clone(&file.path),
            facts: Arc::clone(&file.facts),
            is_ours: true,
        })
    }

    /// The module that an import of a Python file names, the name taken from it left aside.
    pub(crate) fn python_module(&self, from: &Module, import: &ImportRef) -> Where {
        match self.python_modules(from, import) {
            // What runs is the module; its stub speaks to other stubs.
            Where::Modules(mut found) if !from.path.ends_with(".pyi") => {
                if found.iter().any(|module| module.path.ends_with(".py")) {
                    found.retain(|module| module.path.ends_with(".py"));
                }
                Where::Modules(found)
            }
            place => place,
        }
    }

    fn python_modules(&self, from: &Module, import: &ImportRef) -> Where {
        let dotted = import.module.replace('.', "/");
        if import.level > 0 {
            let mut folder = split(&from.path).0;
            for _ in 1..import.level {
                if folder.is_empty() {
                    return Where::Unknown;
                }
                folder = split(folder).0;
            }
            let place = join(folder, &dotted);
            return if from.is_ours {
                self.place(&place)
            } else {
                outside(&[PathBuf::from("/")], place.trim_start_matches('/'))
            };
        }
        self.absolute(from, &dotted)
    }

    fn absolute(&self, from: &Module, dotted: &str) -> Where {
        let top = dotted.split('/').next().unwrap_or_default();
        if top == "distutils" {
            return Where::Unknown; // setuptools puts its own in its place.
        }
        if !from.is_ours || self.layout.standard.contains(top) {
            return outside(&self.layout.search_folders, dotted);
        }
        let mut found: Option<(String, Where)> = None;
        for start in self.roots_for(&from.path) {
            let place = join(&start, dotted);
            if !self.has_module(&join(&start, top)) || !self.has_module(&place) {
                continue;
            }
            if found.as_ref().is_some_and(|(known, _)| *known != place) {
                return Where::Unknown; // Which of the two is imported depends on how the program is started.
            }
            if self.is_ambiguous(&start, top) {
                return Where::Unknown;
            }
            found = Some((place.clone(), self.place(&place)));
        }
        match found {
            Some((_, found)) => found,
            None if self.layout.outside.contains(top) => outside(&self.layout.search_folders, dotted),
            None => Where::Unknown,
        }
    }

    /// Whether an installed module of the same name may win.
    fn is_ambiguous(&self, start: &str, top: &str) -> bool {
        if !self.layout.outside.contains(top) {
            return false;
        }
        let place = join(start, top);
        !self.is_package(&place) || !self.projects().iter().any(|project| project == start)
    }

    fn is_package(&self, folder: &str) -> bool {
        ["py", "pyi"]
            .iter()
            .any(|suffix| self.has_path(&format!("{folder}/__init__.{suffix}")))
    }

    /// Folders that may be on the import path for a file.
    fn roots_for(&self, path: &str) -> Vec<String> {
        let own = split(path).0;
        let mut package_root = own;
        while !package_root.is_empty() && self.is_package(package_root) {
            package_root = split(package_root).0;
        }
        // A program's own folder is on the path; that of a module in a package is not.
        let mut roots = self.projects().to_vec();
        roots.push(package_root.to_owned());
        roots
    }

    /// The module of the tree at a path without suffix.
    pub(crate) fn place(&self, place: &str) -> Where {
        let beside: Vec<_> = ["py", "pyi"]
            .iter()
            .filter_map(|suffix| self.module_at(&format!("{place}.{suffix}")))
            .collect();
        let inside: Vec<_> = ["py", "pyi"]
            .iter()
            .filter_map(|suffix| self.module_at(&format!("{place}/__init__.{suffix}")))
            .collect();
        match (beside.is_empty(), self.has_folder(place)) {
            (false, false) => Where::Modules(beside),
            (true, true) if !inside.is_empty() => Where::Modules(inside),
            (true, true) if !self.has_module(&format!("{place}/__init__")) => {
                Where::Namespace(place.to_owned())
            }
            _ => Where::Unknown,
        }
    }

    /// A module inside a package or a namespace.
    pub(crate) fn submodule(&self, module: &Module, name: &str) -> Option<Where> {
        let package = module.package()?;
        let place = join(package, name);
        if module.is_ours {
            return self.has_module(&place).then(|| self.place(&place));
        }
        has_outside(Path::new(&place)).then_some(Where::Unknown)
    }
}

type Cache = Mutex<HashMap<PathBuf, Option<Arc<FileFacts>>>>;

// Installed modules do not change while a server runs checks; a new installation is seen by the next process.
static OUTSIDE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// The module at a path below each of the folders that has it.
fn outside(folders: &[PathBuf], dotted: &str) -> Where {
    let mut found = Vec::new();
    for folder in folders {
        let base = folder.join(dotted);
        let top = folder.join(dotted.split('/').next().unwrap_or_default());
        let mut here = Vec::new();
        for name in [
            with_suffix(&base, ".py"),
            with_suffix(&base, ".pyi"),
            base.join("__init__.py"),
            base.join("__init__.pyi"),
        ] {
            if let Some(module) = outside_module(&name) {
                here.push(module);
            }
        }
        if here.is_empty() && (top.is_dir() || has_outside(&top)) {
            return Where::Unknown; // compiled, or a namespace
        }
        found.extend(here);
    }
    if found.is_empty() {
        Where::Unknown
    } else {
        Where::Modules(found)
    }
}

fn outside_module(path: &Path) -> Option<Module> {
    let facts = outside_facts(path)?;
    Some(Module {
        path: path.to_str()?.into(),
        facts,
        is_ours: false,
    })
}

fn outside_facts(path: &Path) -> Option<Arc<FileFacts>> {
    let lock = || OUTSIDE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = lock().get(path) {
        return known.clone();
    }
    let source = SourceFile {
        path: path.to_str()?.to_owned(),
        full_path: path.to_owned(),
    };
    let content = if path.is_file() {
        read_source(&source, MAX_SOURCE_BYTES).ok()
    } else {
        None
    };
    let facts = content.and_then(|content| facts_of(&source.path, &content).ok().map(Arc::new));
    let mut cache = lock();
    if cache.len() < MAX_OUTSIDE {
        cache.insert(path.to_owned(), facts.clone());
    }
    facts
}

/// Whether anything importable stands at a path without suffix.
fn has_outside(base: &Path) -> bool {
    if base.is_dir() || with_suffix(base, ".py").is_file() || with_suffix(base, ".pyi").is_file() {
        return true;
    }
    let (Some(parent), Some(name)) = (base.parent(), base.file_name().and_then(|name| name.to_str())) else {
        return false;
    };
    let Ok(entries) = parent.read_dir() else {
        return false;
    };
    entries.flatten().any(|entry| {
        let file = entry.file_name();
        file.to_str()
            .and_then(|file| file.strip_prefix(name))
            .is_some_and(|rest| {
                rest.starts_with('.') && matches!(rest.rsplit('.').next(), Some("so" | "pyd"))
            })
    })
}

fn with_suffix(base: &Path, suffix: &str) -> PathBuf {
    let mut name = base.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
