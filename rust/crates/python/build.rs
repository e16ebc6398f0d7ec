//! Builds the launcher program, which the library carries.
//!
//! It is a program of its own (it runs before and around a sandboxed command, without Python), so it can't be a
//! library dependency; a second cargo run makes it, in a target folder of its own because the first run holds the
//! lock of the usual one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const PACKAGE: &str = "orchestrator-launcher";

fn main() {
    let out = PathBuf::from(variable("OUT_DIR"));
    let crates = PathBuf::from(variable("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("crates/python")
        .to_owned();
    println!("cargo::rerun-if-changed=build.rs");
    watch(&crates.join("launcher"));
    let embedded = out.join("launcher.bin");
    if env::var_os("CARGO_CFG_UNIX").is_some() {
        let program = build_launcher(&crates, &out.join("launcher"));
        fs::copy(&program, &embedded).expect("the launcher was built and can be copied");
    } else {
        fs::write(&embedded, []).expect("the output folder is writable"); // there is no launcher there
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name}"))
}

fn watch(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

fn build_launcher(crates: &Path, target_folder: &Path) -> PathBuf {
    let target = variable("TARGET");
    let mut command = Command::new(variable("CARGO"));
    command
        .current_dir(crates.join("launcher"))
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            PACKAGE,
            "--bin",
            PACKAGE,
        ])
        .args(["--target", &target])
        .arg("--target-dir")
        .arg(target_folder);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_of_outer_build) {
            command.env_remove(name);
        }
    }
    let status = command.status().expect("cargo can be started");
    assert!(status.success(), "building {PACKAGE} failed: {status}");
    target_folder.join(target).join("release").join(PACKAGE)
}

/// Variables with which cargo and maturin tell a build script about the outer build. The user's own settings (home,
/// network, proxies, linkers) stay.
fn is_of_outer_build(name: &str) -> bool {
    let prefixes = [
        "CARGO_PKG_",
        "CARGO_CFG_",
        "CARGO_FEATURE_",
        "CARGO_MANIFEST_",
        "CARGO_PROFILE_",
        "DEP_",
        "PYO3_",
    ];
    let names = [
        "CARGO_BIN_NAME",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_CRATE_NAME",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_MAKEFLAGS",
        "CARGO_PRIMARY_PACKAGE",
        "CARGO_TARGET_DIR",
        "DEBUG",
        "HOST",
        "MAKEFLAGS",
        "MFLAGS",
        "NUM_JOBS",
        "OPT_LEVEL",
        "OUT_DIR",
        "PROFILE",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
        "TARGET",
    ];
    names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}
