//! What a name means across files. The answer is Unknown wherever it is not certain.

use std::collections::HashSet;

use crate::builtins;
use crate::facts::{Family, ImportRef, Kind, Listed, Name, Root, Use};
use crate::index::SymbolIndex;
use crate::modules::{Module, Where};
use crate::subclasses::Subclasses;

/// Longer chains of re-exports are not followed.
pub(crate) const MAX_HOPS: usize = 24;

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
    /// Who derives from whom.
    pub subclasses: Subclasses,
}

impl<'i> World<'i> {
    /// The index alone: enough to follow imports.
    pub fn bare(index: &'i SymbolIndex) -> Self {
        Self {
            index,
            stored: HashSet::new(),
            stored_attributes: HashSet::new(),
            subclasses: Subclasses::new(),
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
        world.stored = stored;
        world.stored_attributes = attributes;
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
                last
            }
        }
    }

    /// A global of a Python module (or of a script, seen from inside).
    pub fn global(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        if hops > MAX_HOPS || module.facts.is_broken {
            return Meaning::Unknown;
        }
        let bindings = module.facts.global(name);
        if bindings.is_empty() {
            return self.unbound(module, name, hops);
        }
        let is_stored = !self.stored.is_empty() && self.stored.contains(&(module.path.clone(), name.into()));
        let is_module_too = self.index.submodule(module, name).is_some();
        if !module.is_ours || is_stored {
            return Meaning::Unknown; // It exists; what it is does not matter, or is not certain.
        }
        let meanings = bindings
            .iter()
            .map(|binding| self.binding(module, *binding, hops));
        match merge(meanings) {
            place @ Meaning::Module(_) => place,
            // An import of the submodule of this name, anywhere, would put it in the place of the binding.
            _ if is_module_too => Meaning::Unknown,
            meaning => meaning,
        }
    }

    fn unbound(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        if let Some(place) = self.index.submodule(module, name) {
            return Meaning::Module(place);
        }
        let mut is_unknown = module.facts.is_dynamic || builtins::is_module_attribute(name);
        let mut meaning = Meaning::Missing;
        for star in &module.facts.stars {
            let place = self.index.python_module(module, star);
            match self.starred(&place, name, hops + 1) {
                Meaning::Missing => {}
                Meaning::Unknown => is_unknown = true,
                found if matches!(meaning, Meaning::Missing) || found.is_same(&meaning) => meaning = found,
                // The last one wins, if it has run so far that it has the name.
                _ => return Meaning::Unknown,
            }
        }
        if !matches!(meaning, Meaning::Missing) {
            return meaning;
        }
        let is_stored = self.stored.contains(&(module.path.clone(), name.into()));
        if is_unknown || is_stored {
            Meaning::Unknown
        } else {
            Meaning::Missing
        }
    }

    /// What `from place import *` says of a name.
    fn starred(&self, place: &Where, name: &str, hops: usize) -> Meaning {
        let Where::Modules(modules) = place else {
            return Meaning::Unknown;
        };
        let is_hidden = |module: &Module| match &module.facts.listed {
            Listed::Names(names) => !names.iter().any(|(listed, _)| &**listed == name),
            Listed::Absent => name.starts_with('_'),
            Listed::Computed => false,
        };
        let open: Vec<_> = modules
            .iter()
            .filter(|module| !is_hidden(module))
            .cloned()
            .collect();
        if open.is_empty() && modules.iter().all(|module| !module.facts.is_dynamic) {
            return Meaning::Missing;
        }
        if open.is_empty() {
            return Meaning::Unknown;
        }
        self.in_module(&Where::Modules(open), name, hops)
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
