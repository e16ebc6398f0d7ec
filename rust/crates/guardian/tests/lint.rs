//! Linting through the public interface.

use std::fs;
use std::path::Path;

use guardian::{
    FileReport, Finding, LintOptions, RuleSet, Watch, apply_fixes, ast_match, ast_rewrite, from_config,
    lint_paths, lint_text,
};

const NO_PRINT: &str = "
id: no-print
language: Python
severity: warning
message: no print of $A
rule: {pattern: print($A)}
fix: log($A)
metadata: {fix: safe}
";

fn set(yaml: &str) -> RuleSet {
    RuleSet::from_yaml(&[("test.yml", yaml)]).unwrap()
}

fn most(max_findings: usize) -> LintOptions<'static> {
    LintOptions {
        max_findings,
        ..LintOptions::default()
    }
}

fn findings(set: &RuleSet, path: &str, source: &str) -> Vec<Finding> {
    match lint_text(set, path, source.as_bytes(), &Watch::default()) {
        FileReport::Checked(findings) => findings,
        FileReport::NotChecked(reason) => panic!("not checked: {reason}"),
    }
}

fn reason(set: &RuleSet, path: &str, source: &[u8]) -> String {
    match lint_text(set, path, source, &Watch::default()) {
        FileReport::Checked(_) => panic!("checked"),
        FileReport::NotChecked(reason) => reason,
    }
}

#[test]
fn a_finding_has_its_message_and_fix() {
    let set = set(NO_PRINT);
    let found = findings(&set, "a.py", "x = 1\nprint(x)\n");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].message.as_str(), found[0].text.as_str()),
        ("no print of x", "print(x)")
    );
    assert!(found[0].is_safe_fix);
    let fixed = apply_fixes(b"x = 1\nprint(x)\n", &found).unwrap();
    assert_eq!(fixed.source, b"x = 1\nlog(x)\n");
}

#[test]
fn suppressions_and_severity_off_hold() {
    let source = "print(1)  # ast-grep-ignore: no-print\n# ast-grep-ignore\nprint(2)\nprint(3)\n";
    assert_eq!(findings(&set(NO_PRINT), "a.py", source).len(), 1);
    let off = set(&NO_PRINT.replace("warning", "off"));
    assert!(off.is_empty() && off.rules().is_empty());
    assert!(set(NO_PRINT).merged(&off).is_empty());
}

#[test]
fn files_and_ignores_hold() {
    let set = set(&format!(
        "{NO_PRINT}files: ['src/**']\nignores: ['**/gen/**', {{glob: '**/X.PY', caseInsensitive: true}}]\n"
    ));
    let count = |path| findings(&set, path, "print(1)\n").len();
    assert_eq!(
        [
            count("src/a.py"),
            count("src/gen/a.py"),
            count("src/x.py"),
            count("a.py")
        ],
        [1, 0, 0, 0]
    );
}

#[test]
fn a_fix_can_take_its_comma_along() {
    let set = set("
id: no-legacy
language: Python
rule: {kind: keyword_argument, has: {field: name, regex: ^legacy$}}
fix: {template: '', expandEnd: {regex: ','}}
");
    let source = "f(a, legacy=1, b=2)\n";
    let fixed = apply_fixes(source.as_bytes(), &findings(&set, "a.py", source)).unwrap();
    assert_eq!(String::from_utf8(fixed.source).unwrap(), "f(a,  b=2)\n");
}

#[test]
fn what_is_not_checked_says_why() {
    let set = set(NO_PRINT);
    assert_eq!(reason(&set, "a.xyz", b""), "unknown language");
    assert_eq!(reason(&set, "a.go", b""), "no rules for Go");
    assert_eq!(reason(&set, "a.py", b"\xff"), "not utf-8");
    assert_eq!(reason(&set, "a.py", b"\0"), "binary");
    assert_eq!(reason(&set, "a.py", &vec![b'#'; 3_000_000]), "too large");
    // With a word of the rule: a text in which no rule can match is not parsed.
    let nested = format!("{}print{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(reason(&set, "a.py", nested.as_bytes()), "nested too deeply");
}

#[test]
fn the_findings_of_one_file_are_capped() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.py", &"print(1)\n".repeat(10_001));
    write(folder.path(), "b.py", "print(1)\n");
    let report = lint_paths(&set(NO_PRINT), folder.path(), None, &LintOptions::default()).unwrap();
    assert_eq!((report.findings.len(), report.is_truncated), (10_001, true));
    assert_eq!(&*report.findings[10_000].path, "b.py");
}

#[test]
fn scripts_in_pages_are_checked() {
    let set = set("{id: no-eval, language: JavaScript, rule: {pattern: eval($A)}}");
    let found = findings(&set, "a.html", "<p>\n<script>\neval(x)\n</script>\n");
    assert_eq!(
        (found.len(), found[0].span.start_line, found[0].span.start_byte),
        (1, 2, 13)
    );
}

#[test]
fn wrong_rules_are_errors() {
    let error = |yaml: &str| {
        RuleSet::from_yaml(&[("bad.yml", yaml)])
            .err()
            .unwrap()
            .to_string()
    };
    assert!(error("id: x\nlanguage: Python\nrule: {patern: a}\n").contains("bad.yml:3:1: "));
    assert!(error("id: x\nlanguage: Klingon\nrule: {pattern: a}\n").contains("Klingon"));
    assert!(error("language: Python\nrule: {pattern: a}\n").contains("no `id`"));
    assert!(error("id: x\nlanguage: Python\nrule: {kind: nothing}\n").contains("nothing"));
    assert!(error(&format!("{NO_PRINT}---{NO_PRINT}")).contains("also in"));
    assert!(error(&format!("{NO_PRINT}files: ['a[']\n")).contains("a["));
}

#[test]
fn folders_are_linted_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.py", "a/c.py", "a/b.py", "notes.txt", "skip.py"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "print(1)\nprint(2)\n").unwrap();
    }
    fs::write(folder.path().join(".gitignore"), "skip.py\n").unwrap();
    let report = lint_paths(&set(NO_PRINT), folder.path(), None, &most(100)).unwrap();
    let paths: Vec<_> = report.findings.iter().map(|finding| &*finding.path).collect();
    assert_eq!(paths, ["a/b.py", "a/b.py", "a/c.py", "a/c.py", "b.py", "b.py"]);
    assert_eq!(
        (report.checked_count, report.skipped.len(), report.is_truncated),
        (3, 2, false)
    );
    let cut = lint_paths(&set(NO_PRINT), folder.path(), Some(&["a".to_owned()]), &most(3)).unwrap();
    assert_eq!((cut.findings.len(), cut.is_truncated), (3, true));
    assert!(
        lint_paths(
            &set(NO_PRINT),
            folder.path(),
            Some(&["../x".to_owned()]),
            &most(3)
        )
        .is_err()
    );
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_configuration_names_rules_utils_and_languages() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("sgconfig.yml");
    write(
        folder.path(),
        "sgconfig.yml",
        "ruleDirs: [rules]\nutilDirs: [utils]\nlanguageGlobs: {python: ['*.snake']}\n",
    );
    write(
        folder.path(),
        "rules/one.yml",
        "id: one\nlanguage: Python\nrule: {matches: is-print}\n",
    );
    write(
        folder.path(),
        "rules/one-test.yml",
        "id: one\nvalid: []\ninvalid: []\n",
    );
    write(folder.path(), "rules/README.md", "not a rule");
    write(
        folder.path(),
        "utils/is-print.yml",
        "id: is-print\nlanguage: Python\nrule: {pattern: print($A)}\n",
    );
    let set = from_config(&config).unwrap();
    assert_eq!(set.len(), 1);
    assert_eq!(findings(&set, "x.snake", "print(1)\n").len(), 1);
    write(
        folder.path(),
        "rules/two.yml",
        "id: two\nlanguage: Python\nrule: {matches: missing}\n",
    );
    let set = from_config(&config).unwrap();
    let problems: Vec<_> = set.problems().iter().map(ToString::to_string).collect();
    assert_eq!((set.len(), problems.len()), (1, 1));
    assert!(problems[0].contains("two.yml:3:17: rule two"), "{problems:?}");
    assert!(from_config(&folder.path().join("none.yml")).is_err());
}

#[test]
fn patterns_match_and_rewrite() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.py", "f(f(1))\n");
    write(folder.path(), "b.js", "f(1)\n");
    let report = ast_match(folder.path(), "f($A)", "python", None, 10, None).unwrap();
    assert_eq!((report.matches.len(), report.checked_count), (2, 1));
    let (source, count) = ast_rewrite("a.py", b"f(f(1)); f(2)\n", "f($A)", "g($A)", "py").unwrap();
    assert_eq!((source.as_slice(), count), (&b"g(f(1)); g(2)\n"[..], 2));
    assert!(ast_match(folder.path(), "f(", "python", None, 10, None).is_err());
    assert!(ast_match(folder.path(), "f", "klingon", None, 10, None).is_err());
    assert!(ast_match(folder.path(), &"(".repeat(9_999), "python", None, 10, None).is_err());
    assert!(ast_match(folder.path(), &"-".repeat(20_000), "python", None, 10, None).is_err());
    let deep = format!("{}1", "-".repeat(9_000));
    let _ = ast_match(folder.path(), &deep, "python", None, 10, None);
}
