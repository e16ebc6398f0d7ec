//! What a finding tells beside what is wrong: what the base had, where a name is, the nearest right one.

use crate::classes::ClassRef;
use crate::facts::{Binding, Kind, Place, Signature};
use crate::index::SymbolIndex;
use crate::link::World;
use crate::modules::Module;
use crate::nearest::did_you_mean;

/// The tree and the one before it.
pub(crate) struct Evidence<'i> {
    index: &'i SymbolIndex,
    base: Option<&'i SymbolIndex>,
}

impl<'i> Evidence<'i> {
    pub fn new(index: &'i SymbolIndex, base: Option<&'i SymbolIndex>) -> Self {
        Self { index, base }
    }

    /// For a name that a module does not define.
    pub fn of_missing(&self, world: &World<'_>, modules: &[Module], name: &str) -> String {
        let removed = modules.iter().find_map(|module| self.removed(&module.path, name));
        let names =
            modules.iter().flat_map(|module| {
                let starred = module.facts.stars.iter().flat_map(|star| {
                    match world.index.python_module(module, star) {
                        crate::modules::Where::Modules(found) => found,
                        _ => Vec::new(),
                    }
                });
                let own = std::iter::once(module.clone());
                own.chain(starred)
                    .flat_map(|module| {
                        let exported = module.facts.exports.iter().map(|export| export.name.clone());
                        module
                            .facts
                            .globals
                            .keys()
                            .cloned()
                            .chain(exported)
                            .collect::<Vec<_>>()
                    })
                    .collect::<Vec<_>>()
            });
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        let hint = did_you_mean(name, names.iter().map(|name| &**name));
        let elsewhere = if hint.is_empty() {
            self.elsewhere(name)
        } else {
            String::new()
        };
        format!("{}{hint}{elsewhere}", removed.unwrap_or_default())
    }

    /// For a name that nothing binds.
    pub fn of_undefined(&self, module: &Module, name: &str) -> String {
        let removed = self.removed(&module.path, name).unwrap_or_default();
        let mut names: Vec<_> = module.facts.globals.keys().cloned().collect();
        names.sort_unstable();
        let hint = did_you_mean(name, names.iter().map(|name| &**name));
        let elsewhere = if hint.is_empty() {
            self.elsewhere(name)
        } else {
            String::new()
        };
        format!("{removed}{hint}{elsewhere}")
    }

    /// The one other file that defines a name at its top.
    fn elsewhere(&self, name: &str) -> String {
        let mut places = self.index.files.iter().flat_map(|file| {
            file.facts
                .global(name)
                .iter()
                .map(|binding| (&file.path, &file.facts.bindings[*binding as usize]))
                .filter(|(_, binding)| matches!(binding.kind, Kind::Function(_) | Kind::Class(_)))
        });
        match (places.next(), places.next()) {
            (Some((path, binding)), None) => {
                format!("; {path}:{} defines '{name}'", binding.place.start_line + 1)
            }
            _ => String::new(),
        }
    }

    /// Whether the base's file defined a name at its top.
    pub fn had(&self, module: &Module, name: &str) -> bool {
        let before = self.base.and_then(|base| base.file(&module.path));
        before.is_some_and(|before| before.facts.globals.contains_key(name))
    }

    fn removed(&self, path: &str, name: &str) -> Option<String> {
        let facts = &self.base?.file(path)?.facts;
        let binding = facts.bindings.get(*facts.global(name).first()? as usize)?;
        if self.index.file(path)?.facts.globals.contains_key(name) {
            return None;
        }
        Some(format!(
            "; the base has {}, which was removed",
            described(path, binding)
        ))
    }

    /// For an attribute that a class lost.
    pub fn of_member(&self, class: &ClassRef, name: &str) -> String {
        let found = || {
            let facts = &self.base?.file(&class.module.path)?.facts;
            let wanted = &class.module.facts.bindings[class.get().binding as usize].name;
            let before = facts
                .classes
                .iter()
                .find(|before| facts.bindings[before.binding as usize].name == *wanted)?;
            facts.bindings.get(*before.members.get(name)?.first()? as usize)
        };
        found().map_or(String::new(), |binding| {
            format!(
                "; the base has {}, which was removed",
                described(&class.module.path, binding)
            )
        })
    }

    /// For a shape that the base has otherwise.
    pub fn of_shape(&self, module: &Module, place: Place, shape: &Signature) -> String {
        let found = || {
            let now = module
                .facts
                .bindings
                .iter()
                .find(|binding| binding.place == place)?;
            let facts = &self.base?.file(&module.path)?.facts;
            let before = facts.bindings.iter().find(|before| {
                before.name == now.name
                    && matches!(&before.kind, Kind::Function(known) if known.text != shape.text)
                    && before.class.is_some() == now.class.is_some()
            })?;
            match &before.kind {
                Kind::Function(known) => Some(format!("; in the base it is {}", shown(&before.name, known))),
                _ => None,
            }
        };
        found().unwrap_or_default()
    }
}

/// `path:line` and what stands there.
pub(crate) fn described(path: &str, binding: &Binding) -> String {
    let what = match &binding.kind {
        Kind::Function(signature) => shown(&binding.name, signature),
        Kind::Class(_) => format!("the class '{}'", binding.name),
        _ => format!("'{}'", binding.name),
    };
    format!("{what} at {path}:{}", binding.place.start_line + 1)
}

/// A signature with its name.
pub(crate) fn shown(name: &str, signature: &Signature) -> String {
    format!("`{name}{}`", signature.text)
}
