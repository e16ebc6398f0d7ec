//! Every rule of the built-in pack against its own examples.

use std::collections::{BTreeMap, BTreeSet};

use syntax::SupportLang;

use crate::reach::Reach;
use crate::rule::CompiledRule;
use crate::{FileReport, RuleSet, Watch, builtin, builtin_files, check_examples, lint_text};

/// What is wrong with one rule file and its examples.
fn check_file(name: &str, yaml: &str, tests: &BTreeMap<&str, &str>) -> Vec<String> {
    let set = match RuleSet::from_yaml(&[(name, yaml)]) {
        Ok(set) => set,
        Err(error) => return vec![error.to_string()],
    };
    let tests_name = name.replace(".yml", "-test.yml");
    let Some(tests) = tests.get(tests_name.as_str()) else {
        return vec![format!("{name}: no examples")];
    };
    let examples = match check_examples(&set, &tests_name, tests) {
        Ok(examples) => examples,
        Err(error) => return vec![error.to_string()],
    };
    let mut problems: Vec<_> = examples
        .iter()
        .filter_map(|one| {
            Some(format!(
                "{}: {}: {:?}",
                one.rule_id,
                one.problem.as_ref()?,
                one.source
            ))
        })
        .collect();
    for rule in set.rules_in_order() {
        problems.extend(check_metadata(rule));
        let of_rule: Vec<_> = examples
            .iter()
            .filter(|one| one.rule_id == *rule.rule_id)
            .collect();
        let count = |is_valid| of_rule.iter().filter(|one| one.is_valid == is_valid).count();
        if count(true) < 1 || count(false) < 1 {
            problems.push(format!("{}: needs valid and invalid examples", rule.rule_id));
        }
        if of_rule
            .iter()
            .any(|one| one.fixed.is_some() && one.expected.is_none())
        {
            problems.push(format!(
                "{}: a rule with a fix says what it makes, in `fixed`",
                rule.rule_id
            ));
        }
    }
    problems
}

fn check_metadata(rule: &CompiledRule) -> Vec<String> {
    let mut problems = Vec::new();
    if rule.note.is_none() {
        problems.push(format!("{}: no note", rule.rule_id));
    }
    if !rule
        .url
        .as_ref()
        .is_some_and(|url| url.starts_with("docs/rules/") && url.ends_with(".md"))
    {
        problems.push(format!("{}: `url` is not its page", rule.rule_id));
    }
    problems
}

#[test]
fn every_rule_holds_on_its_examples() {
    let (files, tests) = builtin_files();
    assert!(!files.is_empty(), "the pack is empty");
    let tests: BTreeMap<_, _> = tests.iter().copied().collect();
    let problems: Vec<_> = files
        .iter()
        .flat_map(|(name, yaml)| check_file(name, yaml, &tests))
        .collect();
    assert!(
        problems.is_empty(),
        "{} problems:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn every_test_file_has_a_rule_file() {
    let (files, tests) = builtin_files();
    let rules: BTreeSet<_> = files
        .iter()
        .map(|(name, _)| name.replace(".yml", "-test.yml"))
        .collect();
    let tests: BTreeSet<_> = tests.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rules, tests);
}

#[test]
fn an_edit_of_python_needs_no_look_at_the_whole_file() {
    let set = builtin().unwrap();
    let farther: Vec<_> = set
        .rules_in_order()
        .iter()
        .filter(|rule| rule.config.language == SupportLang::Python)
        .filter(|rule| rule.sight.reach == Reach::File)
        .map(|rule| (&rule.rule_id, rule.sight))
        .collect();
    assert!(farther.is_empty(), "{farther:#?}");
}

#[test]
fn what_is_found_at_a_statement_needs_only_those_beside_it() {
    let set = builtin().unwrap();
    let mut rules = set.rules_in_order().iter();
    assert_eq!(
        rules
            .find(|rule| !rule.is_told_by_neighbours())
            .map(|rule| &rule.rule_id),
        None
    );
}

#[test]
fn the_pack_compiles_as_one_set() {
    let set = builtin().unwrap();
    assert!(!set.is_empty());
    assert_eq!(set.rules().len(), set.len());
}

/// Examples are matched one rule at a time; files are not, and only there twins are looked for first.
#[test]
fn rules_with_twins_find_in_files_what_they_find_in_examples() {
    let (_, tests) = builtin_files();
    let set = builtin().unwrap();
    let with_twins: Vec<_> = set
        .rules_in_order()
        .iter()
        .filter(|rule| rule.twin_field.is_some())
        .collect();
    assert!(with_twins.len() >= 5);
    for (name, yaml) in tests {
        for one in check_examples(set, name, yaml).unwrap() {
            let Some(rule) = with_twins.iter().find(|rule| *rule.rule_id == one.rule_id) else {
                continue;
            };
            let path = match one.language.as_str() {
                "Python" => "a.py",
                "JavaScript" => "a.js",
                "TypeScript" => "a.ts",
                "Tsx" => "a.tsx",
                "Rust" => "a.rs",
                _ => "a.go",
            };
            let FileReport::Checked(found) = lint_text(set, path, one.source.as_bytes(), &Watch::default())
            else {
                panic!("{path} was not checked");
            };
            let is_found = found.iter().any(|finding| finding.rule_id == rule.rule_id);
            assert_eq!(is_found, !one.is_valid, "{}: {:?}", one.rule_id, one.source);
        }
    }
}

/// The same rule for JavaScript, TypeScript and TSX counts once.
#[test]
fn the_pack_is_as_large_as_it_says() {
    let ids: BTreeSet<_> = builtin()
        .unwrap()
        .rules()
        .into_iter()
        .map(|rule| rule.rule_id)
        .collect();
    let rules: BTreeSet<_> = ids
        .iter()
        .map(|id| id.replacen("tsx-", "js-", 1).replacen("ts-", "js-", 1))
        .collect();
    assert!(ids.len() >= 90, "{} ids", ids.len());
    assert!(rules.len() >= 80, "{} rules", rules.len());
}

mod examples {
    use super::*;

    const RULE: &str = "id: no-x\nlanguage: Python\nmessage: x\nrule: {pattern: x}\nfix: y\n";

    fn problems(tests: &str) -> Vec<Option<String>> {
        let set = RuleSet::from_yaml(&[("no-x.yml", RULE)]).unwrap();
        let examples = check_examples(&set, "no-x-test.yml", tests).unwrap();
        examples.into_iter().map(|one| one.problem).collect()
    }

    #[test]
    fn what_does_not_hold_is_said() {
        let found = problems("id: no-x\nvalid: [y, x]\ninvalid: [x, y, x]\nfixed: [y, y, z]\n");
        let texts: Vec<_> = found.iter().map(|one| one.as_deref().unwrap_or("")).collect();
        assert_eq!(
            texts,
            [
                "",
                "found in a valid example: \"x\"",
                "",
                "not found in an invalid example",
                "the fix makes something else"
            ]
        );
    }

    #[test]
    fn a_wrong_test_file_is_an_error_with_its_place() {
        let set = RuleSet::from_yaml(&[("no-x.yml", RULE)]).unwrap();
        let wrong = check_examples(&set, "t.yml", "id: other\nvalid: [y]\n").unwrap_err();
        assert!(
            wrong.place.is_some() && wrong.reason.contains("no rule"),
            "{wrong}"
        );
        let wrong = check_examples(&set, "t.yml", "id: no-x\ninvalid: [x, x]\nfixed: [y]\n").unwrap_err();
        assert!(wrong.reason.contains("1 sources in `fixed` for 2"), "{wrong}");
        let wrong = check_examples(&set, "t.yml", "id: no-x\ninvalid: {x: 1}\n").unwrap_err();
        assert!(wrong.to_string().starts_with("t.yml:2:"), "{wrong}");
    }
}
