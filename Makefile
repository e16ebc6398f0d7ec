# Everything a newcomer needs: `make demo` and `make test`. Both set up what they need.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test test-rust test-python test-opencode test-editors bench-structure conformance coverage hostile sim fuzz-protocol \
  crash crash-long soak parity mutants \
  false-alarms fuzz-guardian lint format generate bench lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
STAMPS := $(VENV)/stamps
RUST_SOURCES := $(shell find rust -path rust/target -prune -o -type f \( -name '*.rs' -o -name '*.toml' -o -name '*.lock' -o -name '*.yml' -o -name '*.pyi' -o -name '*.py' \) -print)
OPENCODE := build/opencode/node_modules/opencode-linux-x64/bin/opencode
PYTEST_FLAGS ?= -n 4 --dist worksteal

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMPS)/uv: requirements/bootstrap.txt
	@echo "setting up $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/runtime: $(STAMPS)/uv requirements/runtime.txt requirements/build.txt
	@echo "installing locked packages"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@touch $@

# The native core is built in release mode by maturin, from the locked crates.
$(STAMPS)/core: $(STAMPS)/runtime $(RUST_SOURCES)
	@echo "building the native core (the first time takes a few minutes)"
	@rm -rf build/wheels && $(BIN)/maturin build --quiet --release --locked --manifest-path rust/crates/python/Cargo.toml --interpreter $(BIN)/python --out build/wheels
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --reinstall build/wheels/*.whl
	@touch $@

$(STAMPS)/product: $(STAMPS)/core pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(STAMPS)/product ## Install the product into .venv (uv, locked requirements, native core)

$(STAMPS)/dev: $(STAMPS)/product requirements/dev.txt
	@echo "installing what tests and linters need"
	@$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@for folder in protocol/typescript editor-clients/opencode editor-clients/vscode; do (cd $$folder && npm ci --silent --ignore-scripts); done
	@touch $@

setup-dev: $(STAMPS)/dev ## Install also what the tests and linters need

demo: setup ## Run the sample mission, offline, from words to seal
	@$(BIN)/orchestrator demo

test: lint test-rust test-python test-opencode ## Install what the tests need and run all of them

test-rust: setup-dev ## Run the tests of the native core
	@.ci/stage "rust tests" cargo test --quiet --locked --manifest-path rust/Cargo.toml --workspace --exclude orchestrator-core-python

test-python: setup-dev ## Run the Python tests
	@.ci/stage "python tests" $(BIN)/python -m pytest $(PYTEST_FLAGS) --ignore=tests/opencode --ignore=tests/vscode --ignore=tests/neovim/test_terminal.py

$(OPENCODE): tests/opencode/package.json tests/opencode/package-lock.json tests/opencode/.npmrc
	@echo "installing the OpenCode that the plugin is tested against"
	@mkdir -p build/opencode && cp $^ build/opencode/
	@cd build/opencode && npm ci --silent --ignore-scripts
	@touch $@

test-opencode: setup-dev $(OPENCODE) ## Run missions in a real OpenCode, which it installs into build/opencode
	@ORCHESTRATOR_TEST_OPENCODE=1 .ci/stage "opencode tests" $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/opencode

test-editors: setup-dev ## Run missions in real editors; puts VS Code, Chromium and tmux into build/vscode
	@.ci/stage "editors" tests/vscode/install.sh
	@cd editor-clients/vscode && npm run --silent build
	@ORCHESTRATOR_TEST_EDITORS=1 .ci/stage "editor tests" $(BIN)/python -m pytest -q tests/vscode tests/neovim/test_terminal.py

conformance: setup-dev ## Run the protocol's conformance suite against all transports
	@$(BIN)/python -m pytest -q tests/conformance

fuzz-protocol: setup-dev ## Put 2,000,000 frames to the server, broken ones among them; an hour
	@nice -n 19 $(BIN)/python tests/conformance/fuzz.py 2000000

crash: setup-dev ## Kill, cut off and starve the durable parts; sampled, at most 8 minutes
	@.ci/stage "crash" $(BIN)/python tests/crash/table.py

crash-long: setup-dev ## The same in full: all points, 10,000 kills, 10,000 writes; hours
	@$(BIN)/python tests/crash/table.py --long

coverage: setup-dev ## Every branch of the domain and the journal is tested
	@$(BIN)/python -m coverage run --branch --source=server/orchestrator/domain,server/orchestrator/journal \
	  -m pytest -q tests/unit/domain tests/unit/journal tests/property && $(BIN)/python -m coverage report --fail-under=100

sim: setup-dev ## Play the engine through 1,000 seeded worlds of faults; SEEDS=50000 for the long run
	@$(BIN)/python tests/sim/run.py

bench-structure: setup-dev ## Compare one session with the orchestrator, on simulated models or on a real PROVIDER=… MODEL=…
	@$(BIN)/python tests/structure/fetch.py
	@$(BIN)/python tests/structure/run.py --tasks $(or $(TASKS),40) $(if $(PROVIDER),--provider $(PROVIDER) --model $(MODEL) --key-env "$(KEY_ENV)",--write)

hostile: setup-dev ## Let a hostile session loose on tools and launcher
	@$(BIN)/python tests/security/hostile.py

soak: setup-dev ## Ten minutes of missions on one server: memory, descriptors, threads, disk
	@$(BIN)/python tests/crash/soak.py

parity: setup-dev ## Compare the guardian's findings with ast-grep's over real code
	@$(BIN)/python tests/parity/compare.py

fuzz-guardian: setup-dev ## Put 200,000 broken files through the guardian
	@$(BIN)/python tests/parity/fuzz.py 200000 7

mutants: setup-dev ## Break real code on purpose and count what the cross-file checks catch
	@$(BIN)/python tests/mutants/mutants.py

false-alarms: setup-dev ## Count what the cross-file checks say of installed packages
	@$(BIN)/python tests/mutants/false_alarms.py

generate: setup-dev ## Write schemas, types and protocol docs anew from the contract, and bundle the OpenCode plugin
	@$(BIN)/python -m orchestrator.contract && $(BIN)/python -m orchestrator_protocol.codegen
	@cd editor-clients/opencode && npm run --silent build

lint: setup-dev ## Check style, types, import contracts
	@.ci/stage "ruff" bash -c '$(BIN)/ruff check . && $(BIN)/ruff format --check .'
	@.ci/stage "pyright" $(BIN)/pyright
	@.ci/stage "imports" $(BIN)/lint-imports
	@.ci/stage "stubs" $(BIN)/python -m mypy.stubtest --allowlist rust/stubtest-allowlist.txt orchestrator_core
	@.ci/stage "rustfmt" cargo fmt --manifest-path rust/Cargo.toml --all --check
	@.ci/stage "clippy" cargo clippy --quiet --locked --manifest-path rust/Cargo.toml --workspace --all-targets -- -D warnings

format: setup-dev ## Format all sources
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	@cargo fmt --manifest-path rust/Cargo.toml --all

bench: setup-dev ## Measure, side by side with peers; writes build/bench.json
	@$(BIN)/python tests/bench/run.py

lock: $(STAMPS)/uv ## Write the requirement files anew (needs the network)
	@for name in bootstrap runtime build dev; do \
	  $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate \
	    $$(test $$name = dev && echo "-c requirements/runtime.txt -c requirements/build.txt") \
	    requirements/$$name.in -o requirements/$$name.txt; done

clean: ## Remove what was built
	@rm -rf build dist $(VENV) rust/target
