//! The examples of a rule, in the format of `ast-grep test`, and whether the rule holds on them.
//!
//! A test file has one document a rule: `id`, `valid` and `invalid` sources, and, what only this product reads, `fixed`:
//! what the fix makes of each invalid source, in the same order.

use std::sync::Arc;

use ast_grep_config::{CombinedScan, from_multiple};
use serde::Deserialize;
use syntax::Document;

use crate::error::RuleError;
use crate::finding::Finding;
use crate::fix::apply_fixes;
use crate::report::finding_of;
use crate::rule::CompiledRule;
use crate::rule_set::RuleSet;

#[derive(Deserialize)]
struct Examples {
    id: String,
    #[serde(default)]
    valid: Vec<String>,
    #[serde(default)]
    invalid: Vec<String>,
    #[serde(default)]
    fixed: Vec<String>,
}

/// One example and what the rule made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The rule.
    pub rule_id: String,
    /// The ast-grep name of the language.
    pub language: String,
    /// Whether the rule must be silent.
    pub is_valid: bool,
    /// The source.
    pub source: String,
    /// What the fix should make of it.
    pub expected: Option<String>,
    /// What the fix makes of it; None when there is nothing to fix.
    pub fixed: Option<String>,
    /// Why the rule does not hold here.
    pub problem: Option<String>,
}

/// Hold the rules of a set against the examples of a test file. The `files` and `ignores` of a rule are left out, for
/// examples have no path. An error when the file can't be read, or names a rule that the set does not have.
pub fn check_examples(set: &RuleSet, source_name: &str, yaml: &str) -> Result<Vec<Example>, RuleError> {
    let documents: Vec<Examples> =
        from_multiple(yaml).map_err(|error| RuleError::yaml(source_name, &error))?;
    let mut checked = Vec::new();
    for document in &documents {
        let is_meant = |rule: &&Arc<CompiledRule>| rule.config.id == document.id;
        let mut rules = set.rules_in_order().iter().filter(is_meant).peekable();
        if rules.peek().is_none() {
            let reason = format!(
                "there is no rule {:?} to hold against these examples",
                document.id
            );
            return Err(RuleError::new(source_name, reason).found_in(yaml));
        }
        if !document.fixed.is_empty() && document.fixed.len() != document.invalid.len() {
            let reason = format!(
                "{:?} has {} sources in `fixed` for {} in `invalid`; each needs its own",
                document.id,
                document.fixed.len(),
                document.invalid.len()
            );
            return Err(RuleError::new(source_name, reason).found_in(yaml));
        }
        for rule in rules {
            checked.extend(check_rule(rule, document)?);
        }
    }
    Ok(checked)
}

fn check_rule(rule: &CompiledRule, document: &Examples) -> Result<Vec<Example>, RuleError> {
    let mut checked = Vec::new();
    for source in &document.valid {
        let mut example = example_of(rule, source, true, None);
        let found = findings(rule, &parsed(rule, source)?);
        if let Some(first) = found.first() {
            example.problem = Some(format!("found in a valid example: {:?}", first.text));
        }
        checked.push(example);
    }
    for (number, source) in document.invalid.iter().enumerate() {
        let mut example = example_of(rule, source, false, document.fixed.get(number).cloned());
        let parse = parsed(rule, source)?;
        let found = findings(rule, &parse);
        example.fixed = fixed(source, &found)?;
        example.problem = problem_of(rule, &parse, &found, &example)?;
        checked.push(example);
    }
    Ok(checked)
}

fn problem_of(
    rule: &CompiledRule,
    parse: &Document,
    found: &[Finding],
    example: &Example,
) -> Result<Option<String>, RuleError> {
    if found.is_empty() {
        return Ok(Some("not found in an invalid example".to_owned()));
    }
    if example.expected.is_some() && example.expected != example.fixed {
        let is_missing = example.fixed.is_none();
        let text = if is_missing {
            "there is no fix"
        } else {
            "the fix makes something else"
        };
        return Ok(Some(text.to_owned()));
    }
    let Some(fixed) = &example.fixed else {
        return Ok(None);
    };
    let breaks =
        syntax::syntax_errors(parse).is_empty() && !syntax::syntax_errors(&parsed(rule, fixed)?).is_empty();
    Ok(breaks.then(|| "the fix breaks the syntax".to_owned()))
}

fn example_of(rule: &CompiledRule, source: &str, is_valid: bool, expected: Option<String>) -> Example {
    Example {
        rule_id: rule.config.id.clone(),
        language: rule.config.language.to_string(),
        is_valid,
        source: source.to_owned(),
        expected,
        fixed: None,
        problem: None,
    }
}

fn parsed(rule: &CompiledRule, source: &str) -> Result<Document, RuleError> {
    syntax::parse(source, rule.config.language)
        .map_err(|reason| RuleError::new(&rule.source_name, format!("an example can't be parsed: {reason}")))
}

fn findings(rule: &CompiledRule, document: &Document) -> Vec<Finding> {
    let path: Arc<str> = "example".into();
    let scan = CombinedScan::new(vec![&rule.config]);
    let matches = scan.scan(document, false).matches;
    let mut found: Vec<_> = matches
        .iter()
        .flat_map(|(_, matches)| matches.iter().map(|matched| finding_of(&path, rule, matched)))
        .collect();
    found.sort_by(Finding::order);
    found
}

fn fixed(source: &str, found: &[Finding]) -> Result<Option<String>, RuleError> {
    if found.iter().all(|finding| finding.replacement.is_none()) {
        return Ok(None);
    }
    let outcome = apply_fixes(source.as_bytes(), found)
        .map_err(|error| RuleError::new("example", error.to_string()))?;
    Ok(Some(String::from_utf8_lossy(&outcome.source).into_owned()))
}
