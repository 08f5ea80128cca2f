# AlphaPulse: every task of the house. `make help` lists them.
#
# Set-up is idempotent: each step leaves a stamp under .venv/.stamps (or a file
# under .tools) and runs again only when what it depends on has changed.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
UV_VERSION := 0.13.8
BIN := .venv/bin
STAMPS := .venv/.stamps
UV := VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv --quiet
# arguments for the commands that take some: `make demo ARGS="--seconds 5"`
ARGS ?=

##@ Run
.PHONY: setup
setup: $(STAMPS)/project $(STAMPS)/core ## everything a user needs: .venv with the project and the compiled core
	@echo "ready: $(BIN)/alphapulse"

.PHONY: demo
demo: setup ## the whole mesh for a short while on the built-in market simulator
	@$(BIN)/alphapulse demo $(ARGS)

.PHONY: up
up: setup ## the whole mesh in the foreground until Ctrl-C
	@$(BIN)/alphapulse up $(ARGS)

.PHONY: bench
bench: setup-dev ## every benchmark beside its peers (ARGS="ring --quick --json")
	@$(BIN)/alphapulse bench $(or $(ARGS),all)

.PHONY: jaeger
jaeger: .tools/bin/jaeger ## install Jaeger v2 (needs Go >= 1.26) for `alphapulse up --jaeger`
	@echo "ready: .tools/bin/jaeger"

##@ Set-up in parts
.PHONY: setup-dev
setup-dev: setup $(STAMPS)/dev ## setup plus the developers' tools (tests, lint, types, generators)

.PHONY: lock
lock: $(STAMPS)/venv ## resolve the Python dependencies anew into requirements*.lock (UPGRADE=1: newest)
	@$(UV) pip compile pyproject.toml --group build $(LOCK_FLAGS) -o requirements.lock
	@$(UV) pip compile pyproject.toml --group build --group dev -c requirements.lock $(LOCK_FLAGS) -o requirements-dev.lock
LOCK_FLAGS = --universal --python-version 3.11 --generate-hashes --no-header \
  --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) >/dev/null

$(STAMPS)/venv:
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found: install Python 3.11 or newer, or set PYTHON=" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $$($(PYTHON) --version) is too old: AlphaPulse needs Python 3.11 or newer (set PYTHON=)" >&2; exit 2; }
	@echo "[setup] virtual environment"
	@$(PYTHON) -m venv .venv || { echo "make: cannot make .venv: the venv module of $(PYTHON) is missing (Debian: apt-get install python3-venv)" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@mkdir -p $(@D) && touch $@

$(STAMPS)/runtime: requirements.lock $(STAMPS)/venv
	@echo "[setup] Python dependencies"
	@$(UV) pip install --require-hashes -r $<
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/runtime
	@echo "[setup] developers' tools"
	@$(UV) pip install --require-hashes -r $<
	@touch $@

$(STAMPS)/project: pyproject.toml $(STAMPS)/runtime
	@echo "[setup] alphapulse (editable)"
	@$(UV) pip install --no-deps --no-build-isolation -e .
	@touch $@

# The native core: built again only when its sources or the generated layouts change.
CORE_SOURCES := $(shell find core gen/rust .cargo -type f \( -name '*.rs' -o -name '*.toml' -o -name '*.lock' -o -name '*.pyi' -o -name '*.py' \) -not -path '*/target/*' 2>/dev/null)
$(STAMPS)/core: $(CORE_SOURCES) $(STAMPS)/runtime
	@if [[ ! -f core/Cargo.toml ]]; then echo "[setup] core/ has no crate yet: left out"; exit 0; fi; \
	command -v cargo >/dev/null || { echo "make: cargo not found: the core needs Rust (https://rustup.rs)" >&2; exit 2; }; \
	echo "[setup] alphapulse-core (Rust, release)"; \
	rm -rf .tools/wheels/core && mkdir -p .tools/wheels/core; \
	(cd core && ../$(BIN)/maturin build --quiet --release $(if $(wildcard core/Cargo.lock),--locked) --out ../.tools/wheels/core); \
	$(UV) pip install --no-deps --reinstall .tools/wheels/core/*.whl; \
	touch $@

##@ About
.PHONY: clean
clean: ## remove environments, tools and build results (not what git holds)
	@rm -rf .venv .tools target core/target gen/rust/target clients/rust/target schemas/tools/flatc/target \
	  gen/java/target clients/typescript/dist gen/typescript/dist node_modules */*/node_modules \
	  .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)} \
	  /^[a-zA-Z0-9_-]+:.*## / {printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
