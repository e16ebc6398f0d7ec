//! Every rule of the built-in pack against its own examples.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ast_grep_config::{CombinedScan, GlobalRules, from_multiple};
use serde::Deserialize;

use crate::builtin;
use crate::rule::CompiledRule;

/// ast-grep's test format, one document a rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    id: String,
    #[serde(default)]
    valid: Vec<String>,
    #[serde(default)]
    invalid: Vec<String>,
}

fn rule_files() -> Vec<PathBuf> {
    let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut folders = vec![pack];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "yml") && !name.ends_with("-test.yml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// What is wrong with one rule file and its examples.
fn check_file(file: &Path) -> Vec<String> {
    let name = file.display().to_string();
    let yaml = fs::read_to_string(file).unwrap();
    let rules = match CompiledRule::parse_all(&name, &yaml, &GlobalRules::default()) {
        Ok(rules) => rules,
        Err(error) => return vec![error.to_string()],
    };
    let tests = file.with_file_name(format!(
        "{}-test.yml",
        file.file_stem().unwrap().to_string_lossy()
    ));
    let Ok(yaml) = fs::read_to_string(&tests) else {
        return vec![format!("{name}: no examples")];
    };
    let examples: Vec<Examples> = match from_multiple(&yaml) {
        Ok(examples) => examples,
        Err(error) => return vec![format!("{}: {error}", tests.display())],
    };
    let mut problems = Vec::new();
    let by_id: BTreeMap<_, _> = rules.iter().map(|rule| (rule.config.id.as_str(), rule)).collect();
    let tested: BTreeSet<_> = examples.iter().map(|one| one.id.as_str()).collect();
    problems.extend(
        by_id
            .keys()
            .filter(|id| !tested.contains(*id))
            .map(|id| format!("{id}: no examples")),
    );
    for one in &examples {
        match by_id.get(one.id.as_str()) {
            None => problems.push(format!("{}: no rule {}", tests.display(), one.id)),
            Some(rule) => problems.extend(check_rule(rule, one)),
        }
    }
    problems
}

fn check_rule(rule: &CompiledRule, examples: &Examples) -> Vec<String> {
    let mut problems = Vec::new();
    if examples.valid.is_empty() || examples.invalid.is_empty() {
        problems.push(format!("{}: needs valid and invalid examples", examples.id));
    }
    let valid = examples.valid.iter().filter(|source| count(rule, source) > 0);
    problems.extend(valid.map(|source| format!("{}: found in valid {source:?}", examples.id)));
    for source in &examples.invalid {
        if count(rule, source) == 0 {
            problems.push(format!("{}: not found in invalid {source:?}", examples.id));
        } else if let Some(broken) = broken_by_fix(rule, source) {
            problems.push(format!("{}: the fix breaks the syntax: {broken:?}", examples.id));
        }
    }
    problems
}

/// The examples of a rule do not have paths: its `files` and `ignores` are left out.
fn count(rule: &CompiledRule, source: &str) -> usize {
    let document = syntax::parse(source, rule.config.language).unwrap();
    let scan = CombinedScan::new(vec![&rule.config]);
    scan.scan(&document, false)
        .matches
        .iter()
        .map(|(_, matches)| matches.len())
        .sum()
}

/// The fixed source, if it does not parse although the source did.
fn broken_by_fix(rule: &CompiledRule, source: &str) -> Option<String> {
    let fixer = rule.config.fixer.first()?;
    let document = syntax::parse(source, rule.config.language).unwrap();
    let root = document.root();
    let matched = root.find(&rule.config.matcher)?;
    let edit = matched.make_edit(&rule.config.matcher, fixer);
    let mut fixed = source.as_bytes().to_vec();
    fixed.splice(
        edit.position..edit.position + edit.deleted_length,
        edit.inserted_text,
    );
    let fixed = String::from_utf8(fixed).unwrap();
    let is_valid =
        |text: &str| syntax::syntax_errors(&syntax::parse(text, rule.config.language).unwrap()).is_empty();
    (is_valid(source) && !is_valid(&fixed)).then_some(fixed)
}

#[test]
fn every_rule_holds_on_its_examples() {
    let files = rule_files();
    assert!(!files.is_empty(), "the pack is empty");
    let problems: Vec<_> = files.iter().flat_map(|file| check_file(file)).collect();
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn the_pack_compiles_as_one_set() {
    let set = builtin().unwrap();
    assert!(!set.is_empty());
    assert_eq!(set.rules().len(), set.len());
}
