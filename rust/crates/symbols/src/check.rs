//! What does not fit between the files of a tree.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::arguments::misfit;
use crate::classes::{ClassRef, Lineage, without_receiver};
use crate::evidence::{Evidence, shown};
use crate::facts::{Binding, Family, Kind, Name, Place, Receiver, Root, Signature, Use};
use crate::index::SymbolIndex;
use crate::link::{Meaning, Target, World};
use crate::modules::{Module, Where};
use crate::{builtins, pool, script_check};

/// More findings are not kept.
pub const MAX_FINDINGS: usize = 10_000;

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncFinding {
    /// `missing-name`, `missing-attribute`, `undefined-name`, `wrong-arguments`, `duplicate-definition`.
    pub rule: &'static str,
    /// The file it is in.
    pub path: String,
    /// Where.
    pub place: Place,
    /// What is wrong, the evidence, the nearest right name.
    pub message: String,
    /// The name or chain that is wrong.
    pub text: String,
    /// It refuses a change.
    pub is_error: bool,
}

/// Everything in the tree that does not fit, ordered by path and place. `base` is the tree before a change: what it had
/// is named as evidence, and only against it are removed names of scripts and duplicates known.
pub fn check(index: &SymbolIndex, base: Option<&SymbolIndex>) -> Vec<SyncFinding> {
    pool::run(|| {
        let world = World::new(index);
        let evidence = Evidence::new(index, base);
        let per_file = index.files.par_iter().map(|file| {
            let Some(module) = index.module_at(&file.path) else {
                return Vec::new();
            };
            if module.facts.is_broken {
                return Vec::new();
            }
            let mut checker = Checker::new(&world, &evidence, module);
            checker.file();
            checker.found
        });
        let mut found: Vec<SyncFinding> = per_file.flatten().collect();
        found.extend(crate::duplicates::duplicates(&world, base));
        found.sort_by(|left, right| (&left.path, left.place).cmp(&(&right.path, right.place)));
        found.truncate(MAX_FINDINGS);
        found
    })
}

/// The check of one file.
pub(crate) struct Checker<'w> {
    pub world: &'w World<'w>,
    pub evidence: &'w Evidence<'w>,
    pub module: Module,
    pub found: Vec<SyncFinding>,
    roots: HashMap<Name, Meaning>,
    lineages: HashMap<u32, Lineage>,
}

impl<'w> Checker<'w> {
    fn new(world: &'w World<'w>, evidence: &'w Evidence<'w>, module: Module) -> Self {
        Self {
            world,
            evidence,
            module,
            found: Vec::new(),
            roots: HashMap::new(),
            lineages: HashMap::new(),
        }
    }

    fn file(&mut self) {
        let facts = self.module.facts.clone();
        if facts.family == Family::TypeScript && self.module.path.contains(".d.") {
            return; // Written by a compiler, often with the internal parts left out.
        }
        if self.module.path.ends_with(".pyi") {
            return; // Never run: a name that is wrong there means any type.
        }
        for binding in &facts.bindings {
            if let Kind::Import(import) = &binding.kind
                && !binding.guards.import
                && !binding.guards.any
                && let Some(name) = &import.name
            {
                self.imported(binding, import, name);
            }
        }
        if facts.family != Family::Python {
            script_check::exports(self);
        }
        for found in &facts.uses {
            if !found.guards.any {
                self.used(found);
            }
        }
    }

    pub(crate) fn report(&mut self, rule: &'static str, place: Place, text: &str, message: String) {
        self.found.push(SyncFinding {
            rule,
            path: self.module.path.to_string(),
            place,
            message,
            text: text.to_owned(),
            is_error: true,
        });
    }

    fn imported(&mut self, binding: &Binding, import: &crate::facts::ImportRef, name: &Name) {
        let place = if self.module.facts.family == Family::Python {
            self.world.index.python_module(&self.module, import)
        } else {
            self.world.script_place(&self.module, import)
        };
        if let Where::Namespace(folder) = &place {
            let is_there = self.world.index.has_module(&crate::index::join(folder, name));
            if !is_there && import.level > 0 {
                let message = format!("the folder '{folder}' has no module '{name}'");
                self.report("missing-name", binding.place, name, message);
            }
            return;
        }
        let Where::Modules(modules) = &place else {
            return;
        };
        // What a named import takes from CommonJS is the loader's business.
        if !import.is_required && modules.iter().any(|module| module.facts.required.is_some()) {
            return;
        }
        let is_missing = matches!(self.world.import(&self.module, import, 0), Meaning::Missing);
        let is_theirs = modules.iter().any(|module| !module.is_ours);
        if is_theirs
            && (binding.guards.branch || name.starts_with('_') || builtins::is_of_other_versions(name))
        {
            return; // Private names come and go.
        }
        // The import that is wrong is reported where it stands: a re-export of it is not wrong too.
        if !is_missing || !matches!(Self::written(modules, name), Written::Nowhere) {
            return;
        }
        let message = format!(
            "'{}' defines no name '{name}'{}",
            modules[0].path,
            self.evidence.of_missing(self.world, modules, name)
        );
        self.report("missing-name", binding.place, name, message);
    }

    /// Whether a module itself binds a name, whatever that leads to.
    fn written(modules: &[Module], name: &str) -> Written {
        let has = |module: &Module| match module.facts.family {
            Family::Python => !module.facts.global(name).is_empty(),
            _ => module.facts.exports.iter().any(|export| &*export.name == name),
        };
        if modules.iter().any(has) {
            Written::Here
        } else {
            Written::Nowhere
        }
    }

    fn root(&mut self, found: &Use) -> Meaning {
        if found.target != Root::Global {
            return self.world.root(&self.module, found);
        }
        if let Some(known) = self.roots.get(&found.root) {
            return known.clone();
        }
        let meaning = self.world.root(&self.module, found);
        self.roots.insert(found.root.clone(), meaning.clone());
        meaning
    }

    fn used(&mut self, found: &Use) {
        if let Root::Receiver(class) = found.target {
            return self.received(found, class);
        }
        let mut meaning = self.root(found);
        if matches!(meaning, Meaning::Missing) {
            let is_bound = !self.module.facts.global(&found.root).is_empty();
            if found.target == Root::Global && !is_bound && !self.world.builtin.contains(&found.root) {
                let message = format!(
                    "the name '{}' is not defined{}",
                    found.root,
                    self.evidence.of_undefined(&self.module, &found.root)
                );
                self.report("undefined-name", found.place, &found.root, message);
            }
            return;
        }
        for (at, attribute) in found.attributes.iter().enumerate() {
            match meaning {
                Meaning::Module(Where::Modules(modules)) => {
                    let place = Where::Modules(modules.clone());
                    meaning = self.world.in_module(&place, attribute, 0);
                    if matches!(meaning, Meaning::Missing) {
                        if matches!(Self::written(&modules, attribute), Written::Nowhere) {
                            self.missing_attribute(found, &modules, attribute);
                        }
                        return;
                    }
                }
                Meaning::Module(place) => meaning = self.world.in_module(&place, attribute, 0),
                Meaning::Defined(targets) => {
                    if let [target] = &targets[..]
                        && let Some(class) = target.class()
                    {
                        let class = ClassRef {
                            module: target.module.clone(),
                            class,
                        };
                        self.of_class(found, &class, at);
                    }
                    return;
                }
                _ => return,
            }
        }
        if let (Meaning::Defined(targets), Some(_)) = (meaning, &found.call) {
            self.called(found, &targets);
        }
    }

    fn missing_attribute(&mut self, found: &Use, modules: &[Module], attribute: &Name) {
        let is_theirs = modules.iter().any(|module| !module.is_ours);
        let is_fleeting =
            found.guards.branch || attribute.starts_with('_') || builtins::is_of_other_versions(attribute);
        if self.is_excused(attribute) || (is_theirs && is_fleeting) {
            return;
        }
        let message = format!(
            "'{}' defines no name '{attribute}'{}",
            modules[0].path,
            self.evidence.of_missing(self.world, modules, attribute)
        );
        self.report("missing-attribute", found.place, &chain(found), message);
    }

    /// Attributes that are asked for elsewhere in the file, or that every object or test case may have.
    fn is_excused(&self, attribute: &str) -> bool {
        self.module.facts.probed.contains(attribute)
            || attribute.starts_with("assert")
            || (attribute.starts_with("__") && attribute.ends_with("__"))
    }

    // Calls.

    fn called(&mut self, found: &Use, targets: &[Target]) {
        let mut shapes: Vec<(Module, Place, Signature)> = Vec::new();
        for target in targets {
            let binding = &target.module.facts.bindings[target.binding as usize];
            if target.module.facts.is_rewritten() {
                return; // The definition may have been put aside for another one.
            }
            match &binding.kind {
                Kind::Function(signature) if !signature.is_opaque && binding.class.is_none() => {
                    shapes.push((target.module.clone(), binding.place, (**signature).clone()));
                }
                Kind::Class(class) => {
                    let class = ClassRef {
                        module: target.module.clone(),
                        class: *class,
                    };
                    let Some(found) = self.world.lineage(&class).constructor() else {
                        return;
                    };
                    shapes.extend(
                        found
                            .into_iter()
                            .map(|(module, shape)| (module, binding.place, shape)),
                    );
                }
                _ => return,
            }
        }
        self.fits(found, &shapes);
    }

    /// Report a call that fits none of the shapes.
    fn fits(&mut self, found: &Use, shapes: &[(Module, Place, Signature)]) {
        let Some(call) = &found.call else { return };
        let family = self.module.facts.family;
        if family == Family::JavaScript
            || shapes
                .iter()
                .any(|(module, ..)| module.facts.family == Family::JavaScript)
        {
            return; // Scripts may be called with any number of arguments.
        }
        let mut reason = None;
        for (module, place, shape) in shapes {
            match misfit(family, call, shape) {
                None => return,
                Some(why) => reason = Some((why, module, place, shape)),
            }
        }
        let Some((why, module, place, shape)) = reason else {
            return;
        };
        let text = chain(found);
        let message = format!(
            "the call of '{text}' does not fit: {why} ({} at {}:{}){}",
            shown(&text, shape),
            module.path,
            place.start_line + 1,
            self.evidence.of_shape(module, *place, shape)
        );
        self.report("wrong-arguments", found.place, &text, message);
    }

    // Classes.

    fn of_class(&mut self, found: &Use, class: &ClassRef, at: usize) {
        let attribute = &found.attributes[at];
        let lineage = self.world.lineage(class);
        let is_last = at + 1 == found.attributes.len();
        if lineage.has(attribute) {
            if is_last && found.call.is_some() && lineage.is_whole {
                self.method(found, &lineage, attribute, false);
            }
            return;
        }
        let excused = self.is_excused(attribute)
            || matches!(&**attribute, "mro" | "register")
            || self.world.stored_attributes.contains(attribute);
        if !excused && lineage.is_closed() {
            self.no_attribute(found, class, &lineage, attribute);
        }
    }

    fn received(&mut self, found: &Use, class: u32) {
        let Some(attribute) = found.attributes.first() else {
            return;
        };
        let class = ClassRef {
            module: self.module.clone(),
            class,
        };
        let lineage = match self.lineages.remove(&class.class) {
            Some(known) => known,
            None => self.world.lineage(&class),
        };
        let is_alone = found.attributes.len() == 1;
        if lineage.has(attribute) {
            let is_final = is_alone && !self.world.is_overridden(&class, attribute);
            if is_final && found.call.is_some() && lineage.is_whole {
                self.method(found, &lineage, attribute, true);
            }
        } else if lineage.is_closed()
            && !self.is_excused(attribute)
            && !self.world.stored_attributes.contains(attribute)
            && !self.world.may_inherit(&class, attribute)
            && !self.is_part(&class, &lineage, attribute)
        {
            self.no_attribute(found, &class, &lineage, attribute);
        }
        self.lineages.insert(class.class, lineage);
    }

    /// Whether a class derives from nothing and nobody makes one of it: it may be mixed into classes that have the rest.
    /// What the base's class had is missing all the same.
    fn is_part(&self, class: &ClassRef, lineage: &Lineage, attribute: &str) -> bool {
        let is_made = || self.world.called.contains(class.name());
        lineage.classes.len() == 1 && !is_made() && self.evidence.of_member(class, attribute).is_empty()
    }

    fn no_attribute(&mut self, found: &Use, class: &ClassRef, lineage: &Lineage, attribute: &Name) {
        let name = &class.module.facts.bindings[class.get().binding as usize].name;
        let known = lineage
            .classes
            .iter()
            .flat_map(|class| class.get().members.keys().chain(&class.get().attributes));
        let hint = crate::nearest::did_you_mean(attribute, known.map(|name| &**name));
        let removed = self.evidence.of_member(class, attribute);
        let message = format!(
            "the class '{name}' ({}) has no attribute '{attribute}'{removed}{hint}",
            class.module.path
        );
        self.report("missing-attribute", found.place, &chain(found), message);
    }

    fn method(&mut self, found: &Use, lineage: &Lineage, name: &str, is_received: bool) {
        let Some((class, bindings)) = lineage.member(name) else {
            return;
        };
        if lineage
            .classes
            .iter()
            .any(|class| class.get().attributes.contains(name))
            || self.world.stored_attributes.contains(name)
        {
            return;
        }
        let is_instance = is_received && &*found.root == "self";
        let mut shapes = Vec::new();
        for binding in bindings {
            let binding = &class.module.facts.bindings[*binding as usize];
            let Kind::Function(signature) = &binding.kind else {
                return;
            };
            if signature.is_opaque {
                return;
            }
            let shape = match signature.receiver {
                Receiver::Static => Some((**signature).clone()),
                Receiver::Class => without_receiver(signature),
                Receiver::Instance if is_instance => without_receiver(signature),
                Receiver::Instance => None,
            };
            let Some(shape) = shape else { return };
            shapes.push((class.module.clone(), binding.place, shape));
        }
        self.fits(found, &shapes);
    }
}

enum Written {
    Here,
    Nowhere,
}

/// `a.b.c` of a use.
pub(crate) fn chain(found: &Use) -> String {
    let mut text = found.root.to_string();
    for attribute in &found.attributes {
        text.push('.');
        text.push_str(attribute);
    }
    text
}
