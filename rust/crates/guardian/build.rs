//! Lists the built-in rule files and their examples, so that the pack is part of the library.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rustc-env=GUARDIAN_VERSION={:016x}", code_digest()?);
    let rules = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("rules");
    println!("cargo::rerun-if-changed={}", rules.display());
    let (mut files, mut tests) = (Vec::new(), Vec::new());
    if rules.is_dir() {
        collect(&rules, &mut files, &mut tests)?;
    }
    let code = [("FILES", files), ("TESTS", tests)].map(|(name, files)| table(name, files, &rules));
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("pack.rs"), code.concat())
}

/// A table of (path below the folder, content).
fn table(table: &str, mut files: Vec<PathBuf>, folder: &Path) -> String {
    files.sort();
    let mut code = format!("pub static {table}: &[(&str, &str)] = &[\n");
    for file in &files {
        let name = file
            .strip_prefix(folder)
            .expect("it was found below")
            .display()
            .to_string();
        writeln!(
            code,
            "    ({:?}, include_str!({:?})),",
            name.replace('\\', "/"),
            file.display().to_string()
        )
        .expect("a String takes everything");
    }
    code.push_str("];\n");
    code
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>, tests: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            collect(&path, files, tests)?;
        } else if path.extension().is_some_and(|end| end == "yml") {
            println!("cargo::rerun-if-changed={}", path.display());
            let list = if name.ends_with("-test.yml") {
                &mut *tests
            } else {
                &mut *files
            };
            list.push(path);
        }
    }
    Ok(())
}

/// Of the sources that decide what is found: results of another version must not be taken from a cache.
fn code_digest() -> io::Result<u64> {
    let crates = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let mut hasher = DefaultHasher::new();
    for folder in ["guardian/src", "syntax/src"] {
        println!("cargo::rerun-if-changed={}", crates.join(folder).display());
        let mut files: Vec<_> = fs::read_dir(crates.join(folder))?.collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files.iter().filter(|file| file.path().is_file()) {
            fs::read(file.path())?.hash(&mut hasher);
        }
    }
    let lock = crates.join("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", lock.display());
    fs::read(lock).unwrap_or_default().hash(&mut hasher); // there is none where the crates are used as sources alone
    Ok(hasher.finish())
}
