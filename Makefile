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

.PHONY: import-all
import-all: setup ## all venues and instruments of DATA into the mesh that runs (DATA=../shared/data)
	@$(BIN)/alphapulse registry import all $(or $(DATA),../shared/data) $(ARGS)

.PHONY: bench
bench: setup-dev bench-peers ## every benchmark beside its peers (ARGS="ring --quick --json")
	@$(BIN)/alphapulse bench $(or $(ARGS),all)

.PHONY: bench-peers
bench-peers: ## build the programs that benchmarks are measured against
	@if command -v cargo >/dev/null; then cargo build --quiet --release \
	  --manifest-path tests/bench/ring/rust/Cargo.toml --target-dir .tools/build/ring-bench; \
	else echo "bench-peers: cargo not found: the ring, iceoryx2 and the hand-over are left out" >&2; fi
	@if command -v cargo >/dev/null; then cargo build --quiet --release --example registry_lookup \
	  --manifest-path core/Cargo.toml --target-dir .tools/build/registry-bench; fi
	@if command -v mvn >/dev/null; then mvn --batch-mode --quiet -f tests/bench/ring/lmax package; \
	else echo "bench-peers: mvn not found: LMAX Disruptor is left out" >&2; fi

.PHONY: bench-docs
bench-docs: setup-dev bench-peers ## measure anew and write docs/benchmarks (BENCH=ring)
	@$(BIN)/alphapulse bench $(or $(BENCH),ring) --json >.tools/bench.jsonl
	@mkdir -p docs/benchmarks && mv .tools/bench.jsonl docs/benchmarks/$(or $(BENCH),ring).jsonl
	@$(BIN)/python -m alphapulse_mesh.cli.bench.render docs/benchmarks/$(or $(BENCH),ring).jsonl

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
	echo "[setup] alphapulse-core (Rust, release: a minute the first time)"; \
	rm -rf .tools/wheels/core && mkdir -p .tools/wheels/core; \
	(cd core && ../$(BIN)/maturin build --release $(if $(wildcard core/Cargo.lock),--locked) --out ../.tools/wheels/core) \
	  >.tools/core-build.log 2>&1 || { cat .tools/core-build.log >&2; exit 1; }; \
	$(UV) pip install --no-deps --reinstall .tools/wheels/core/*.whl; \
	touch $@

.PHONY: wheels
wheels: setup ## the project's two wheels in dist/, for images and other machines
	@rm -rf dist && mkdir -p dist && cp .tools/wheels/core/*.whl dist/
	@$(UV) build --wheel --no-build-isolation --out-dir dist
	@rm -f dist/.gitignore; ls dist

##@ Check
.PHONY: test
test: setup-dev ## all tests of every language whose toolchain is here, one summary
	@$(BIN)/python tests/run.py $(ARGS)

TEST_LANGUAGES := python rust go typescript java
.PHONY: $(TEST_LANGUAGES:%=test-%)
test-python: setup-dev ## the Python tests (ARGS="tests/unit -k ring")
	@$(BIN)/python -m pytest $(ARGS)
test-rust: ## the tests of every crate
	@$(PYTHON) tests/run.py rust
test-go: ## the tests of every Go module
	@$(PYTHON) tests/run.py go
test-typescript: ## the tests of every TypeScript package
	@$(PYTHON) tests/run.py typescript
test-java: ## the tests of every Maven module
	@$(PYTHON) tests/run.py java

.PHONY: soak
soak: setup-dev ## long runs under load (SECONDS=600)
	@ALPHAPULSE_SOAK_SECONDS=$(or $(SECONDS),600) $(BIN)/python -m pytest -m soak --timeout=0 tests $(ARGS)

.PHONY: chaos
chaos: setup-dev ## kill services, and the ring's processes, at random under load: nothing is lost (KILLS=5000)
	@cd core && RING_KILLS=$(or $(KILLS),5000) cargo test --quiet --test ring_kill
	@cd core && INDEX_KILLS=$(or $(KILLS),5000) cargo test --quiet --test index_kill
	@cd core && INBOX_KILLS=$(or $(KILLS),5000) cargo test --quiet --test inbox_kill
	@$(BIN)/python -m pytest -m chaos --timeout=0 tests $(ARGS)

.PHONY: loom
loom: ## check the ring's protocol under every interleaving that the model checker explores
	@cd core && RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test --release --test ring_loom

.PHONY: sanitize
sanitize: ## the core's tests under ThreadSanitizer, its pure parts under Miri (needs nightly Rust, rust-src, miri)
	@cd core && RUSTFLAGS="-Zsanitizer=thread" CARGO_TARGET_DIR=target/tsan \
	  cargo +nightly test --quiet -Zbuild-std --target $(shell rustc -vV | sed -n 's/^host: //p') --lib
	@cd core && MIRIFLAGS="-Zmiri-disable-isolation" CARGO_TARGET_DIR=target/miri \
	  cargo +nightly miri test --quiet --lib frame::tests::fuzz::pure_parts_under_miri

.PHONY: lint
lint: setup-dev ## formatting, lint, types and contracts of every language that is here
	@$(BIN)/python tests/lint.py check

.PHONY: fix
fix: setup-dev ## apply what `make lint` can repair by itself
	@$(BIN)/python tests/lint.py fix

##@ Generate
FLATC ?= .tools/bin/flatc
PROTOC_GEN_PROST := 0.5.0
PROTOC_GEN_TONIC := 0.5.0
PROTOC_JAVA := 4.35.1
PROTOC_GEN_GRPC_JAVA := 1.82.1
RUST_PLUGINS := .tools/bin/.rust-plugins-$(PROTOC_GEN_PROST)-$(PROTOC_GEN_TONIC)
NODE_PLUGIN := schemas/tools/node/node_modules/.package-lock.json
JAVA_PLUGINS := .tools/java/.plugins-$(PROTOC_JAVA)-$(PROTOC_GEN_GRPC_JAVA)
.PHONY: gen
gen: gen-tools ## regenerate gen/, layouts, golden frames and id vectors from the schemas
	@$(BIN)/python schemas/tools/generate.py --flatc $(abspath $(FLATC))

.PHONY: gen-check
gen-check: gen ## fail where committed generated code is not what the schemas give
	@git diff --exit-code --stat -- $(GENERATED) || { \
	  echo "gen-check: generated code is stale: run 'make gen' and commit" >&2; exit 1; }
	@stray=$$(git ls-files --others --exclude-standard -- $(GENERATED)); [[ -z $$stray ]] || { \
	  printf 'gen-check: generated but not committed:\n%s\n' "$$stray" >&2; exit 1; }
	@echo "gen-check: generated code is fresh"
GENERATED := gen schemas/layout.csv schemas/golden schemas/vectors

.PHONY: breaking
breaking: $(STAMPS)/dev $(FLATC) ## compare the schemas with the last released ones (buf breaking, flatc --conform)
	@$(BIN)/python schemas/tools/compatibility.py check --flatc $(abspath $(FLATC))

.PHONY: release-schemas
release-schemas: gen ## keep today's schemas as released ones (VERSION=0.1.0)
	@$(BIN)/python schemas/tools/compatibility.py release $(or $(VERSION),$(error set VERSION=))

.PHONY: gen-tools
gen-tools: $(STAMPS)/dev $(FLATC) .tools/bin/.go-plugins $(RUST_PLUGINS) $(JAVA_PLUGINS) $(NODE_PLUGIN) ## the pinned generators, built once into .tools
	@echo "ready: the generators in .tools"

# "no such tool" in words: $(call need,tool,what for)
need = command -v $(1) >/dev/null || { echo "make: $(1) not found: it is needed $(2)" >&2; exit 2; }

# flatc has no package of this version anywhere; a crate vendors its sources (some minutes, once).
.tools/bin/flatc: schemas/tools/flatc/Cargo.lock | $(STAMPS)/runtime
	@$(call need,cargo,to build flatc); $(call need,c++,to build flatc (a C++ compiler))
	@echo "[gen-tools] flatc (built from source, once)"
	@command -v cmake >/dev/null || $(UV) pip install cmake==$(CMAKE_VERSION)
	@mkdir -p $(@D)
	@cp "$$(PATH="$$PATH:$(CURDIR)/$(BIN)" cargo run --quiet --locked --release \
	  --manifest-path schemas/tools/flatc/Cargo.toml --target-dir .tools/build/flatc)" $@
	@rm -rf .tools/build/flatc
CMAKE_VERSION := 4.1.2

.tools/bin/.go-plugins: schemas/tools/go/go.mod schemas/tools/go/go.sum
	@$(call need,go,to generate the Go bindings)
	@echo "[gen-tools] protoc-gen-go, protoc-gen-go-grpc"
	@mkdir -p $(@D) && cd schemas/tools/go && GOBIN=$(CURDIR)/.tools/bin go install tool
	@touch $@

$(RUST_PLUGINS):
	@$(call need,cargo,to generate the Rust bindings)
	@echo "[gen-tools] protoc-gen-prost, protoc-gen-tonic"
	@cargo install --quiet --locked --root .tools --target-dir .tools/build/prost \
	  protoc-gen-prost@$(PROTOC_GEN_PROST) protoc-gen-tonic@$(PROTOC_GEN_TONIC) 2>/dev/null
	@rm -rf .tools/build/prost
	@touch $@

$(JAVA_PLUGINS):
	@$(call need,mvn,to generate the Java bindings)
	@echo "[gen-tools] protoc and protoc-gen-grpc-java"
	@rm -rf $(@D) && mkdir -p $(@D)
	@for artifact in com.google.protobuf:protoc:$(PROTOC_JAVA) io.grpc:protoc-gen-grpc-java:$(PROTOC_GEN_GRPC_JAVA); do \
	  said=$$(mvn --batch-mode --quiet dependency:copy -Dartifact=$$artifact:exe:$(JAVA_PLATFORM) \
	    -DoutputDirectory=$(@D) -Dmdep.stripVersion=true 2>&1) || { echo "$$said" >&2; exit 1; }; \
	done
	@cd $(@D) && for tool in *-$(JAVA_PLATFORM).exe; do mv "$$tool" "$${tool%-$(JAVA_PLATFORM).exe}"; done && chmod +x protoc*
	@touch $@
JAVA_PLATFORM := $(if $(filter Darwin,$(shell uname -s)),osx,linux)-$(if $(filter arm64 aarch64,$(shell uname -m)),aarch_64,x86_64)

$(NODE_PLUGIN): schemas/tools/node/package-lock.json
	@$(call need,npm,to generate the TypeScript bindings)
	@echo "[gen-tools] protoc-gen-es"
	@cd schemas/tools/node && npm ci --silent
	@touch $@

# deploy/jaeger pins Jaeger's module and every dependency of it by hash (docs/adr/0002-jaeger-build.md)
.tools/bin/jaeger: deploy/jaeger/go.mod deploy/jaeger/go.sum
	@command -v go >/dev/null || { echo "make: go not found: Jaeger is built with Go 1.26 or newer (https://go.dev/dl)" >&2; exit 2; }
	@go version | awk '{split(substr($$3, 3), v, "."); exit !(v[1] > 1 || v[2] >= 26)}' || { \
	  echo "make: $$(go version | cut -d' ' -f3) is too old: Jaeger needs Go 1.26 or newer" >&2; exit 2; }
	@echo "[jaeger] building v2 (some minutes, once)"
	@mkdir -p $(@D) && cd deploy/jaeger && go build -o ../../.tools/bin/jaeger github.com/jaegertracing/jaeger/cmd/jaeger

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
