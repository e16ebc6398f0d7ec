//! Questions to the index: what is defined, where, and who uses it.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::check::chain;
use crate::facts::{Binding, FileFacts, Kind, Place, Root, Use};
use crate::index::{IndexedFile, SymbolIndex};
use crate::link::{Meaning, Target, World};
use crate::modules::{Module, Where};
use crate::pool;

/// A definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// `name`, or `Class.name` of a member.
    pub name: String,
    /// `function`, `class`, `method`, `variable`, `type` or `import`.
    pub kind: &'static str,
    /// The file.
    pub path: String,
    /// Where the name stands.
    pub place: Place,
    /// Of a function: `(a, *, b=1) -> int`; else empty.
    pub signature: String,
}

/// A use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The file.
    pub path: String,
    /// Where.
    pub place: Place,
    /// `call`, `read` or `import`.
    pub kind: &'static str,
    /// The chain as it is written: `core.add`.
    pub text: String,
    /// The function, method or class around it, "" at the module's top.
    pub owner: String,
    /// It surely means the definition; else only the name is the same.
    pub is_certain: bool,
}

impl SymbolIndex {
    /// The definitions of a file: its top and the members of its classes, in order.
    pub fn symbols(&self, path: &str) -> Vec<Definition> {
        let Some(file) = self.file(path) else {
            return Vec::new();
        };
        let shown = file
            .facts
            .bindings
            .iter()
            .filter(|one| one.is_global || one.class.is_some());
        let mut found: Vec<_> = shown.map(|binding| definition(file, binding)).collect();
        found.sort_by_key(|one| one.place);
        found
    }

    /// Where a name (`f`, `Class.method`) is defined, in one file or in all; imports are left out.
    pub fn definition(&self, name: &str, path: Option<&str>) -> Vec<Definition> {
        let files = self
            .files
            .iter()
            .filter(|file| path.is_none_or(|path| path == &*file.path));
        let found =
            files.flat_map(|file| defined(&file.facts, name).map(|(_, binding)| definition(file, binding)));
        found.collect()
    }

    /// Who uses a name, certain uses first. `path` says which file's definition is meant.
    pub fn references(&self, name: &str, path: Option<&str>) -> Vec<Reference> {
        pool::run(|| {
            let world = World::new(self);
            let wanted: BTreeSet<(String, u32)> = self
                .files
                .iter()
                .filter(|file| path.is_none_or(|path| path == &*file.path))
                .flat_map(|file| defined(&file.facts, name).map(|(index, _)| (file.path.to_string(), index)))
                .collect();
            let last = name.rsplit('.').next().unwrap_or(name);
            let per_file = self
                .files
                .par_iter()
                .flat_map_iter(|file| in_file(&world, file, last, &wanted));
            let mut found: Vec<Reference> = per_file.collect();
            found.sort_by(|left, right| {
                (!left.is_certain, &left.path, left.place).cmp(&(!right.is_certain, &right.path, right.place))
            });
            found
        })
    }

    /// Files whose imports lead to one of these files.
    pub fn dependents(&self, paths: &[String]) -> Vec<String> {
        pool::run(|| {
            let world = World::bare(self);
            let wanted: BTreeSet<&str> = paths.iter().map(String::as_str).collect();
            let leads = |module: &Module, place: &Where| match place {
                Where::Modules(found) => found
                    .iter()
                    .any(|one| one.path != module.path && wanted.contains(&*one.path)),
                _ => false,
            };
            let per_file = self.files.par_iter().filter(|file| {
                let Some(module) = self.module_at(&file.path) else {
                    return false;
                };
                let imports = file.facts.bindings.iter().filter_map(|binding| match &binding.kind {
                    Kind::Import(import) => Some(&**import),
                    _ => None,
                });
                imports.chain(&file.facts.stars).any(|import| {
                    leads(&module, &world.place_of(&module, import))
                        || matches!(world.import(&module, import, 0), Meaning::Module(place) if leads(&module, &place))
                })
            });
            per_file.map(|file| file.path.to_string()).collect()
        })
    }
}

/// The bindings that a name or a dotted member name means, imports left out.
fn defined<'f>(facts: &'f FileFacts, name: &'f str) -> impl Iterator<Item = (u32, &'f Binding)> {
    let (owner, last) = match name.rsplit_once('.') {
        Some((owner, last)) => (Some(owner.rsplit('.').next().unwrap_or(owner)), last),
        None => (None, name),
    };
    let all = facts.bindings.iter().enumerate();
    all.filter(move |(_, binding)| {
        let class = binding.class.map(|class| &facts.classes[class as usize]);
        let is_owned = match (owner, class) {
            (None, _) => binding.is_global || binding.class.is_some(),
            (Some(owner), Some(class)) => &*facts.bindings[class.binding as usize].name == owner,
            (Some(_), None) => false,
        };
        &*binding.name == last && is_owned && !matches!(binding.kind, Kind::Import(_))
    })
    .map(|(index, binding)| (index as u32, binding))
}

fn definition(file: &IndexedFile, binding: &Binding) -> Definition {
    let (kind, signature) = match &binding.kind {
        Kind::Function(signature) if binding.class.is_some() => ("method", signature.text.clone()),
        Kind::Function(signature) => ("function", signature.text.clone()),
        Kind::Class(_) => ("class", String::new()),
        Kind::Variable => ("variable", String::new()),
        Kind::Type => ("type", String::new()),
        Kind::Import(_) => ("import", String::new()),
    };
    Definition {
        name: qualified(&file.facts, binding),
        kind,
        path: file.path.to_string(),
        place: binding.place,
        signature,
    }
}

fn qualified(facts: &FileFacts, binding: &Binding) -> String {
    match binding.class {
        Some(class) => {
            let owner = &facts.bindings[facts.classes[class as usize].binding as usize];
            format!("{}.{}", owner.name, binding.name)
        }
        None => binding.name.to_string(),
    }
}

fn in_file(
    world: &World<'_>,
    file: &IndexedFile,
    last: &str,
    wanted: &BTreeSet<(String, u32)>,
) -> Vec<Reference> {
    let Some(module) = world.index.module_at(&file.path) else {
        return Vec::new();
    };
    let is_wanted = |meaning: Meaning| match meaning {
        Meaning::Defined(targets) => targets
            .iter()
            .any(|one: &Target| wanted.contains(&(one.module.path.to_string(), one.binding))),
        _ => false,
    };
    let mut found = Vec::new();
    for binding in &file.facts.bindings {
        if let Kind::Import(import) = &binding.kind
            && import.name.as_deref().is_some_and(|name| name == last)
        {
            found.push(Reference {
                path: file.path.to_string(),
                place: binding.place,
                kind: "import",
                text: binding.name.to_string(),
                owner: String::new(),
                is_certain: is_wanted(world.import(&module, import, 0)),
            });
        }
    }
    for used in &file.facts.uses {
        // An alias has another name than its definition, so the meaning of every root is asked for.
        let is_named = used.root.as_ref() == last || used.attributes.iter().any(|name| &**name == last);
        let is_alias = used.target == Root::Global && !is_named;
        if is_alias && !is_import(&file.facts, &used.root) {
            continue;
        }
        let is_certain =
            reaches(world, &module, used, last, wanted) || is_wanted(world.resolve(&module, used));
        if !is_named && !is_certain {
            continue;
        }
        found.push(Reference {
            path: file.path.to_string(),
            place: used.place,
            kind: if used.call.is_some() { "call" } else { "read" },
            text: chain(used),
            owner: used
                .owner
                .map(|owner| qualified(&file.facts, &file.facts.bindings[owner as usize]))
                .unwrap_or_default(),
            is_certain,
        });
    }
    found
}

fn is_import(facts: &FileFacts, name: &str) -> bool {
    facts
        .global(name)
        .iter()
        .any(|binding| matches!(facts.bindings[*binding as usize].kind, Kind::Import(_)))
}

/// Whether a use of a member goes through its class: `self.member`, `Class.member`.
fn reaches(
    world: &World<'_>,
    module: &Module,
    used: &Use,
    last: &str,
    wanted: &BTreeSet<(String, u32)>,
) -> bool {
    let (Some(member), Some(class)) = (used.attributes.last(), world.class_before(module, used)) else {
        return false;
    };
    if &**member != last {
        return false;
    }
    let lineage = world.lineage(&class);
    lineage.member(last).is_some_and(|(class, found)| {
        found
            .iter()
            .any(|binding| wanted.contains(&(class.module.path.to_string(), *binding)))
    })
}
