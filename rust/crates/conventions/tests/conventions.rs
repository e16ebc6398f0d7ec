//! Conventions learned from small repositories, and what new code is told of them.

use std::fs;

use conventions::{Conventions, Severity, learn};
use tempfile::TempDir;

/// A repository whose package has `count` modules with three functions each.
fn repository(count: usize) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("shop");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("__init__.py"), "").unwrap();
    for number in 0..count {
        let source = format!(
            "\"\"\"Module.\"\"\"\n\nimport os\n\nfrom .base_part import thing\n\n\n\
             def read_file_{number}(file_name, line_count):\n    \"\"\"Read.\"\"\"\n    first_line = \"abc\"\n\
             \x20   return first_line, \"def\", os\n\n\n\
             class FileReader{number}:\n    \"\"\"Reads.\"\"\"\n\n    def read_line(self):\n        \"\"\"Read.\"\"\"\n\
             \x20       return \"ghi\", thing\n\n    def read_word(self):\n        \"\"\"Read.\"\"\"\n"
        );
        fs::write(package.join(format!("file_reader{number}.py")), source).unwrap();
    }
    folder
}

fn messages(conventions: &Conventions, path: &str, source: &str) -> Vec<String> {
    let found = conventions.judge(path, source.as_bytes(), &[]).unwrap();
    found.into_iter().map(|deviation| deviation.message).collect()
}

#[test]
fn a_convention_is_told_with_its_evidence() {
    let folder = repository(100);
    let conventions = learn(folder.path(), None).unwrap();
    let sentences: Vec<_> = conventions
        .all()
        .iter()
        .map(conventions::Convention::sentence)
        .collect();
    for sentence in [
        "Python: functions are snake_case (100 of 100)",
        "Python: methods are snake_case (200 of 200)",
        "Python: classes are PascalCase (100 of 100)",
        "Python: files are snake_case (100 of 100)",
        "Python: strings are in double quotes (300 of 300)",
        "Python: imports of the own package are relative (100 of 100)",
        "Python: public functions are documented (300 of 300)",
    ] {
        assert!(
            sentences.iter().any(|found| found == sentence),
            "{sentence} not in {sentences:#?}"
        );
    }
    let source =
        "def writeFile(fileName):\n    \"\"\"Write.\"\"\"\n    return fileName, 'one', 'two', 'three'\n";
    let found = conventions
        .judge("shop/fileWriter.py", source.as_bytes(), &[])
        .unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|deviation| (deviation.message.as_str(), deviation.severity))
        .collect();
    let warning = Severity::Warning;
    assert!(told.contains(&(
        "writeFile is not snake_case; 100 of 100 functions in shop are",
        warning
    )));
    assert!(told.contains(&(
        "fileName is not snake_case; 200 of 200 parameters in shop are",
        warning
    )));
    assert!(told.contains(&(
        "fileWriter.py is not snake_case; 100 of 100 files in shop are",
        warning
    )));
    let quotes = "this is unlike 300 of 300 strings in shop, which are in double quotes";
    assert!(told.contains(&(quotes, warning)), "{told:#?}");
}

#[test]
fn nothing_is_told_without_strong_evidence() {
    let few = repository(5);
    let conventions = learn(few.path(), None).unwrap();
    assert!(conventions.all().is_empty(), "{:?}", conventions.all());
    assert!(
        messages(
            &conventions,
            "shop/fileWriter.py",
            "def writeFile(fileName): pass\n"
        )
        .is_empty()
    );

    let mixed = repository(100);
    for number in 0..100 {
        let source = format!("def writeFile{number}(fileName, lineCount):\n    return 'abc', 'def', 'ghi'\n");
        fs::write(mixed.path().join(format!("shop/fileWriter{number}.py")), source).unwrap();
    }
    let conventions = learn(mixed.path(), None).unwrap();
    assert!(
        messages(
            &conventions,
            "shop/textWriter.py",
            "def writeText(textName): return 'a', 'b', 'c'\n"
        )
        .is_empty()
    );
}

#[test]
fn a_folder_may_keep_its_own_convention() {
    let folder = repository(100);
    let scripts = folder.path().join("tools");
    fs::create_dir_all(&scripts).unwrap();
    for number in 0..40 {
        fs::write(
            scripts.join(format!("t{number}.py")),
            format!("def runTool{number}(): pass\n"),
        )
        .unwrap();
    }
    let conventions = learn(folder.path(), None).unwrap();
    assert!(messages(&conventions, "tools/new.py", "def stopTool(): pass\n").is_empty());
    let found = messages(&conventions, "tools/new.py", "def stop_tool(): pass\n");
    assert_eq!(
        found,
        ["stop_tool is not camelCase; 40 of 40 functions in tools are"]
    );
    assert!(
        conventions
            .all()
            .iter()
            .any(|found| found.folder == "tools" && found.choice() == "camelCase")
    );
}

#[test]
fn names_that_someone_else_gave_are_exempt() {
    let folder = repository(100);
    fs::write(folder.path().join("shop/known.py"), "x = call(knownName=1)\n").unwrap();
    let conventions = learn(folder.path(), None).unwrap();
    for source in [
        "class A(Base):\n    def setUpThings(self, someThing): pass\n",
        "class A:\n    def visit_FunctionDef(self): pass\n    def do_GET(self): pass\n    def __getAttr__(self): pass\n",
        "class A(ctypes.Structure):\n    def fooBar(self): pass\n",
        "def knownName(): pass\n",
        "def call_it(maxItems):\n    return {\"maxItems\": maxItems}\n",
        "def call_it(other, maxItems):\n    other.maxItems = maxItems\n",
        "def nNodes(A_eq): pass\n",
        "class A:\n    @override\n    def fooBar(self): pass\n",
    ] {
        let found = messages(&conventions, "shop/other.py", source);
        assert!(
            found.iter().all(|message| message.contains("documented")),
            "{source}: {found:?}"
        );
    }
    assert!(
        messages(
            &conventions,
            "tests/test_it.py",
            "class Double:\n    def fooBar(self, fooArg): pass\n"
        )
        .is_empty()
    );
}

#[test]
fn what_was_there_before_is_not_new() {
    let folder = repository(100);
    let old = "\"\"\"M.\"\"\"\n\n\ndef oldName():\n    \"\"\"D.\"\"\"\n    return 'abc', 'def', 'ghi'\n";
    fs::write(folder.path().join("shop/old_part.py"), old).unwrap();
    let conventions = learn(folder.path(), None).unwrap();
    assert!(messages(&conventions, "shop/old_part.py", old).is_empty());
    let gone = ["shop/old_part.py".to_owned()];
    assert!(
        conventions
            .judge("shop/new_part.py", old.as_bytes(), &gone)
            .unwrap()
            .is_empty()
    );
    let more = format!("{old}\n\ndef newName():\n    \"\"\"D.\"\"\"\n");
    assert_eq!(messages(&conventions, "shop/old_part.py", &more).len(), 1);
}

#[test]
fn what_is_not_looked_at_says_so() {
    let conventions = learn(repository(1).path(), None).unwrap();
    for (path, source) in [
        ("a.txt", "x"),
        ("a.py", "# Generated by a tool. DO NOT EDIT\n"),
        ("vendor/a.py", "x = 1\n"),
        ("a.py", "def (:\n"),
        ("a.py", "x = '\0'\n"),
    ] {
        assert!(
            conventions.judge(path, source.as_bytes(), &[]).is_none(),
            "{path}"
        );
    }
    assert!(conventions.judge("a.py", b"", &[]).unwrap().is_empty());
    let deep = format!("x = {}1{}\n", "[".repeat(2_000), "]".repeat(2_000));
    assert!(conventions.judge("a.py", deep.as_bytes(), &[]).is_some());
    assert!(learn("/nowhere/at/all".as_ref(), None).is_err());
}

#[test]
fn scripts_have_conventions_too() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..100 {
        let source = format!(
            "import {{ one }} from './one';\nexport function readFile{number}(fileName: string) {{ return one('abc'); }}\n\
             export class FileReader{number} {{ readLine() {{ return 'def'; }} }}\n"
        );
        fs::write(folder.path().join(format!("file-reader-{number}.ts")), source).unwrap();
    }
    let conventions = learn(folder.path(), None).unwrap();
    let source = "export function read_text(text_name: string) { return [\"abc\", \"def\", \"ghi\"]; }\n\
                  const a = require(\"b\");\nexport function Component() {}\n";
    let found = messages(&conventions, "textReader.ts", source).join("\n");
    for part in [
        "read_text is not camelCase",
        "text_name is not camelCase",
        "textReader.ts is not kebab-case",
    ] {
        assert!(found.contains(part), "{part} not in {found}");
    }
    assert!(
        found.contains("ES modules") && found.contains("single quotes") && !found.contains("Component"),
        "{found}"
    );
}
