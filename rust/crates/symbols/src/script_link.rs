//! From the imports and exports of scripts to the files that they mean.

use crate::facts::{Family, ImportRef};
use crate::index::{Alias, SymbolIndex, join, split};
use crate::link::{MAX_HOPS, Meaning, World, merge};
use crate::modules::{Module, Where};

const SUFFIXES: [&str; 9] = ["ts", "tsx", "d.ts", "js", "jsx", "mjs", "cjs", "mts", "cts"];

/// An import with the suffix of the output means the source.
const SOURCES: [(&str, &[&str]); 4] = [
    (".js", &["ts", "tsx", "d.ts"]),
    (".jsx", &["tsx"]),
    (".mjs", &["mts", "d.mts"]),
    (".cjs", &["cts", "d.cts"]),
];

impl World<'_> {
    /// The module behind an import, in any language.
    pub(crate) fn place_of(&self, module: &Module, import: &ImportRef) -> Where {
        if module.facts.family == Family::Python {
            self.index.python_module(module, import)
        } else {
            self.script_place(module, import)
        }
    }

    /// The file that a script's import names.
    pub(crate) fn script_place(&self, module: &Module, import: &ImportRef) -> Where {
        self.index.script_module(&module.path, &import.module)
    }

    pub(crate) fn script_import(&self, module: &Module, import: &ImportRef, hops: usize) -> Meaning {
        let place = self.script_place(module, import);
        match &import.name {
            None => Meaning::Module(place),
            Some(name) => self.in_module(&place, name, hops),
        }
    }

    /// A name of a script, seen from outside.
    pub(crate) fn exported(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        let facts = &module.facts;
        if hops > MAX_HOPS || facts.is_broken {
            return Meaning::Unknown;
        }
        let is_declared = module.path.contains(".d.") && !facts.global(name).is_empty();
        let is_required = facts
            .required
            .as_ref()
            .is_some_and(|names| name == "default" || names.iter().any(|known| &**known == name));
        if is_declared || is_required || self.stored.contains(&(module.path.clone(), name.into())) {
            return Meaning::Unknown;
        }
        let own = facts.exports.iter().filter(|export| &*export.name == name);
        let found: Vec<_> = own
            .map(|export| match (&export.from, &export.local) {
                (Some(from), Some(local)) if &**local == "*" => {
                    Meaning::Module(self.index.script_module(&module.path, from))
                }
                (Some(from), Some(local)) => {
                    self.in_module(&self.index.script_module(&module.path, from), local, hops + 1)
                }
                (None, Some(local)) => self.local(module, local, hops + 1),
                _ => Meaning::Unknown,
            })
            .collect();
        if !found.is_empty() {
            return match merge(found.into_iter()) {
                // It is exported; that what it leads to is gone is said there.
                Meaning::Missing => Meaning::Unknown,
                meaning => meaning,
            };
        }
        self.through_stars(module, name, hops)
    }

    fn local(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        let bindings = module.facts.global(name);
        if bindings.is_empty() {
            return Meaning::Unknown;
        }
        merge(
            bindings
                .iter()
                .map(|binding| self.binding(module, *binding, hops)),
        )
    }

    fn through_stars(&self, module: &Module, name: &str, hops: usize) -> Meaning {
        let mut is_unknown = module.facts.is_dynamic;
        let stars = module.facts.exports.iter().filter(|export| &*export.name == "*");
        for star in stars {
            let Some(from) = &star.from else { continue };
            let place = self.index.script_module(&module.path, from);
            if name == "default" {
                continue; // never part of `export *`
            }
            match self.in_module(&place, name, hops + 1) {
                Meaning::Missing => {}
                Meaning::Unknown => is_unknown = true,
                found => return found,
            }
        }
        if is_unknown {
            Meaning::Unknown
        } else {
            Meaning::Missing
        }
    }
}

impl SymbolIndex {
    pub(crate) fn script_module(&self, from: &str, specifier: &str) -> Where {
        let folder = split(from).0;
        if specifier.starts_with('.') {
            return match normalized(folder, specifier) {
                Some(target) if is_folder(specifier) => self.script_inside(&target),
                Some(target) => self.script_at(&target),
                None => Where::Unknown,
            };
        }
        let mut fitting: Vec<(&Alias, String)> = self
            .layout
            .aliases
            .iter()
            .filter(|alias| is_below(folder, &alias.folder))
            .filter_map(|alias| Some((alias, target(alias, specifier)?)))
            .collect();
        // The nearest configuration counts, and in it the longest pattern.
        fitting.sort_by_key(|(alias, _)| {
            (
                std::cmp::Reverse(alias.folder.len()),
                std::cmp::Reverse(alias.pattern.len()),
            )
        });
        let mut places = fitting.iter().map(|(_, target)| self.script_at(target));
        places
            .find(|place| !matches!(place, Where::Unknown))
            .unwrap_or(Where::Unknown)
    }

    /// The scripts at a path that may lack its suffix, or name a folder.
    fn script_at(&self, target: &str) -> Where {
        let sources = SOURCES.iter().find_map(|(suffix, sources)| {
            let stem = target.strip_suffix(suffix)?;
            Some(sources.iter().map(move |source| format!("{stem}.{source}")))
        });
        let beside = SUFFIXES.iter().map(|suffix| format!("{target}.{suffix}"));
        let exact = std::iter::once(target.to_owned()).chain(sources.into_iter().flatten());
        let found: Vec<_> = exact
            .chain(beside)
            .filter_map(|path| self.module_at(&path))
            .collect();
        if !found.is_empty() {
            return Where::Modules(found);
        }
        if self.has_path(target) {
            return Where::Unknown; // a file of another language
        }
        self.script_inside(target)
    }

    /// The `index` of a folder.
    fn script_inside(&self, target: &str) -> Where {
        if self.has_path(&join(target, "package.json")) {
            return Where::Unknown;
        }
        let inside = SUFFIXES
            .iter()
            .map(|suffix| join(target, &format!("index.{suffix}")));
        let found: Vec<_> = inside.filter_map(|path| self.module_at(&path)).collect();
        if found.is_empty() {
            Where::Unknown
        } else {
            Where::Modules(found)
        }
    }
}

/// Whether a specifier can only mean a folder.
fn is_folder(specifier: &str) -> bool {
    matches!(specifier.rsplit('/').next(), Some("" | "." | ".."))
}

fn is_below(folder: &str, above: &str) -> bool {
    above.is_empty()
        || folder == above
        || folder
            .strip_prefix(above)
            .is_some_and(|rest| rest.starts_with('/'))
}

fn target(alias: &Alias, specifier: &str) -> Option<String> {
    let Some((head, tail)) = alias.pattern.split_once('*') else {
        return (alias.pattern == specifier).then(|| alias.target.clone());
    };
    let middle = specifier.strip_prefix(head)?.strip_suffix(tail)?;
    Some(alias.target.replacen('*', middle, 1))
}

/// A relative specifier as a path below the root; None when it leads out of it.
fn normalized(folder: &str, specifier: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in specifier.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
