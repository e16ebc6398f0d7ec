//! What a rule as it is written tells of where it can match.

use ast_grep_config::{RuleConfig, SerializableRule};
use serde_value::Value;
use syntax::SupportLang;

use crate::need::{Need, Reader, Scope, Utils, bare};
use crate::reach::{Reach, Sight, Viewer, layout};

/// What a source, or a node, must contain for a rule of this file of rules to match.
pub(crate) fn need_of(
    config: &RuleConfig<SupportLang>,
    rule: &SerializableRule,
    global: Option<&Utils>,
    scope: Scope,
) -> Need {
    let Ok(rule) = serde_value::to_value(rule) else {
        return Need::Nothing;
    };
    let none = Utils::new();
    let reader = Reader {
        language: config.language,
        local: &local_utils(config),
        global: global.unwrap_or(&none),
        scope,
    };
    reader.rule(bare(&rule))
}

/// What a rule looks at beside the node that it matches.
pub(crate) fn sight_of(config: &RuleConfig<SupportLang>, global: Option<&Utils>) -> Sight {
    let whole = Sight {
        reach: Reach::File,
        is_beside: false,
        is_beyond: false,
    };
    let (Some(layout), Ok(rule)) = (layout(config.language), serde_value::to_value(&config.rule)) else {
        return whole;
    };
    if config.rewriters.is_some() {
        return whole; // rules of their own
    }
    let none = Utils::new();
    let viewer = Viewer {
        language: config.language,
        layout,
        local: &local_utils(config),
        global: global.unwrap_or(&none),
    };
    let mut sight = viewer.rule(bare(&rule));
    for constraint in config.constraints.iter().flatten() {
        let constraint = serde_value::to_value(constraint.1).unwrap_or(Value::Unit);
        sight = sight.and(viewer.captured(bare(&constraint)));
    }
    for relation in config.fix.as_ref().map(expansions).unwrap_or_default() {
        sight = sight.and(viewer.expansion(&relation));
    }
    sight
}

fn local_utils(config: &RuleConfig<SupportLang>) -> Utils {
    let utils = config.utils.iter().flatten();
    utils
        .filter_map(|(name, rule)| Some((name.clone(), serde_value::to_value(rule).ok()?)))
        .collect()
}

/// What the fixes of a rule are widened by.
fn expansions(fix: &impl serde::Serialize) -> Vec<Value> {
    let fixes = match serde_value::to_value(fix).as_ref().map(bare) {
        Ok(Value::Seq(fixes)) => fixes.clone(),
        Ok(fix) => vec![fix.clone()],
        Err(_) => return vec![Value::Unit], // not understood
    };
    let get = |fix: &Value, key: &str| match bare(fix) {
        Value::Map(entries) => entries.get(&Value::String(key.to_owned())).map(bare).cloned(),
        _ => None,
    };
    fixes
        .iter()
        .flat_map(|fix| [get(fix, "expandStart"), get(fix, "expandEnd")])
        .flatten()
        .collect()
}
