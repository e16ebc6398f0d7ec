//! What a name means across files. The answer is Unknown wherever it is not certain.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::builtins;
use crate::facts::{Family, ImportRef, Kind, Listed, Name, Root, Use};
use crate::index::{IndexedFile, SymbolIndex};
use crate::modules::{Module, Where};
use crate::subclasses::Subclasses;

/// Longer chains of re-exports are not followed.
pub(crate) const MAX_HOPS: usize = 24;

/// A search for one name looks at no more modules than these.
const MAX_STEPS: usize = 300;

/// A definition: a binding in a module.
#[derive(Clone)]
pub(crate) struct Target {
    pub module: Module,
    pub binding: u32,
}

impl Target {
    pub fn kind(&self) -> &Kind {
        &self.module.facts.bindings[self.binding as usize].kind
    }

    pub fn class(&self) -> Option<u32> {
        match self.kind() {
            Kind::Class(class) => Some(*class),
            _ => None,
        }
    }
}

/// The meaning of a name.
#[derive(Clone)]
pub(crate) enum Meaning {
    /// The module can be seen whole, and the name is not in it.
    Missing,
    /// It exists, or may exist.
    Unknown,
    /// A module.
    Module(Where),
    /// Its definitions: more than one where branches define it.
    Defined(Vec<Target>),
}

impl Meaning {
    /// This meaning, when the other one is the same or nothing.
    fn or_same(self, other: Self) -> Self {
        match (self, other) {
            (Self::Missing, other) => other,
            (meaning, Self::Missing) => meaning,
            (meaning, other) if meaning.is_same(&other) => meaning,
            _ => Self::Unknown,
        }
    }

    /// Whether both lead to the same place of the same files.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Module(Where::Namespace(one)), Self::Module(Where::Namespace(two))) => one == two,
            (Self::Module(Where::Modules(one)), Self::Module(Where::Modules(two))) => one
                .iter()
                .map(|module| &module.path)
                .eq(two.iter().map(|module| &module.path)),
            (Self::Defined(one), Self::Defined(two)) => {
                let places = |found: &[Target]| -> Vec<_> {
                    found
                        .iter()
                        .map(|target| (target.module.path.clone(), target.binding))
                        .collect()
                };
                places(one) == places(two)
            }
            _ => false,
        }
    }
}

/// The tree, seen as a program: the index and what is assigned from outside of modules.
pub(crate) struct World<'i> {
    pub index: &'i SymbolIndex,
    /// (path, name) of globals that another file assigns.
    pub stored: HashSet<(Name, Name)>,
    /// Attributes that are assigned on something unknown, anywhere.
    pub stored_attributes: HashSet<Name>,
    /// Names that some file writes into `builtins`.
    pub builtin: HashSet<Name>,
    /// Last names of what is called, anywhere.
    pub called: HashSet<Name>,
    /// Names of classes that get attributes by computed names, anywhere.
    pub opened: HashSet<Name>,
    /// Who derives from whom.
    pub subclasses: Subclasses,
    /// Meanings of globals that were looked for before, by path and name.
    known: RwLock<HashMap<(Name, Name), Meaning>>,
    /// The modules that the star imports of a module name, by its path; None where one of them can't be read.
    star_sources: RwLock<HashMap<Name, Option<Arc<Vec<Module>>>>>,
}

impl<'i> World<'i> {
    /// The index alone: enough to follow imports.
    pub fn bare(index: &'i SymbolIndex) -> Self {
        Self {
            index,
            stored: HashSet::new(),
            stored_attributes: HashSet::new(),
            builtin: HashSet::new(),
            called: HashSet::new(),
            opened: HashSet::new(),
            subclasses: Subclasses::new(),
            known: RwLock::default(),
            star_sources: RwLock::default(),
        }
    }

    pub fn new(index: &'i SymbolIndex) -> Self {
        let mut world = Self::bare(index);
        let (mut stored, mut attributes) = (HashSet::new(), HashSet::new());
        for file in &index.files {
            let Some(module) = index.module_at(&file.path) else {
                continue;
            };
            for store in &file.facts.stores {
                let Some((last, before)) = store.attributes.split_last() else {
                    continue;
                };
                if before.is_empty() && is_builtins(&module, store) {
                    world.builtin.insert(last.clone());
                }
                match world.walk(&module, store, before) {
                    Meaning::Module(Where::Modules(modules)) => {
                        stored.extend(
                            modules
                                .into_iter()
                                .map(|module| (module.path.clone(), last.clone())),
                        );
                    }
                    _ => {
                        attributes.insert(last.clone());
                    }
                }
            }
        }
        let calls = |file: &'i IndexedFile| file.facts.uses.iter().filter(|found| found.call.is_some());
        let last = |found: &'i Use| found.attributes.last().unwrap_or(&found.root).clone();
        world.called = index.files.iter().flat_map(calls).map(last).collect();
        world.opened = index
            .files
            .iter()
            .flat_map(|file| file.facts.opened.iter().cloned())
            .collect();
        world.stored = stored;
        world.stored_attributes = attributes;
        world.known = RwLock::default(); // What was found without these may be otherwise with them.
        world.subclasses = world.find_subclasses();
        world
    }

    /// What the root of a use and these attributes mean, through modules.
    pub fn walk(&self, module: &Module, found: &Use, attributes: &[Name]) -> Meaning {
        let mut meaning = self.root(module, found);
        for attribute in attributes {
            meaning = match meaning {
                Meaning::Module(place) => self.in_module(&place, attribute, 0),
                _ => return Meaning::Unknown,
            };
        }
        meaning
    }

    /// What the first name of a use means; Missing for a global that nobody defines.
    pub fn root(&self, module: &Module, found: &Use) -> Meaning {
        match found.target {
            Root::Unknown | Root::Receiver(_) => Meaning::Unknown,
            Root::Local(binding) => self.binding(module, binding, 0),
            Root::Global => match self.global(module, &found.root, 0) {
                Meaning::Missing if builtins::is_known(module.facts.family, &found.root) => Meaning::Unknown,
                meaning => meaning,
            },
        }
    }

    /// What a binding of a module stands for.
    pub fn binding(&self, module: &Module, binding: u32, hops: usize) -> Meaning {
        match &module.facts.bindings[binding as usize].kind {
            Kind::Import(import) => self.import(module, import, hops + 1),
            _ => Meaning::Defined(vec![Target {
                module: module.clone(),
                binding,
            }]),
        }
    }

    /// What an import brings.
    pub fn import(&self, module: &Module, import: &ImportRef, hops: usize) -> Meaning {
        if module.facts.family != Family::Python {
            return self.script_import(module, import, hops);
        }
        if import.is_top_only && import.module.contains('.') {
            let top = import.module.split('.').next().unwrap_or_default();
            let first = ImportRef {
                module: top.into(),
                ..import.clone()
            };
            return Meaning::Module(self.index.python_module(module, &first));
        }
        let place = self.index.python_module(module, import);
        match &import.name {
            None => Meaning::Module(place),
            Some(name) => self.in_module(&place, name, hops),
        }
    }

    /// A name of a module, wherever it stands.
    pub fn in_module(&self, place: &Where, name: &str, hops: usize) -> Meaning {
        match place {
            Where::Unknown => Meaning::Unknown,
            Where::Namespace(folder) => {
                let inner = crate::index::join(folder, name);
                if self.index.has_module(&inner) {
                    Meaning::Module(self.index.place(&inner))
                } else {
                    Meaning::Unknown
                }
            }
            Where::Modules(modules) => {
                let mut last = Meaning::Missing;
                for module in modules {
                    let found = if module.facts.family == Family::Python {
                        self.global(module, name, hops)
                    } else {
                        self.exported(module, name, hops)
                    };
                    match found {
                        Meaning::Missing => {}
                        Meaning::Unknown => return Meaning::Unknown,
                        // A stub and its module: the first that knows the name speaks.
                        found if matches!(last, Meaning::Missing) => last = found,
                        _ => {}
                    }
                }
                // A stub alone speaks for a compiled module, and may leave names out.
                let is_stub = modules.iter().all(|module| module.path.ends_with(".pyi"));
                match last {
                    Meaning::Missing if is_stub => Meaning::Unknown,
                    meaning => meaning,
                }
            }
        }
    }

    /// A global of a Python module (or of a script, seen from inside).
    pub fn global(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        if hops > 0 {
            return self.search(module, name, hops);
        }
        let key = (module.path.clone(), Name::from(name));
        if let Some(known) = read(&self.known).get(&key) {
            return known.clone();
        }
        let meaning = self.search(module, name, 0);
        write(&self.known).insert(key, meaning.clone());
        meaning
    }

    fn search(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        if hops > MAX_HOPS || module.facts.is_broken || !may_step(hops) {
            return Meaning::Unknown;
        }
        let bindings = module.facts.global(name);
        let is_stored = !self.stored.is_empty() && self.stored.contains(&(module.path.clone(), name.into()));
        if !bindings.is_empty() && (!module.is_ours || is_stored) {
            return Meaning::Unknown; // It exists; what it is does not matter, or is not certain.
        }
        let inner = self.index.submodule(module, name).map(Meaning::Module);
        let starred = self.starred(module, name, hops);
        if bindings.is_empty() {
            let is_open = module.facts.is_dynamic || builtins::is_module_attribute(name) || is_stored;
            return match inner.unwrap_or(Meaning::Missing).or_same(starred) {
                Meaning::Missing if is_open => Meaning::Unknown,
                meaning => meaning,
            };
        }
        let meanings = bindings
            .iter()
            .map(|binding| self.binding(module, *binding, hops));
        let meaning = merge(meanings);
        // An import of the submodule of this name, anywhere, would put it in the place of the binding; a star import
        // below the binding would put its own.
        let is_other = |other: &Meaning| !matches!(other, Meaning::Unknown) && !other.is_same(&meaning);
        match (inner, starred) {
            (Some(inner), _) if !inner.is_same(&meaning) => Meaning::Unknown,
            (_, starred) if !matches!(starred, Meaning::Missing) && is_other(&starred) => Meaning::Unknown,
            _ => meaning,
        }
    }

    /// What the star imports of a module, and theirs in turn, say of a name. Which one wins depends on how far each has
    /// run, so several meanings are none; one that can't be read may have the name.
    fn starred(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        let mut meaning = Meaning::Missing;
        let mut seen = HashSet::from([module.path.clone()]);
        let mut open = vec![module.clone()];
        while let Some(next) = open.pop() {
            let Some(sources) = self.star_sources(&next) else {
                return Meaning::Unknown;
            };
            for source in sources.iter().filter(|source| shows(source, name)) {
                if !seen.insert(source.path.clone()) {
                    continue;
                }
                match self.written(source, name, hops + 1) {
                    Meaning::Missing => open.push(source.clone()),
                    found => meaning = meaning.or_same(found),
                }
                if matches!(meaning, Meaning::Unknown) {
                    return meaning;
                }
            }
        }
        meaning
    }

    fn star_sources(&self, module: &Module) -> Option<Arc<Vec<Module>>> {
        if module.facts.stars.is_empty() {
            return Some(Arc::default());
        }
        if let Some(known) = read(&self.star_sources).get(&module.path) {
            return known.clone();
        }
        let mut found = Some(Vec::new());
        for star in &module.facts.stars {
            found = match (found, self.index.python_module(module, star)) {
                (Some(mut known), Where::Modules(modules)) => {
                    known.extend(modules);
                    Some(known)
                }
                _ => None,
            };
        }
        let found = found.map(Arc::new);
        write(&self.star_sources).insert(module.path.clone(), found.clone());
        found
    }

    /// What a module has under a name, its star imports left aside.
    fn written(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        let bindings = module.facts.global(name);
        let is_stored = self.stored.contains(&(module.path.clone(), name.into()));
        let is_certain = module.is_ours && !is_stored && !module.facts.is_broken && hops <= MAX_HOPS;
        match bindings {
            [] if module.facts.is_dynamic || module.facts.is_broken || is_stored => Meaning::Unknown,
            [] => self
                .index
                .submodule(module, name)
                .map_or(Meaning::Missing, Meaning::Module),
            found if is_certain => merge(found.iter().map(|binding| self.binding(module, *binding, hops))),
            _ => Meaning::Unknown,
        }
    }
}

/// Whether the first name of a store is the module `builtins`.
fn is_builtins(module: &Module, store: &Use) -> bool {
    let bindings = match store.target {
        Root::Local(binding) => vec![binding],
        Root::Global => module.facts.global(&store.root).to_vec(),
        Root::Unknown | Root::Receiver(_) => Vec::new(),
    };
    bindings
        .iter()
        .any(|binding| match &module.facts.bindings[*binding as usize].kind {
            Kind::Import(import) => &*import.module == "builtins" && import.level == 0,
            _ => false,
        })
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static STEPS: Cell<usize> = const { Cell::new(0) };
}

/// Count a step of the search for one name: modules that import each other's names have very many ways.
fn may_step(hops: usize) -> bool {
    STEPS.with(|steps| {
        steps.set(if hops == 0 { 0 } else { steps.get() + 1 });
        steps.get() <= MAX_STEPS
    })
}

/// Whether `from module import *` takes a name, when the module has it.
fn shows(module: &Module, name: &str) -> bool {
    match &module.facts.listed {
        Listed::Names(names) => names.iter().any(|(listed, _)| &**listed == name) || module.facts.is_dynamic,
        Listed::Absent => !name.starts_with('_'),
        Listed::Computed => true,
    }
}

/// One meaning of several definitions of one name.
pub(crate) fn merge(meanings: impl Iterator<Item = Meaning>) -> Meaning {
    let mut targets = Vec::new();
    let mut module = None;
    let mut is_unknown = false;
    for meaning in meanings {
        match meaning {
            Meaning::Missing => {}
            Meaning::Unknown => is_unknown = true,
            Meaning::Module(place) => {
                is_unknown |= module.is_some();
                module = Some(place);
            }
            Meaning::Defined(found) => targets.extend(found),
        }
    }
    match (is_unknown, module, targets.is_empty()) {
        (true, _, _) | (false, Some(_), false) => Meaning::Unknown,
        (false, Some(place), true) => Meaning::Module(place),
        (false, None, true) => Meaning::Missing,
        (false, None, false) => Meaning::Defined(targets),
    }
}
