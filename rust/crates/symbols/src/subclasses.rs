//! Who derives from a class: an attribute of `self` may be a subclass's.

use std::collections::HashMap;

use crate::classes::ClassRef;
use crate::facts::Name;
use crate::link::{Meaning, World};

/// Direct subclasses by (path, class).
pub(crate) type Subclasses = HashMap<(Name, u32), Vec<ClassRef>>;

const MAX_SUBCLASSES: usize = 2_000;

impl World<'_> {
    pub(crate) fn find_subclasses(&self) -> Subclasses {
        let mut found = Subclasses::new();
        for file in &self.index.files {
            let Some(module) = self.index.module_at(&file.path) else {
                continue;
            };
            for (class, facts) in file.facts.classes.iter().enumerate() {
                for base in &facts.bases {
                    let Meaning::Defined(targets) = self.resolve(&module, base) else {
                        continue;
                    };
                    for target in targets {
                        if let Some(parent) = target.class() {
                            found
                                .entry((target.module.path.clone(), parent))
                                .or_default()
                                .push(ClassRef {
                                    module: module.clone(),
                                    class: class as u32,
                                });
                        }
                    }
                }
            }
        }
        found
    }

    /// All classes below a class; None when there are too many.
    fn below(&self, class: &ClassRef) -> Option<Vec<ClassRef>> {
        let mut found: Vec<ClassRef> = Vec::new();
        let mut open = vec![class.clone()];
        while let Some(next) = open.pop() {
            if found.len() > MAX_SUBCLASSES {
                return None;
            }
            let direct = self
                .subclasses
                .get(&(next.module.path.clone(), next.class))
                .map_or(&[][..], Vec::as_slice);
            for child in direct {
                let is_known = found
                    .iter()
                    .any(|one| one.class == child.class && one.module.path == child.module.path);
                if !is_known {
                    found.push(child.clone());
                    open.push(child.clone());
                }
            }
        }
        Some(found)
    }

    /// Whether a subclass has its own form of a member.
    pub(crate) fn is_overridden(&self, class: &ClassRef, name: &str) -> bool {
        self.below(class).is_none_or(|below| {
            below
                .iter()
                .any(|child| child.get().members.contains_key(name) || child.get().attributes.contains(name))
        })
    }

    /// Whether an instance may get an attribute from a subclass, or is one of an abstract class made to be mixed in.
    pub(crate) fn may_inherit(&self, class: &ClassRef, name: &str) -> bool {
        let own = &class.module.facts.bindings[class.get().binding as usize].name;
        if own.contains("Mixin")
            || own.contains("MixIn")
            || own.starts_with("Base")
            || own.starts_with("Abstract")
        {
            return true;
        }
        self.below(class).is_none_or(|below| {
            below.iter().any(|child| {
                let lineage = self.lineage(child);
                !lineage.is_closed() || lineage.has(name)
            })
        })
    }
}
