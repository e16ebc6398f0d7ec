//! The same public name added twice in one package.

use std::collections::BTreeMap;

use crate::check::SyncFinding;
use crate::evidence::described;
use crate::facts::{Binding, Kind, Listed};
use crate::index::{IndexedFile, SymbolIndex, split};
use crate::link::World;

/// Public functions and classes that two changed files of one folder both add. Informative, and an error when the
/// package's own module takes both under one name.
pub(crate) fn duplicates(world: &World<'_>, base: Option<&SymbolIndex>) -> Vec<SyncFinding> {
    let Some(base) = base else { return Vec::new() };
    let mut added: BTreeMap<(&str, &str), Vec<(&IndexedFile, &Binding)>> = BTreeMap::new();
    for file in &world.index.files {
        let before = base.file(&file.path);
        if before.is_some_and(|before| before.digest == file.digest) {
            continue;
        }
        for (name, bindings) in &file.facts.globals {
            let is_old = before.is_some_and(|before| before.facts.globals.contains_key(name));
            let first = bindings
                .first()
                .map(|binding| &file.facts.bindings[*binding as usize]);
            let Some(binding) = first.filter(|binding| is_definition(binding)) else {
                continue;
            };
            if !is_old && !name.starts_with('_') && is_shared(file, name) {
                let place = (split(&file.path).0, &**name);
                added.entry(place).or_default().push((file, binding));
            }
        }
    }
    added
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .flat_map(|((folder, name), places)| pair(world, folder, name, &places))
        .collect()
}

fn is_definition(binding: &Binding) -> bool {
    matches!(binding.kind, Kind::Function(_) | Kind::Class(_))
}

/// Tests repeat names by habit, stubs those of their modules, programs each have a `main`.
fn is_shared(file: &IndexedFile, name: &str) -> bool {
    let stem = split(&file.path).1;
    let is_stub = stem.rsplit('.').next() == Some("pyi") || stem.contains(".d.");
    let is_test = stem.starts_with("test_") || stem.contains(".test.") || stem.contains(".spec.");
    !is_test && !is_stub && name != "main" && !name.starts_with("test_")
}

fn pair(
    world: &World<'_>,
    folder: &str,
    name: &str,
    places: &[(&IndexedFile, &Binding)],
) -> Vec<SyncFinding> {
    let is_collision = collides(world, folder, name, places);
    let (first, first_binding) = places[0];
    let others = &places[1..];
    let report = |(file, binding): &(&IndexedFile, &Binding)| {
        let end = if is_collision {
            "both are taken into the package under this name: keep one"
        } else {
            "if they are the same, keep one"
        };
        SyncFinding {
            rule: "duplicate-definition",
            path: file.path.to_string(),
            place: binding.place,
            message: format!(
                "'{name}' is defined twice by this change: also {}; {end}",
                described(&first.path, first_binding)
            ),
            text: name.to_owned(),
            is_error: is_collision,
        }
    };
    others.iter().map(report).collect()
}

/// Whether the package's own module takes the name from two of the files.
fn collides(world: &World<'_>, folder: &str, name: &str, places: &[(&IndexedFile, &Binding)]) -> bool {
    let init = ["__init__.py", "index.ts", "index.js", "index.tsx"]
        .iter()
        .find_map(|file| world.index.module_at(&crate::index::join(folder, file)));
    let Some(init) = init else { return false };
    let takes = |file: &IndexedFile| {
        let is_file = |place: crate::modules::Where| match place {
            crate::modules::Where::Modules(found) => found.iter().any(|module| module.path == file.path),
            _ => false,
        };
        let by_star = init.facts.stars.iter().any(|star| {
            let is_listed = match &file.facts.listed {
                Listed::Names(names) => names.iter().any(|(listed, _)| &**listed == name),
                _ => true,
            };
            is_listed && is_file(world.place_of(&init, star))
        });
        let by_name = init.facts.global(name).iter().any(|binding| {
            match &init.facts.bindings[*binding as usize].kind {
                Kind::Import(import) => is_file(world.place_of(&init, import)),
                _ => false,
            }
        });
        by_star || by_name
    };
    places.iter().filter(|(file, _)| takes(file)).count() > 1
}
