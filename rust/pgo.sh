#!/usr/bin/env bash
# Builds the native core with the C parsers optimized by a profile (gcc): build with counters, train on installed code,
# build again. Answers the path of the library. Usage: rust/pgo.sh [python] ; takes two builds of everything.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
python=${1:-$here/../.venv/bin/python}
target=$here/target/pgo
data=$target/profile
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

build() {
    CARGO_TARGET_DIR=$target CFLAGS=$1 RUSTFLAGS=$2 PYO3_PYTHON=$python \
        cargo build --quiet --release --locked --manifest-path "$here/Cargo.toml" -p orchestrator-core
    mkdir -p "$scratch/orchestrator_core"
    cp "$target/release/lib_core.so" "$scratch/orchestrator_core/_core.abi3.so"
    echo 'from orchestrator_core._core import *' > "$scratch/orchestrator_core/__init__.py"
}

rm -rf "$data"
build "-fprofile-generate=$data -fprofile-update=single" "-C link-arg=-fprofile-generate"
# One thread: counters of several would overwrite each other.
RAYON_NUM_THREADS=1 PYTHONPATH=$scratch "$python" - <<'PY'
import importlib.util
import sysconfig

import orchestrator_core as core

every = "\n---\n".join(
    f"{{id: every-{language}, language: {language}, rule: {{kind: ERROR}}}}"
    for language in ("Python", "JavaScript", "TypeScript", "Tsx", "Html", "Css", "Rust", "Go")
)
rules = core.RuleSet.from_yaml([("train", every)])
for name in ("pip", "pydantic", "hypothesis", "pygls", "pyright"):
    spec = importlib.util.find_spec(name)
    if spec and spec.submodule_search_locations:
        core.lint_paths(rules, spec.submodule_search_locations[0])
core.lint_paths(rules, sysconfig.get_path("stdlib"), ["json", "asyncio", "email", "http", "unittest", "importlib"])
PY
build "-fprofile-use=$data -fprofile-partial-training -fprofile-correction -Wno-missing-profile" ""
echo "$target/release/lib_core.so"
