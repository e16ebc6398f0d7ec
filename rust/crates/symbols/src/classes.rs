//! Classes with all that they inherit, where every base is known.

use std::collections::{HashMap, HashSet};

use crate::facts::{Class, Kind, Making, Name, Parameter, ParameterKind, Root, Signature, Use};
use crate::link::{Meaning, Target, World};
use crate::modules::{Module, Where};

/// Bases without attributes of their own that matter.
const EMPTY_BASES: [&str; 4] = ["object", "Generic", "Protocol", "ABC"];

/// Modules that have them. A class of the same name from elsewhere is another one.
const EMPTY_HOMES: [&str; 3] = ["typing", "typing_extensions", "abc"];

const MAX_DEPTH: usize = 30;

/// Classes with their orders of lookup, where they have one.
type Orders = HashMap<(Name, u32), Option<Vec<ClassRef>>>;

/// A class and its place.
#[derive(Clone)]
pub(crate) struct ClassRef {
    pub module: Module,
    pub class: u32,
}

impl ClassRef {
    pub fn get(&self) -> &Class {
        &self.module.facts.classes[self.class as usize]
    }

    /// The name under which it is defined.
    pub fn name(&self) -> &Name {
        &self.module.facts.bindings[self.get().binding as usize].name
    }

    fn key(&self) -> (Name, u32) {
        (self.module.path.clone(), self.class)
    }
}

/// A class with its bases, nearest first.
pub(crate) struct Lineage {
    pub classes: Vec<ClassRef>,
    /// Every base was found.
    pub is_whole: bool,
    /// Somewhere a class of such a name gets attributes by computed names.
    is_opened: bool,
}

impl World<'_> {
    /// A class and everything it derives from.
    pub fn lineage(&self, class: &ClassRef) -> Lineage {
        let mut lineage = Lineage {
            classes: Vec::new(),
            is_whole: true,
            is_opened: false,
        };
        let mut seen = HashSet::new();
        self.descend(class, &mut lineage, &mut seen, 0);
        if lineage.is_whole && lineage.classes.iter().any(|one| one.get().bases.len() > 1) {
            match self.ordered(class, &mut HashMap::new()) {
                Some(classes) => lineage.classes = classes,
                None => lineage.is_whole = false,
            }
        }
        lineage.is_opened = lineage.classes.iter().any(|one| self.opened.contains(one.name()));
        lineage
    }

    /// The classes of a whole lineage in the order in which Python looks into them (C3, as `type.mro` documents it);
    /// None when there is no such order.
    fn ordered(&self, class: &ClassRef, known: &mut Orders) -> Option<Vec<ClassRef>> {
        if let Some(found) = known.get(&class.key()) {
            return found.clone();
        }
        known.insert(class.key(), None); // A class that derives from itself has no order.
        let bases = class
            .get()
            .bases
            .iter()
            .filter_map(|base| match self.base(&class.module, base) {
                Base::Class(found) => Some(found),
                Base::Empty | Base::Unknown => None,
            });
        let bases: Vec<ClassRef> = bases.collect();
        let mut lists = Vec::new();
        for base in &bases {
            lists.push(self.ordered(base, known)?);
        }
        lists.push(bases);
        let mut order = vec![class.clone()];
        while lists.iter().any(|list| !list.is_empty()) {
            let is_free = |one: &ClassRef| {
                let is_later =
                    |list: &Vec<ClassRef>| list.iter().skip(1).any(|other| other.key() == one.key());
                !lists.iter().any(is_later)
            };
            let heads = lists.iter().filter_map(|list| list.first());
            let next = heads.into_iter().find(|head| is_free(head))?.clone();
            for list in &mut lists {
                list.retain(|one| one.key() != next.key());
            }
            order.push(next);
        }
        known.insert(class.key(), Some(order.clone()));
        Some(order)
    }

    fn descend(
        &self,
        class: &ClassRef,
        lineage: &mut Lineage,
        seen: &mut HashSet<(Name, u32)>,
        depth: usize,
    ) {
        if depth > MAX_DEPTH || !seen.insert(class.key()) {
            lineage.is_whole &= depth <= MAX_DEPTH;
            return;
        }
        lineage.classes.push(class.clone());
        for base in &class.get().bases {
            match self.base(&class.module, base) {
                Base::Empty => {}
                Base::Class(found) => self.descend(&found, lineage, seen, depth + 1),
                Base::Unknown => lineage.is_whole = false,
            }
        }
    }

    fn base(&self, module: &Module, base: &Use) -> Base {
        let last = base.attributes.last().unwrap_or(&base.root);
        match self.resolve(module, base) {
            Meaning::Defined(targets) => match &targets[..] {
                [target] => class_of(target).map_or(Base::Unknown, Base::Class),
                _ => Base::Unknown,
            },
            Meaning::Unknown if EMPTY_BASES.contains(&&**last) && !self.is_from_elsewhere(module, base) => {
                Base::Empty
            }
            _ => Base::Unknown,
        }
    }

    /// Whether the root of a chain is imported from a module of others that is none of the empty bases' homes.
    fn is_from_elsewhere(&self, module: &Module, base: &Use) -> bool {
        let own = match base.target {
            Root::Local(binding) => vec![binding],
            Root::Global => module.facts.global(&base.root).to_vec(),
            Root::Unknown | Root::Receiver(_) => Vec::new(),
        };
        own.iter().any(|binding| {
            let Kind::Import(import) = &module.facts.bindings[*binding as usize].kind else {
                return false;
            };
            let is_ours = || match self.index.python_module(module, import) {
                Where::Modules(found) => found.iter().all(|module| module.is_ours),
                Where::Namespace(_) => true,
                Where::Unknown => false,
            };
            import.level == 0 && !EMPTY_HOMES.contains(&&*import.module) && !is_ours()
        })
    }

    /// What a whole chain means: modules and classes are walked through.
    pub fn resolve(&self, module: &Module, found: &Use) -> Meaning {
        self.walk(module, found, &found.attributes)
    }

    /// The class on which the last attribute of a use is looked up, when it is a class or an instance in a method.
    pub fn class_before(&self, module: &Module, found: &Use) -> Option<ClassRef> {
        if let Root::Receiver(class) = found.target {
            let is_direct = found.attributes.len() == 1;
            return is_direct.then(|| ClassRef {
                module: module.clone(),
                class,
            });
        }
        let (_, before) = found.attributes.split_last()?;
        match self.walk(module, found, before) {
            Meaning::Defined(targets) => match &targets[..] {
                [target] => class_of(target),
                _ => None,
            },
            _ => None,
        }
    }
}

fn class_of(target: &Target) -> Option<ClassRef> {
    target.class().map(|class| ClassRef {
        module: target.module.clone(),
        class,
    })
}

enum Base {
    Empty,
    Class(ClassRef),
    Unknown,
}

impl Lineage {
    /// The definitions of a member in the nearest class that has it.
    pub fn member(&self, name: &str) -> Option<(&ClassRef, &[u32])> {
        self.classes
            .iter()
            .find_map(|class| class.get().members.get(name).map(|found| (class, &found[..])))
    }

    /// Whether attributes are known: no base is missing, and no class makes attributes in other ways.
    pub fn is_closed(&self) -> bool {
        self.is_whole && !self.is_opened && self.classes.iter().all(|class| !class.get().is_open)
    }

    /// Whether an instance has an attribute, by what is written.
    pub fn has(&self, name: &str) -> bool {
        self.classes
            .iter()
            .any(|class| class.get().members.contains_key(name) || class.get().attributes.contains(name))
    }

    /// What the class is called with, the instance left out; None when that is not certain.
    pub fn constructor(&self) -> Option<Vec<(Module, Signature)>> {
        if self.classes.iter().any(|class| {
            class.get().making == Making::Opaque || class.get().has_any(&["__new__", "__init_subclass__"])
        }) {
            return None;
        }
        let own = self.classes.first()?;
        if let Making::Fields(_) = own.get().making {
            return self
                .fields_signature()
                .map(|found| vec![(own.module.clone(), found)]);
        }
        if !self.is_whole {
            return None;
        }
        let (class, found) = self.member("__init__")?;
        let is_before = |other: &ClassRef| other.key() == class.key();
        let nearer = self.classes.iter().take_while(|other| !is_before(other));
        if nearer
            .into_iter()
            .any(|other| matches!(other.get().making, Making::Fields(_)))
        {
            return None;
        }
        let signatures: Vec<_> = found
            .iter()
            .filter_map(
                |binding| match &class.module.facts.bindings[*binding as usize].kind {
                    Kind::Function(signature) if !signature.is_opaque => {
                        Some((class.module.clone(), without_receiver(signature)?))
                    }
                    _ => None,
                },
            )
            .collect();
        (signatures.len() == found.len()).then_some(signatures)
    }

    fn fields_signature(&self) -> Option<Signature> {
        let is_tuple = self
            .classes
            .first()?
            .get()
            .bases
            .iter()
            .any(|base| &**base.attributes.last().unwrap_or(&base.root) == "NamedTuple");
        if !is_tuple && !self.is_whole {
            return None;
        }
        let mut parameters: Vec<Parameter> = Vec::new();
        for class in self.classes.iter().rev() {
            let Making::Fields(fields) = &class.get().making else {
                if class.get().members.contains_key("__init__") {
                    return None;
                }
                continue;
            };
            for field in fields {
                let kind = if field.is_keyword {
                    ParameterKind::Keyword
                } else {
                    ParameterKind::Normal
                };
                let parameter = Parameter {
                    name: field.name.clone(),
                    kind,
                    is_optional: field.is_optional,
                };
                match parameters.iter_mut().find(|known| known.name == field.name) {
                    Some(known) => *known = parameter,
                    None => parameters.push(parameter),
                }
            }
        }
        let shown = |one: &Parameter| {
            if one.is_optional {
                format!("{}=…", one.name)
            } else {
                one.name.to_string()
            }
        };
        let text = parameters.iter().map(shown).collect::<Vec<_>>().join(", ");
        Some(Signature {
            parameters,
            text: format!("({text})"),
            ..Signature::default()
        })
    }
}

/// A method's shape without its first parameter; None when it takes it by `*args`.
pub(crate) fn without_receiver(signature: &Signature) -> Option<Signature> {
    let first = signature.parameters.first()?;
    if !matches!(first.kind, ParameterKind::Normal | ParameterKind::Positional) {
        return None;
    }
    let mut bound = signature.clone();
    bound.parameters.remove(0);
    Some(bound)
}
