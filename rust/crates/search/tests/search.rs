//! Walk, grep and glob on real folders.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use search::{Grep, Walk, glob, grep, select_files, walk};
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn paths(options: &Walk) -> Vec<String> {
    walk(options)
        .unwrap()
        .files
        .into_iter()
        .map(|file| file.path)
        .collect()
}

fn query(root: &Path, patterns: &[&str]) -> Grep {
    Grep {
        root: root.to_owned(),
        patterns: patterns.iter().map(ToString::to_string).collect(),
        is_regex: true,
        is_case_sensitive: true,
        max_matches: 100,
        ..Grep::default()
    }
}

#[test]
fn ignore_files_hold_without_a_repository_and_parents_do_not() {
    let outer = folder(&[
        (".gitignore", b"*.py\n"),
        ("build/.hidden/top/a.py", b""),
        ("build/.hidden/top/.env", b""),
        ("build/.hidden/top/.git/config", b""),
        ("build/.hidden/top/.git/info/exclude", b"private\n"),
        ("build/.hidden/top/private", b""),
        ("build/.hidden/top/.gitignore", b"*.log\ntop\n!keep.log\n"),
        ("build/.hidden/top/x.log", b""),
        ("build/.hidden/top/sub/keep.log", b""),
        ("build/.hidden/top/sub/.ignore", b"y\n"),
        ("build/.hidden/top/sub/y", b""),
    ]);
    let root = outer.path().join("build/.hidden/top");
    assert_eq!(
        paths(&Walk::new(&root)),
        [".env", ".gitignore", "a.py", "sub/.ignore", "sub/keep.log"]
    );
    let all = Walk {
        is_ignore_aware: false,
        exclude: vec!["sub".into(), "x.log".into()],
        ..Walk::new(&root)
    };
    assert_eq!(paths(&all), [".env", ".gitignore", "a.py", "private"]);
}

#[test]
fn the_cap_cuts_the_same_files_each_time() {
    let root = folder(&[("a", b""), ("b/c", b""), ("b/d", b""), ("e", b"")]);
    let report = walk(&Walk {
        max_files: 2,
        ..Walk::new(root.path())
    })
    .unwrap();
    assert_eq!((report.files.len(), report.is_truncated), (2, true));
    assert_eq!(report.files[1].path, "b/c");
    assert!(
        !walk(&Walk {
            max_files: 4,
            ..Walk::new(root.path())
        })
        .unwrap()
        .is_truncated
    );
}

#[cfg(unix)]
#[test]
fn symlinks_are_listed_and_not_followed() {
    let root = folder(&[("real/a.py", b"hit\n")]);
    std::os::unix::fs::symlink("..", root.path().join("real/loop")).unwrap();
    std::os::unix::fs::symlink("/etc", root.path().join("etc")).unwrap();
    let report = walk(&Walk::new(root.path())).unwrap();
    let links: Vec<_> = report
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.is_symlink))
        .collect();
    assert_eq!(links, [("etc", true), ("real/a.py", false), ("real/loop", true)]);
    assert_eq!(grep(&query(root.path(), &["hit"])).unwrap().searched_count, 1);
    let named = |path: &str| select_files(root.path(), Some(&[path.to_owned()]));
    assert_eq!(named("etc").unwrap().1[0].reason, "symlink");
    assert!(named("etc/passwd").is_err());
    assert!(named("/etc/passwd").is_err());
    assert_eq!(
        named("missing").unwrap().1[0].reason,
        "unreadable: no such file or directory"
    );
}

#[test]
fn named_folders_obey_the_ignore_files_above_them() {
    let root = folder(&[
        (".gitignore", b"*.log\nout\n"),
        ("a/b/x.log", b""),
        ("a/b/x.py", b""),
        ("out/z.py", b""),
    ]);
    let selected = |path: &str| {
        let (files, _, _) = select_files(root.path(), Some(&[path.to_owned()])).unwrap();
        files.into_iter().map(|file| file.path).collect::<Vec<_>>()
    };
    assert_eq!(selected("a/b"), ["a/b/x.py"]);
    assert_eq!(selected("./a//b/"), ["a/b/x.py"]);
    assert_eq!(selected("out"), ["out/z.py"]);
    assert_eq!(selected("a/b/x.log"), ["a/b/x.log"]);
}

#[test]
fn all_patterns_in_one_pass() {
    let root = folder(&[
        ("a.txt", "one\nzwei äö two one\r\n\nthree".as_bytes()),
        ("b.md", b"one\n"),
    ]);
    let report = grep(&query(root.path(), &["one", "t(wo|hree)"])).unwrap();
    let found: Vec<_> = report
        .matches
        .iter()
        .map(|hit| (hit.path.as_str(), hit.line, hit.column, hit.pattern_index))
        .collect();
    assert_eq!(
        found,
        [
            ("a.txt", 0, 0, 0),
            ("a.txt", 1, 12, 0),
            ("a.txt", 1, 8, 1),
            ("a.txt", 3, 0, 1),
            ("b.md", 0, 0, 0)
        ]
    );
    assert_eq!(report.matches[1].text, "zwei äö two one");
    let literal = Grep {
        is_regex: false,
        ..query(root.path(), &["t(wo"])
    };
    assert!(grep(&literal).unwrap().matches.is_empty());
    let insensitive = Grep {
        is_case_sensitive: false,
        globs: vec!["*.md".into()],
        ..query(root.path(), &["ONE$"])
    };
    assert_eq!(grep(&insensitive).unwrap().matches.len(), 1);
    let cut = grep(&Grep {
        max_matches: 2,
        ..query(root.path(), &["one"])
    })
    .unwrap();
    assert_eq!((cut.matches.len(), cut.is_truncated), (2, true));
    let exact = grep(&Grep {
        max_matches: 3,
        ..query(root.path(), &["one"])
    })
    .unwrap();
    assert_eq!((exact.matches.len(), exact.is_truncated), (3, false));
}

#[test]
fn binary_files_are_skipped_and_other_bytes_replaced() {
    let root = folder(&[("a", b"hit\nhit\0"), ("b", b"hit \xff\n")]);
    let report = grep(&query(root.path(), &["hit"])).unwrap();
    assert_eq!(
        (report.skipped[0].path.as_str(), report.skipped[0].reason.as_str()),
        ("a", "binary")
    );
    assert_eq!(report.matches[0].text, "hit \u{fffd}");
    assert!(grep(&query(root.path(), &[])).is_err());
    assert!(grep(&query(root.path(), &["("])).is_err());
    assert!(grep(&query(&root.path().join("a"), &["x"])).is_err());
}

#[test]
fn globs_name_files() {
    let root = folder(&[("a.py", b""), ("b/c.py", b""), ("b/d.ts", b"")]);
    let found = |patterns: &[&str], max: usize| {
        let report = glob(root.path(), patterns, max).unwrap();
        (
            report.files.into_iter().map(|file| file.path).collect::<Vec<_>>(),
            report.is_truncated,
        )
    };
    assert_eq!(
        found(&["*.py"], 9),
        (vec!["a.py".to_owned(), "b/c.py".to_owned()], false)
    );
    assert_eq!(found(&["b/*", "!*.py"], 9), (vec!["b/d.ts".to_owned()], false));
    assert_eq!(found(&["**"], 1), (vec!["a.py".to_owned()], true));
}

#[test]
fn a_search_that_is_not_wanted_ends() {
    let root = folder(&[("a", b"x")]);
    let flag = Arc::new(AtomicBool::new(false));
    let query = Grep {
        cancel: Some(Arc::clone(&flag)),
        ..query(root.path(), &["x"])
    };
    assert_eq!(grep(&query).unwrap().matches.len(), 1);
    flag.store(true, Ordering::Relaxed);
    assert_eq!(grep(&query).unwrap_err().to_string(), "cancelled");
}
