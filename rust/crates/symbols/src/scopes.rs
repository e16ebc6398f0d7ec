//! Lexical scopes of one file: which meaning a name has at a place.

use std::collections::{HashMap, HashSet};

use crate::facts::{Name, Root};

/// What kind of region a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    Module,
    Function,
    /// Its names are seen directly inside only, as Python has it.
    Class,
    /// A comprehension, or a block of a script.
    Block,
}

/// The meaning of a local name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// One binding.
    One(u32),
    /// The first parameter of a method of this class.
    Receiver(u32),
    /// A parameter, a variable, or several meanings.
    Plain,
}

struct Scope {
    kind: ScopeKind,
    parent: usize,
    names: HashMap<Name, Bound>,
    globals: HashSet<Name>,
}

/// All scopes of a file; the first is the module's.
pub(crate) struct Scopes {
    list: Vec<Scope>,
}

pub(crate) const MODULE: usize = 0;

impl Scopes {
    pub(crate) fn new() -> Self {
        let module = Scope {
            kind: ScopeKind::Module,
            parent: MODULE,
            names: HashMap::new(),
            globals: HashSet::new(),
        };
        Self { list: vec![module] }
    }

    pub(crate) fn open(&mut self, kind: ScopeKind, parent: usize) -> usize {
        self.list.push(Scope {
            kind,
            parent,
            names: HashMap::new(),
            globals: HashSet::new(),
        });
        self.list.len() - 1
    }

    pub(crate) fn kind(&self, scope: usize) -> ScopeKind {
        self.list[scope].kind
    }

    /// The scope that an assignment in this one writes to: comprehensions and blocks hand it on.
    pub(crate) fn home(&self, mut scope: usize) -> usize {
        while self.list[scope].kind == ScopeKind::Block {
            scope = self.list[scope].parent;
        }
        scope
    }

    /// `global name`.
    pub(crate) fn declare_global(&mut self, scope: usize, name: Name) {
        self.list[scope].globals.insert(name);
    }

    /// Whether an assignment in this scope reaches the module's top.
    pub(crate) fn is_global(&self, scope: usize, name: &str) -> bool {
        self.list[scope].kind == ScopeKind::Module || self.list[scope].globals.contains(name)
    }

    /// Give a local name a meaning; a second one makes it plain.
    pub(crate) fn bind(&mut self, scope: usize, name: Name, bound: Bound) {
        let names = &mut self.list[scope].names;
        names
            .entry(name)
            .and_modify(|known| *known = Bound::Plain)
            .or_insert(bound);
    }

    /// What a name means, seen from a scope.
    pub(crate) fn resolve(&self, mut scope: usize, name: &str) -> Root {
        let mut is_inside = true;
        loop {
            let here = &self.list[scope];
            if here.kind == ScopeKind::Module || here.globals.contains(name) {
                return Root::Global;
            }
            if here.kind != ScopeKind::Class || is_inside {
                match here.names.get(name) {
                    Some(Bound::One(binding)) => return Root::Local(*binding),
                    Some(Bound::Receiver(class)) => return Root::Receiver(*class),
                    Some(Bound::Plain) => return Root::Unknown,
                    None => {}
                }
            }
            is_inside &= here.kind == ScopeKind::Block;
            scope = here.parent;
        }
    }
}
