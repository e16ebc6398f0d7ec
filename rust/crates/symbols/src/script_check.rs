//! Checks that only scripts need.

use crate::check::{Checker, chain};
use crate::facts::Root;
use crate::link::Meaning;
use crate::modules::Where;

/// Re-exports of names that the other file does not have, and names that the base's file defined and this one does not.
pub(crate) fn exports(checker: &mut Checker<'_>) {
    let facts = checker.module.facts.clone();
    for export in &facts.exports {
        let (Some(from), Some(local)) = (&export.from, &export.local) else {
            continue;
        };
        let place = checker.world.index.script_module(&checker.module.path, from);
        if &**local == "*" || !matches!(checker.world.in_module(&place, local, 0), Meaning::Missing) {
            continue;
        }
        if let Where::Modules(modules) = &place {
            let message = format!(
                "'{}' exports no name '{local}'{}",
                modules[0].path,
                checker.evidence.of_missing(checker.world, modules, local)
            );
            checker.report("missing-name", export.place, local, message);
        }
    }
    for found in &facts.uses {
        let is_free = found.target == Root::Global && facts.global(&found.root).is_empty();
        if is_free && checker.evidence.had(&checker.module, &found.root) {
            let message = format!(
                "the name '{}' is not defined{}",
                found.root,
                checker.evidence.of_undefined(&checker.module, &found.root)
            );
            checker.report("undefined-name", found.place, &chain(found), message);
        }
    }
}
